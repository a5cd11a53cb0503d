using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors;

namespace Ouro.Laws.Tensors;

[Trait("Category", "Kernels")]
public sealed class OperationLaws
{
    /// <summary>The polynomial's remainder and a handful of roundings.</summary>
    const double ExponentialError = 3e-7;

    /// <summary>Sums of a few hundred products in single precision.</summary>
    const float SumError = 2e-6f;

    [Fact]
    public void The_exponential_is_near_the_true_one_everywhere()
    {
        for (var x = -87.3; x < 88.7; x += 0.0137)
        {
            var found = Exponential.Of(Vector256.Create((float)x))[3];
            var exact = Math.Exp((float)x);
            (Math.Abs(found - exact) / exact).ShouldBeLessThan(ExponentialError, $"e^{x}");
        }
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(-200f, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(89f, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void The_exponential_ends_where_numbers_end(float x, float expected)
        => Exponential.Of(Vector256.Create(x))[0].ShouldBe(expected);

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(48)]
    [InlineData(2048)]
    public void A_norm_divides_by_the_root_mean_square(int columns)
    {
        using var backend = new CpuBackend(1);
        var x = Row(Samples.Gaussian(columns, 1));
        var weight = Row(Samples.Gaussian(columns, 2));
        var result = new Matrix(1, columns);

        backend.RmsNorm(x, weight, 1e-6f, result);

        var scale = 1 / Math.Sqrt(x[0].ToArray().Sum(v => (double)v * v) / columns + 1e-6);
        for (var i = 0; i < columns; i++)
            result[0][i].ShouldBe((float)(x[0][i] * scale * weight[0][i]), SumError * 10);
    }

    [Fact]
    public void A_rotation_keeps_lengths_and_depends_on_distance_alone()
    {
        const int Size = 32;
        var query = Samples.Gaussian(Size, 1);
        var key = Samples.Gaussian(Size, 2);

        Dot(Turned(query, 7), Turned(key, 3)).ShouldBe(Dot(Turned(query, 104), Turned(key, 100)), 1e-4f);
        Dot(Turned(query, 7), Turned(key, 3)).ShouldBe(Dot(Turned(query, 2_000_004), Turned(key, 2_000_000)), 1e-4f);
        Dot(Turned(query, 9), Turned(query, 9)).ShouldBe(Dot(query, query), 1e-4f);
        Turned(query, 0).ShouldBe(query);
    }

    [Fact]
    public void Both_layouts_of_a_rotated_head_give_the_same_bits()
    {
        const int Size = 16;
        var halves = Samples.Gaussian(Size, 3);
        var interleaved = new float[Size];
        for (var j = 0; j < Size / 2; j++)
            (interleaved[2 * j], interleaved[2 * j + 1]) = (halves[j], halves[j + Size / 2]);

        Turned(interleaved, 11, RopeLayout.Interleaved).ShouldBe(Turned(halves, 11));
    }

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
        var query = Row(Samples.Gaussian(Heads * Size, 6));

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
        var query = Row(Samples.Gaussian(Heads * Size, 8));

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
        var query = Row(Samples.Gaussian(Heads * Size, 6));

        longer.Attend(query, Heads, 99, threads: 3).ShouldBe(shorter.Attend(query, Heads, 99, threads: 1));
    }

    [Fact]
    public void What_is_not_finite_cannot_be_stored_in_eight_bits_and_says_so()
    {
        using var backend = new CpuBackend(1);
        using var page = new KvPage(new KvShape(1, 1, 1, 32, ElementType.Q8_0));
        page.Reserve(0);
        var broken = Row([.. Enumerable.Repeat(float.NaN, 32)]);

        Should.Throw<InvalidDataException>(() => backend.Store(new[] { new KvPlace([page], 0, 0) }, 0, broken, broken))
            .Message.ShouldContain("weights are damaged");
    }

    static Matrix Row(float[] values)
    {
        var row = new Matrix(1, values.Length);
        values.CopyTo(row[0]);
        return row;
    }

    static float[] Turned(float[] head, int position, RopeLayout layout = RopeLayout.Halves)
    {
        using var backend = new CpuBackend(1);
        var rope = new Rope(head.Length, 10_000, layout);
        rope.Prepare([position]);
        var row = Row(head);
        backend.Rotate(rope, row);
        return row[0].ToArray();
    }

    static float Dot(float[] a, float[] b) => a.Zip(b, (x, y) => x * y).Sum();
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

    public float[] Attend(Matrix query, int heads, int position, int threads)
    {
        using var backend = new CpuBackend(threads);
        var result = new Activations(1, query.Columns);
        backend.Attend(new[] { Place(position) }, _shape.Layers - 1, query, heads, result);
        return result.Values[0].ToArray();
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
