using Ouro.Formats;
using Ouro.Tensors;
using Ouro.Tensors.Quantization;

namespace Ouro.Laws.Tensors;

[Trait("Category", "Kernels")]
public sealed class AttentionLaws
{
    public static TheoryData<ElementType, int> TypesAndSizes { get; } = new()
    {
        { ElementType.F32, 2 }, { ElementType.F32, 16 }, { ElementType.F32, 72 }, { ElementType.F32, 128 },
        { ElementType.F16, 6 }, { ElementType.F16, 48 }, { ElementType.F16, 64 }, { ElementType.F16, 208 },
        { ElementType.Q8_0, 32 }, { ElementType.Q8_0, 96 }, { ElementType.Q8_0, 128 },
    };

    [Theory]
    [InlineData(ElementType.F32, 1, 2e-6)]
    [InlineData(ElementType.F32, 64, 2e-6)]
    [InlineData(ElementType.F32, 65, 2e-6)]
    [InlineData(ElementType.F32, 200, 2e-6)]
    [InlineData(ElementType.F16, 200, 2e-3)]
    [InlineData(ElementType.Q8_0, 200, 2e-2)]
    public void Attention_is_a_softmax_over_what_was_stored(ElementType type, int positions, double tolerance)
    {
        const int Heads = 4, KvHeads = 2, Size = 32;
        using var cache = new TestCache(new KvShape(Layers: 2, Loops: 3, KvHeads, Size, type), seed: 5, positions);
        var query = TestCache.Row(Samples.Gaussian(Heads * Size, 6));

        var found = cache.Attend(query, Heads, positions - 1, threads: 2);

        for (var head = 0; head < Heads; head++)
        {
            var expected = cache.Reference(query[0].Slice(head * Size, Size).ToArray(), head / 2, positions);
            Samples.RelativeError(found.AsSpan(head * Size, Size), expected).ShouldBeInRange(0, (float)tolerance);
        }
    }

    [Fact]
    public void Every_head_of_very_many_reads_its_own_keys_and_values()
    {
        // Heads times stored heads pass 31 bits: a file may ask for so many, and a wrong product would read foreign memory.
        const int Heads = 65_536, Size = 2;
        using var cache = new TestCache(new KvShape(1, 1, Heads, Size, ElementType.F32), seed: 7, positions: 1);
        var query = TestCache.Row(Samples.Gaussian(Heads * Size, 8));

        var found = cache.Attend(query, Heads, 0, threads: 2);

        for (var head = 0; head < Heads; head += 4095)
            found[(head * Size)..((head + 1) * Size)].ShouldBe(cache.Reference(query[0].Slice(head * Size, Size).ToArray(), head, 1));
    }

    [Fact]
    public void Attention_of_a_position_does_not_know_what_follows_it()
    {
        const int Heads = 2, Size = 32;
        var shape = new KvShape(1, 1, Heads, Size, ElementType.F16);
        using var shorter = new TestCache(shape, seed: 5, positions: 100);
        using var longer = new TestCache(shape, seed: 5, positions: 300);
        var query = TestCache.Row(Samples.Gaussian(Heads * Size, 6));

        longer.Attend(query, Heads, 99, threads: 3).ShouldBe(shorter.Attend(query, Heads, 99, threads: 1));
    }

    [Theory, MemberData(nameof(TypesAndSizes))]
    public void Attention_is_the_definition_to_the_last_bit(ElementType type, int size)
    {
        const int Heads = 4, KvHeads = 2;
        using var cache = new TestCache(new KvShape(Layers: 1, Loops: 1, KvHeads, size, type), seed: 9, positions: 131);
        var query = TestCache.Row(Samples.Gaussian(Heads * size, 10));
        foreach (var positions in new[] { 1, 2, 15, 63, 64, 65, 131 })
        {
            var found = cache.Attend(query, Heads, positions - 1, threads: 2);

            for (var head = 0; head < Heads; head++)
                found[(head * size)..((head + 1) * size)].ShouldBe(
                    cache.Definition(query[0].Slice(head * size, size).ToArray(), head / 2, positions), $"head {head}, {positions} positions");
        }
    }

    [Theory, MemberData(nameof(TypesAndSizes))]
    public void A_row_does_not_know_which_rows_share_its_reading(ElementType type, int size)
    {
        const int Heads = 2;
        foreach (var storedHeads in new[] { 1, 2 })
        {
            var shape = new KvShape(Layers: 1, Loops: 2, storedHeads, size, type);
            using var cache = new TestCache(shape, seed: 11, positions: 140);
            using var other = new TestCache(shape, seed: 12, positions: 70);
            (TestCache Cache, int Position)[] rows =
                [.. Enumerable.Range(90, 50).Select(p => (cache, p)), (other, 69), (cache, 5), (cache, 64), (cache, 63), (other, 0), (cache, 139)];
            var queries = new Matrix(rows.Length, Heads * size);
            for (var row = 0; row < rows.Length; row++)
                Samples.Gaussian(Heads * size, 20 + row).CopyTo(queries[row]);

            foreach (var threads in new[] { 1, 2, 5 })
            {
                var found = TestCache.Attend(rows, queries, Heads, threads);

                for (var row = 0; row < rows.Length; row++)
                    found[row].ToArray().ShouldBe(
                        rows[row].Cache.Attend(TestCache.Row(queries[row].ToArray()), Heads, rows[row].Position, threads: 1), $"row {row}, {threads} threads");
            }
        }
    }
}

/// <summary>A cache of random keys and values in the last loop and layer of its shape, and what attention over it should give.</summary>
sealed class TestCache : IDisposable
{
    readonly KvShape _shape;
    readonly List<KvPage> _pages = [];
    readonly float[][] _keys;
    readonly float[][] _values;

    public TestCache(KvShape shape, int seed, int positions)
    {
        _shape = shape;
        var width = shape.Heads * shape.HeadSize;
        _keys = [.. Enumerable.Range(0, positions).Select(i => Samples.Gaussian(width, seed + 2 * i))];
        _values = [.. Enumerable.Range(0, positions).Select(i => Samples.Gaussian(width, seed + 2 * i + 1))];
        using var backend = new CpuBackend(2);
        for (var position = 0; position < positions; position++)
        {
            if (position % KvPage.Positions == 0)
            {
                _pages.Add(new KvPage(shape));
                _pages[^1].Reserve(shape.Loops - 1);
            }

            var keys = new Matrix(1, width);
            var values = new Matrix(1, width);
            _keys[position].CopyTo(keys[0]);
            _values[position].CopyTo(values[0]);
            backend.Store(new[] { Place(position) }, shape.Layers - 1, keys, values);
        }
    }

    public static Matrix Row(float[] values)
    {
        var row = new Matrix(1, values.Length);
        values.CopyTo(row[0]);
        return row;
    }

    public float[] Attend(Matrix query, int heads, int position, int threads)
        => Attend([(this, position)], query, heads, threads)[0].ToArray();

    public static Matrix Attend((TestCache Cache, int Position)[] rows, Matrix queries, int heads, int threads)
    {
        using var backend = new CpuBackend(threads);
        var result = new Activations(0, queries.Columns);
        KvPlace[] places = [.. rows.Select(row => row.Cache.Place(row.Position))];
        backend.Attend(places, rows[0].Cache._shape.Layers - 1, queries, heads, result);
        return result.Values;
    }

    /// <summary>What <see cref="Attention.Definition"/> makes of the numbers as the store gives them back.</summary>
    public float[] Definition(float[] query, int kvHead, int positions)
    {
        var result = new float[query.Length];
        Attention.Definition(query, AsStored(_keys), AsStored(_values), result);
        return result;

        float[][] AsStored(float[][] rows) => [.. rows.Take(positions).Select(row =>
        {
            var (bytes, head) = (new byte[_shape.HeadBytes], new float[_shape.HeadSize]);
            ElementFormats.Encode(_shape.Type, row.AsSpan(kvHead * _shape.HeadSize, _shape.HeadSize), bytes);
            ElementFormats.Decode(_shape.Type, bytes, head);
            return head;
        })];
    }

    /// <summary>Softmax attention in double precision over the numbers as they were given.</summary>
    public float[] Reference(float[] query, int kvHead, int positions)
    {
        var start = kvHead * _shape.HeadSize;
        var scores = _keys.Take(positions)
            .Select(key => query.Select((q, i) => (double)q * key[start + i]).Sum() / Math.Sqrt(_shape.HeadSize)).ToArray();
        var weights = scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
        return [.. Enumerable.Range(0, _shape.HeadSize).Select(i =>
            (float)(weights.Select((weight, position) => weight * _values[position][start + i]).Sum() / weights.Sum()))];
    }

    public void Dispose() => _pages.ForEach(page => page.Dispose());

    KvPlace Place(int position) => new(_pages, _shape.Loops - 1, position);
}
