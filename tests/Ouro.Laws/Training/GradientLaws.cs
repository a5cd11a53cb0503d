using Ouro.Laws.Tensors;
using Ouro.Tensors;
using Ouro.Tensors.Gradients;

namespace Ouro.Laws.Training;

/// <summary>Every operation's gradient against differences of its definition in double precision.</summary>
[Trait("Category", "Kernels")]
public sealed class GradientLaws
{
    /// <summary>Step of the central differences: their own error is then near 1e-9.</summary>
    const double Step = 1e-5;

    /// <summary>A few hundred roundings in single precision.</summary>
    const double Tolerance = 2e-5;

    [Theory]
    [InlineData(1, 16)]
    [InlineData(5, 40)]
    [InlineData(131, 48)]
    public void RmsNorm(int rows, int columns)
    {
        var (x, weight, gradient) = (Samples.Matrix(rows, columns, 1), Samples.Matrix(1, columns, 2), Samples.Matrix(rows, columns, 3));
        using var backend = new CpuBackend(2);
        var gradients = new CpuGradients(backend);
        var (xGradient, weightGradient) = (new Matrix(0, columns), new Matrix(1, columns));

        gradients.RmsNorm(x, weight, 1e-6f, gradient, xGradient, weightGradient, add: false);

        double Loss() => Enumerable.Range(0, rows).Sum(row => Dot(gradient[row], NormOf(x, row, weight)));
        ShouldBeDerivatives(Loss, x, xGradient, every: 7);
        ShouldBeDerivatives(Loss, weight, weightGradient, every: 5);

        var twice = new Matrix(rows, columns);
        for (var row = 0; row < rows; row++)
            xGradient[row].CopyTo(twice[row]);
        gradients.RmsNorm(x, weight, 1e-6f, gradient, twice, new Matrix(1, columns), add: true);
        for (var row = 0; row < rows; row++)
            for (var i = 0; i < columns; i++)
                twice[row][i].ShouldBe(xGradient[row][i] + xGradient[row][i]);
    }

    [Fact]
    public void SwiGlu()
    {
        var (gate, up, gradient) = (Samples.Matrix(3, 20, 1), Samples.Matrix(3, 20, 2), Samples.Matrix(3, 20, 3));
        using var backend = new CpuBackend(1);
        var (gateGradient, upGradient) = (new Matrix(0, 20), new Matrix(0, 20));

        new CpuGradients(backend).SwiGlu(gate, up, gradient, gateGradient, upGradient);

        double Loss() => Enumerable.Range(0, 3).Sum(row => Enumerable.Range(0, 20)
            .Sum(i => gradient[row][i] * Exact(gate, row, i) / (1 + Math.Exp(-Exact(gate, row, i))) * Exact(up, row, i)));
        ShouldBeDerivatives(Loss, gate, gateGradient);
        ShouldBeDerivatives(Loss, up, upGradient);
    }

    [Theory]
    [InlineData(2, 2, 16, new[] { 1, 5 })]
    [InlineData(4, 2, 6, new[] { 3, 70, 2 })]
    [InlineData(2, 1, 32, new[] { 130 })]
    public void Attention(int heads, int storedHeads, int headSize, int[] lengths)
    {
        var rows = lengths.Sum();
        var (q, k, v) = (Samples.Matrix(rows, heads * headSize, 1), Samples.Matrix(rows, storedHeads * headSize, 2), Samples.Matrix(rows, storedHeads * headSize, 3));
        var gradient = Samples.Matrix(rows, heads * headSize, 4);
        var documents = lengths.Select((length, i) => new RowRange(lengths[..i].Sum(), length)).ToArray();
        using var backend = new CpuBackend(2);
        var gradients = new CpuGradients(backend);
        var (result, qGradient, kGradient, vGradient) = (New(heads * headSize), New(heads * headSize), New(storedHeads * headSize), New(storedHeads * headSize));

        gradients.Attend(q, k, v, documents, heads, result);
        gradients.Attend(q, k, v, documents, heads, gradient, qGradient, kGradient, vGradient);

        double[][] Forward() => AttentionOf(q, k, v, documents, heads, headSize);
        var expected = Forward();
        for (var row = 0; row < rows; row++)
            for (var i = 0; i < heads * headSize; i++)
                ((double)result[row][i]).ShouldBe(expected[row][i], Tolerance);
        double Loss() => Forward().Select((line, row) => Dot(gradient[row], line)).Sum();
        var every = rows * heads * headSize / 12;
        ShouldBeDerivatives(Loss, q, qGradient, every);
        ShouldBeDerivatives(Loss, k, kGradient, every);
        ShouldBeDerivatives(Loss, v, vGradient, every);
    }

    [Fact]
    public void Rotation_goes_back_to_where_it_came_from()
    {
        var heads = Samples.Matrix(4, 96, 1);
        var before = Enumerable.Range(0, 4).Select(row => heads[row].ToArray()).ToArray();
        var rope = new Rope(32, 10_000, RopeLayout.Halves);
        rope.Prepare([0, 3, 500, 9_999]);
        using var backend = new CpuBackend(2);

        backend.Rotate(rope, heads);
        new CpuGradients(backend).Rotate(rope, heads);

        for (var row = 0; row < 4; row++)
            heads[row].ToArray().ShouldBe(before[row], 1e-6);
    }

    [Fact]
    public void Cross_entropy()
    {
        var logits = Samples.Matrix(5, 37, 1);
        var exact = Enumerable.Range(0, 5).Select(row => logits[row].ToArray().Select(x => (double)x).ToArray()).ToArray();
        int[] targets = [0, 36, 5, 17, 20];
        float[] weights = [1, 0.5f, 0, 2, 0.25f];
        using var backend = new CpuBackend(2);
        var gradients = new CpuGradients(backend);
        var losses = new double[5];

        gradients.CrossEntropy(logits, targets, losses);
        gradients.CrossEntropyGradient(logits, targets, weights);

        for (var row = 0; row < 5; row++)
        {
            var sum = exact[row].Sum(Math.Exp);
            losses[row].ShouldBe(Math.Log(sum) - exact[row][targets[row]], 1e-6);
            for (var i = 0; i < 37; i++)
                ((double)logits[row][i]).ShouldBe(weights[row] * (Math.Exp(exact[row][i]) / sum - (i == targets[row] ? 1 : 0)), 1e-6);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(37)]
    public void A_target_that_is_no_column_is_refused(int target)
    {
        using var backend = new CpuBackend(1);
        var gradients = new CpuGradients(backend);
        var logits = Samples.Matrix(2, 37, 1);

        Should.Throw<ArgumentOutOfRangeException>(() => gradients.CrossEntropy(logits, new[] { 1, target }, new double[2]));
        Should.Throw<ArgumentOutOfRangeException>(() => gradients.CrossEntropyGradient(logits, new[] { 1, target }, new float[2]));
    }

    [Fact]
    public void A_hopeless_target_has_a_finite_loss()
    {
        var logits = new Matrix(1, 3);
        float[] numbers = [200, -300, 0];
        numbers.CopyTo(logits[0]);
        using var backend = new CpuBackend(1);
        var losses = new double[1];

        new CpuGradients(backend).CrossEntropy(logits, new[] { 1 }, losses);

        losses[0].ShouldBe(500, 1e-4);
    }

    static void ShouldBeDerivatives(Func<double> loss, Matrix x, Matrix gradient, int every = 1)
    {
        var compared = 0;
        for (var place = 0; place < x.Rows * x.Columns; place += Math.Max(1, every), compared++)
        {
            var (row, column) = Math.DivRem(place, x.Columns);
            Nudge = (x, row, column, Step);
            var above = loss();
            Nudge = (x, row, column, -Step);
            var below = loss();
            Nudge = default;
            ((double)gradient[row][column]).ShouldBe((above - below) / (2 * Step), Tolerance * Math.Max(10, Math.Abs(gradient[row][column])), $"[{row}, {column}]");
        }

        compared.ShouldBeGreaterThan(0);
    }

    /// <summary>One number that is seen a little larger or smaller than it is: in single precision the step would be lost.</summary>
    [ThreadStatic]
    static (Matrix? Of, int Row, int Column, double By) Nudge;

    static double Exact(Matrix x, int row, int column)
        => x[row][column] + (ReferenceEquals(Nudge.Of, x) && Nudge.Row == row && Nudge.Column == column ? Nudge.By : 0);

    static double Dot(Span<float> x, double[] y)
    {
        var sum = 0.0;
        for (var i = 0; i < y.Length; i++)
            sum += x[i] * y[i];
        return sum;
    }

    static double[] NormOf(Matrix x, int row, Matrix weight)
    {
        var numbers = Enumerable.Range(0, x.Columns).Select(i => Exact(x, row, i)).ToArray();
        var inverse = 1 / Math.Sqrt(numbers.Average(number => number * number) + 1e-6);
        return [.. numbers.Select((number, i) => number * inverse * Exact(weight, 0, i))];
    }

    static double[][] AttentionOf(Matrix q, Matrix k, Matrix v, RowRange[] documents, int heads, int size)
    {
        var result = Enumerable.Range(0, q.Rows).Select(_ => new double[heads * size]).ToArray();
        var group = heads / (k.Columns / size);
        foreach (var (start, length) in documents)
        {
            for (var row = start; row < start + length; row++)
            {
                for (var head = 0; head < heads; head++)
                {
                    var (own, stored) = (head * size, head / group * size);
                    var scores = Enumerable.Range(start, row - start + 1)
                        .Select(other => Math.Exp(Enumerable.Range(0, size).Sum(i => Exact(q, row, own + i) * Exact(k, other, stored + i)) / Math.Sqrt(size))).ToArray();
                    var sum = scores.Sum();
                    for (var i = 0; i < size; i++)
                        result[row][own + i] = scores.Select((score, other) => score / sum * Exact(v, start + other, stored + i)).Sum();
                }
            }
        }

        return result;
    }

    static Matrix New(int columns) => new(0, columns);
}
