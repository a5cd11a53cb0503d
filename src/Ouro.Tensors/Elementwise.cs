using System.Runtime.Intrinsics;

namespace Ouro.Tensors;

/// <summary>The operations of a forward pass that take one row at a time. Rows are padded with zeros and stay so.</summary>
static unsafe class Elementwise
{
    /// <summary>result = x / sqrt(mean(x^2) + epsilon) * weight. <paramref name="result"/> may be <paramref name="x"/>.</summary>
    /// <remarks>RMSNorm, arXiv:1910.07467. The sum runs in the order of <see cref="FloatProducts"/>.</remarks>
    /// <param name="length">Numbers in a row with padding, a multiple of 16.</param>
    /// <param name="columns">Numbers that count for the mean.</param>
    public static void RmsNorm(float* x, float* weight, float epsilon, float* result, int length, int columns)
    {
        var factor = Vector512.Create(InverseRootMeanSquare(x, epsilon, length, columns));
        for (var i = 0; i < length; i += 16)
            (Vector512.Load(x + i) * factor * Vector512.Load(weight + i)).Store(result + i);
    }

    /// <summary>residual += RmsNorm(x).</summary>
    public static void AddRmsNorm(float* x, float* weight, float epsilon, float* residual, int length, int columns)
    {
        var factor = Vector512.Create(InverseRootMeanSquare(x, epsilon, length, columns));
        for (var i = 0; i < length; i += 16)
            (Vector512.Load(residual + i) + Vector512.Load(x + i) * factor * Vector512.Load(weight + i)).Store(residual + i);
    }

    /// <summary>result = gate / (1 + e^-gate) * up: SiLU of the gate times the up projection.</summary>
    /// <remarks>SwiGLU, arXiv:2002.05202.</remarks>
    public static void SwiGlu(float* gate, float* up, float* result, int length)
    {
        for (var i = 0; i < length; i += 16)
        {
            var g = Vector512.Load(gate + i);
            (g / (Vector512<float>.One + Exponential.Of(-g)) * Vector512.Load(up + i)).Store(result + i);
        }
    }

    /// <summary>x = softmax(scale * x) over the first <paramref name="count"/> numbers, and zeros behind them.</summary>
    /// <param name="length">Numbers to write, a multiple of 16; those behind <paramref name="count"/> are overwritten unread.</param>
    /// <returns>ln of the sum of e^(scale * x), what the logarithm of a probability is counted from.</returns>
    public static double Softmax(float* x, int count, float scale, int length)
    {
        for (var i = count; i < length; i++)
            x[i] = float.NegativeInfinity;

        var most = Vector512.Create(float.NegativeInfinity);
        for (var i = 0; i < length; i += 16)
            most = Vector512.Max(most, Vector512.Load(x + i));
        var (factor, shift) = (Vector512.Create(scale), Vector512.Create(-scale * Lanes.Max(most)));
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < length; i += 16)
        {
            var e = Exponential.Of(Lanes.MultiplyAdd(Vector512.Load(x + i), factor, shift));
            sum += e;
            e.Store(x + i);
        }

        var total = Lanes.SumSixteen(sum);
        var inverse = Vector512.Create(1 / total);
        for (var i = 0; i < length; i += 16)
            (Vector512.Load(x + i) * inverse).Store(x + i);
        return Math.Log(total) - shift.ToScalar();
    }

    static float InverseRootMeanSquare(float* x, float epsilon, int length, int columns)
        => 1 / MathF.Sqrt(FloatProducts.One(x, x, length) / columns + epsilon);
}
