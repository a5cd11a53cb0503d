using System.Runtime.Intrinsics;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Queries that read the same keys and values: one head of the store, for one or more rows of one sequence and loop.</summary>
/// <remarks>
/// One query reads the stored numbers as they come from memory. Several share one widening of each block of positions, and where registers
/// allow it four of them share each reading of it. Nothing of this changes the order of any sum.
/// </remarks>
readonly unsafe ref struct AttentionTile
{
    readonly ReadOnlySpan<KvPlace> _places;
    readonly int _layer, _keyHead, _firstRow, _queriesPerRow, _size, _padded, _count;
    readonly Matrix _queries, _result;

    // Per query: the scaled query and the sum of weighted values [padded], the scores and then weights of a block, the largest score so far,
    // and the sum of all weights. Shared: a block's keys or values, widened [positions, padded].
    readonly float* _scaled, _sums, _scores, _largest, _totals, _widened;

    /// <inheritdoc cref="Attention.Attend"/>
    public AttentionTile(ReadOnlySpan<KvPlace> places, int layer, int keyHead, Matrix queries, int firstRow, int heads, Matrix result)
    {
        _places = places;
        (_layer, _keyHead, _queries, _firstRow, _result) = (layer, keyHead, queries, firstRow, result);
        _queriesPerRow = heads / places[0].Shape.Heads;
        _size = queries.Columns / heads;
        _padded = (int)Matrix.Padded(_size);
        _count = places.Length * _queriesPerRow;

        var numbers = (long)_count * _padded;
        _scaled = (float*)Scratch.Bytes(
            sizeof(float) * (2 * numbers + (long)KvPage.Positions * (_count + _padded) + 2L * _count));
        _sums = _scaled + numbers;
        _scores = _sums + numbers;
        _widened = _scores + (long)KvPage.Positions * _count;
        _largest = _widened + (long)KvPage.Positions * _padded;
        _totals = _largest + _count;
    }

    /// <summary>Attends with all queries.</summary>
    public void Attend<TFormat>() where TFormat : struct, IStoredNumbers
    {
        Begin();
        var furthest = 0;
        foreach (var place in _places)
            furthest = Math.Max(furthest, place.Position);

        for (var first = 0; first <= furthest; first += KvPage.Positions)
        {
            if (_count == 1 && _size == _padded)
                AttendAlone<TFormat>(first, furthest);
            else
                AttendTogether<TFormat>(first, Math.Min(KvPage.Positions, furthest + 1 - first));
        }

        End();
    }

    void Begin()
    {
        new Span<float>(_scaled, 2 * _count * _padded).Clear();
        if (_size != _padded)
            new Span<float>(_widened, KvPage.Positions * _padded).Clear();
        var scale = 1 / MathF.Sqrt(_size);
        for (var query = 0; query < _count; query++)
        {
            var numbers = Head(_queries, query);
            for (var i = 0; i < _size; i++)
                Scaled(query)[i] = numbers[i] * scale;
            (_largest[query], _totals[query]) = (float.NegativeInfinity, 0);
        }
    }

    void AttendAlone<TFormat>(int first, int furthest) where TFormat : struct, IStoredNumbers
    {
        byte* keys = Keys(first), values = Values(first);
        var next = first + KvPage.Positions <= furthest ? Keys(first + KvPage.Positions) : NextHead;
        var visible = Visible(0, first);
        AttentionKernels.Score<TFormat>(keys, Bytes, visible, values, _scaled, _size, _scores);
        Weigh(0, visible);
        AttentionKernels.AddValues<TFormat>(values, Bytes, 0, visible, next, _scores, _sums, 0, _size);
    }

    void AttendTogether<TFormat>(int first, int most) where TFormat : struct, IStoredNumbers
    {
        var rows = Widen<TFormat>(Keys(first), most);
        for (var query = 0; query < _count; query += 4)
            ScoreUpToFour(query, first, rows);

        for (var query = 0; query < _count; query++)
        {
            if (Visible(query, first) is > 0 and var visible)
                Weigh(query, visible);
        }

        rows = Widen<TFormat>(Values(first), most);
        for (var query = 0; query < _count; query += 4)
            AddUpToFour(query, first, rows);
    }

    void ScoreUpToFour(int query, int first, float* keys)
    {
        var count = Math.Min(4, _count - query);
        if (Vector512.IsHardwareAccelerated && count == 4)
        {
            var most = Math.Max(
                Math.Max(Visible(query, first), Visible(query + 1, first)), Math.Max(Visible(query + 2, first), Visible(query + 3, first)));
            for (var p = 0; p < most; p += 4)
                FloatProducts.Sixteen(Scaled(query), _padded, keys + (long)p * _padded, _padded, _padded, Scores(query) + p, KvPage.Positions);
            return;
        }

        for (var i = query; i < query + count; i++)
            AttentionKernels.Score<F32>((byte*)keys, sizeof(float) * _padded, Visible(i, first), null, Scaled(i), _padded, Scores(i));
    }

    void AddUpToFour(int query, int first, float* values)
    {
        var count = Math.Min(4, _count - query);
        var (shared, columns) = (0, 0);
        if (Vector512.IsHardwareAccelerated && count == 4)
        {
            shared = Math.Min(
                Math.Min(Visible(query, first), Visible(query + 1, first)), Math.Min(Visible(query + 2, first), Visible(query + 3, first)));
            columns = AttentionKernels.AddValuesToFour(values, shared, Scores(query), Sums(query), _padded);
        }

        for (var i = query; i < query + count; i++)
        {
            var visible = Visible(i, first);
            AttentionKernels.AddValues<F32>((byte*)values, sizeof(float) * _padded, shared, visible, null, Scores(i), Sums(i), 0, columns);
            AttentionKernels.AddValues<F32>((byte*)values, sizeof(float) * _padded, 0, visible, null, Scores(i), Sums(i), columns, _padded);
        }
    }

    void Weigh(int query, int visible)
    {
        var rescale = AttentionKernels.Weigh(Scores(query), visible, ref _largest[query], ref _totals[query]);
        for (var i = 0; i < _padded; i += 16)
            (Vector512.Load(Sums(query) + i) * rescale).Store(Sums(query) + i);
    }

    /// <summary>A block of keys or values as [positions, padded]: where it lies, if it is stored like that.</summary>
    float* Widen<TFormat>(byte* stored, int positions) where TFormat : struct, IStoredNumbers
    {
        if (_size != _padded)
        {
            for (var p = 0; p < positions; p++)
                TFormat.Decode(new ReadOnlySpan<byte>(stored + (long)p * Bytes, Bytes), new Span<float>(_widened + (long)p * _padded, _size));
            return _widened;
        }

        if (typeof(TFormat) == typeof(F32))
            return (float*)stored;

        for (var p = 0; p < positions; p++)
        {
            for (var i = 0; i < _size; i += 16)
                TFormat.Load(stored + (long)p * Bytes, i).Store(_widened + (long)p * _size + i);
        }

        return _widened;
    }

    void End()
    {
        for (var query = 0; query < _count; query++)
        {
            var result = Head(_result, query);
            for (var i = 0; i < _size; i++)
                result[i] = Sums(query)[i] / _totals[query];
        }
    }

    int Bytes => _places[0].Shape.HeadBytes;

    /// <summary>What the thread most likely reads when it is done here.</summary>
    byte* NextHead => _keyHead + 1 < _places[0].Shape.Heads ? _places[0].Pages[0].Keys(_places[0].Loop, _layer, _keyHead + 1) : null;

    byte* Keys(int first) => _places[0].Pages[first / KvPage.Positions].Keys(_places[0].Loop, _layer, _keyHead);

    byte* Values(int first) => _places[0].Pages[first / KvPage.Positions].Values(_places[0].Loop, _layer, _keyHead);

    /// <summary>Positions of the block that begins at <paramref name="first"/> that a query may see.</summary>
    int Visible(int query, int first) => Math.Clamp(_places[query / _queriesPerRow].Position + 1 - first, 0, KvPage.Positions);

    float* Head(Matrix rows, int query)
        => rows.RowPointer(_firstRow + query / _queriesPerRow) + (long)(_keyHead * _queriesPerRow + query % _queriesPerRow) * _size;

    float* Scaled(int query) => _scaled + (long)query * _padded;

    float* Sums(int query) => _sums + (long)query * _padded;

    float* Scores(int query) => _scores + (long)query * KvPage.Positions;
}
