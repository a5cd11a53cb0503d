using System.Runtime.Intrinsics;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Queries that read the same keys and values: some heads of the store, for one or more rows of one sequence and loop.</summary>
/// <remarks>
/// Block by block, and within a block head by head, since that is the order in which a page lies in memory: one long stretch for all heads is
/// read half again as fast as a short one for each. One query of a head reads the stored numbers as they come from memory. Several share one widening of each block of positions, and where registers
/// allow it four of them share each reading of it. Nothing of this changes the order of any sum.
/// </remarks>
readonly unsafe ref struct AttentionTile
{
    readonly ReadOnlySpan<KvPlace> _places;
    readonly int _layer, _firstHead, _endHead, _firstRow, _queriesPerRow, _size, _padded, _count;
    readonly Matrix _queries, _result;

    // Per query, all of the first head, then all of the next: the scaled query and the sum of weighted values [padded], the scores and then weights of a block, the largest score so far,
    // and the sum of all weights. Shared: a block's keys or values, widened [positions, padded].
    readonly float* _scaled, _sums, _scores, _largest, _totals, _widened;

    /// <inheritdoc cref="Attention.Attend"/>
    public AttentionTile(ReadOnlySpan<KvPlace> places, int layer, Range keyHeads, Matrix queries, int firstRow, int heads, Matrix result)
    {
        _places = places;
        (_layer, _queries, _firstRow, _result) = (layer, queries, firstRow, result);
        (_firstHead, _endHead) = (keyHeads.Start.Value, keyHeads.End.Value);
        _queriesPerRow = heads / places[0].Shape.Heads;
        _size = queries.Columns / heads;
        _padded = (int)Matrix.Padded(_size);
        _count = places.Length * _queriesPerRow;

        var numbers = (long)All * _padded;
        _scaled = (float*)Scratch.Bytes(sizeof(float) * (2 * numbers + (long)KvPage.Positions * (All + _padded) + 2L * All));
        _sums = _scaled + numbers;
        _scores = _sums + numbers;
        _widened = _scores + (long)KvPage.Positions * All;
        _largest = _widened + (long)KvPage.Positions * _padded;
        _totals = _largest + All;
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
            for (var head = _firstHead; head < _endHead; head++)
            {
                if (_count == 1 && _size == _padded)
                    AttendAlone<TFormat>(head, first, furthest);
                else
                    AttendTogether<TFormat>(head, first, Math.Min(KvPage.Positions, furthest + 1 - first));
            }
        }

        End();
    }

    void Begin()
    {
        new Span<float>(_scaled, 2 * All * _padded).Clear();
        if (_size != _padded)
            new Span<float>(_widened, KvPage.Positions * _padded).Clear();
        var scale = 1 / MathF.Sqrt(_size);
        for (var query = 0; query < All; query++)
        {
            var numbers = Head(_queries, query);
            for (var i = 0; i < _size; i++)
                Scaled(query)[i] = numbers[i] * scale;
            (_largest[query], _totals[query]) = (float.NegativeInfinity, 0);
        }
    }

    void AttendAlone<TFormat>(int head, int first, int furthest) where TFormat : struct, IStoredNumbers
    {
        byte* keys = Keys(head, first), values = Values(head, first);
        var next = head + 1 < _endHead ? Keys(head + 1, first) : first + KvPage.Positions <= furthest ? Keys(_firstHead, first + KvPage.Positions) : null;
        var query = FirstQuery(head);
        var visible = Visible(query, first);
        AttentionKernels.Score<TFormat>(keys, Bytes, visible, values, Scaled(query), _size, Scores(query));
        Weigh(query, visible);
        AttentionKernels.AddValues<TFormat>(values, Bytes, 0, visible, next, Scores(query), Sums(query), 0, _size);
    }

    void AttendTogether<TFormat>(int head, int first, int most) where TFormat : struct, IStoredNumbers
    {
        var (from, to) = (FirstQuery(head), FirstQuery(head + 1));
        var rows = Widen<TFormat>(Keys(head, first), most);
        for (var query = from; query < to; query += 4)
            ScoreUpToFour(query, Math.Min(4, to - query), first, rows);

        for (var query = from; query < to; query++)
        {
            if (Visible(query, first) is > 0 and var visible)
                Weigh(query, visible);
        }

        rows = Widen<TFormat>(Values(head, first), most);
        for (var query = from; query < to; query += 4)
            AddUpToFour(query, Math.Min(4, to - query), first, rows);
    }

    void ScoreUpToFour(int query, int count, int first, float* keys)
    {
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

    void AddUpToFour(int query, int count, int first, float* values)
    {
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
        for (var query = 0; query < All; query++)
        {
            var result = Head(_result, query);
            for (var i = 0; i < _size; i++)
                result[i] = Sums(query)[i] / _totals[query];
        }
    }

    int Bytes => _places[0].Shape.HeadBytes;

    /// <summary>Queries of all heads.</summary>
    int All => (_endHead - _firstHead) * _count;

    int FirstQuery(int head) => (head - _firstHead) * _count;

    byte* Keys(int head, int first) => _places[0].Pages[first / KvPage.Positions].Keys(_places[0].Loop, _layer, head);

    byte* Values(int head, int first) => _places[0].Pages[first / KvPage.Positions].Values(_places[0].Loop, _layer, head);

    /// <summary>Positions of the block that begins at <paramref name="first"/> that a query may see.</summary>
    int Visible(int query, int first) => Math.Clamp(_places[query % _count / _queriesPerRow].Position + 1 - first, 0, KvPage.Positions);

    float* Head(Matrix rows, int query)
    {
        var (head, among) = (_firstHead + query / _count, query % _count);
        return rows.RowPointer(_firstRow + among / _queriesPerRow) + (long)(head * _queriesPerRow + among % _queriesPerRow) * _size;
    }

    float* Scaled(int query) => _scaled + (long)query * _padded;

    float* Sums(int query) => _sums + (long)query * _padded;

    float* Scores(int query) => _scores + (long)query * KvPage.Positions;
}
