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
            var found = Exponential.Of(Vector512.Create((float)x))[3];
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
        => Exponential.Of(Vector512.Create(x))[0].ShouldBe(expected);

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

    [Fact]
    public void What_is_not_finite_cannot_be_stored_and_says_so()
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
