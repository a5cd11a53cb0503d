using Ouro.Formats;
using Ouro.Tensors;
using Ouro.Tensors.Quantization;

namespace Ouro.Benchmarks.Kernels;

/// <summary>What kernels are measured on: the same numbers on every run.</summary>
static class Numbers
{
    public static float[] Gaussian(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }

    public static byte[] Encoded(ElementType type, int count)
    {
        var bytes = new byte[type.BytesFor(count)];
        ElementFormats.Encode(type, Gaussian(count), bytes);
        return bytes;
    }

    public static Matrix Matrix(int rows, int columns)
    {
        var matrix = new Matrix(rows, columns);
        for (var row = 0; row < rows; row++)
            Gaussian(columns).CopyTo(matrix[row]);
        return matrix;
    }
}
