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

    static float InverseRootMeanSquare(float* x, float epsilon, int length, int columns)
        => 1 / MathF.Sqrt(FloatProducts.One(x, x, length) / columns + epsilon);
}
