using Ouro.Formats;
using Ouro.Tensors;
using Ouro.Tensors.Quantization;

namespace Ouro.Laws.Tensors;

/// <summary>Numbers to test with, the same on every run.</summary>
static class Samples
{
    public static float[] Gaussian(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
            (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }

    /// <summary>Gaussian numbers, row by row.</summary>
    public static Matrix Matrix(int rows, int columns, int seed)
    {
        var matrix = new Matrix(rows, columns);
        var numbers = Gaussian(rows * columns, seed);
        for (var row = 0; row < rows; row++)
            numbers.AsSpan(row * columns, columns).CopyTo(matrix[row]);
        return matrix;
    }

    /// <summary>So many Gaussian numbers, stored as <paramref name="type"/>.</summary>
    public static byte[] Bytes(ElementType type, int count, int seed)
    {
        var bytes = new byte[type.BytesFor(count)];
        ElementFormats.Encode(type, Gaussian(count, seed), bytes);
        return bytes;
    }

    /// <summary>Root mean square of the difference over that of the expected numbers.</summary>
    public static float RelativeError(ReadOnlySpan<float> found, ReadOnlySpan<float> expected)
    {
        var (error, size) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            error += Math.Pow(found[i] - expected[i], 2);
            size += Math.Pow(expected[i], 2);
        }

        return (float)Math.Sqrt(error / size);
    }
}

/// <summary>A matrix of weights and the memory that it needs.</summary>
sealed class SampleMatrix : IDisposable
{
    readonly WeightMemory? _memory;

    public SampleMatrix(ElementType type, int outputs, int inputs, int seed, bool packed = false)
        : this(type, outputs, inputs, Samples.Bytes(type, outputs * inputs, seed), packed)
    {
    }

    public SampleMatrix(ElementType type, int outputs, int inputs, byte[] bytes, bool packed = false)
    {
        Bytes = bytes;
        if (packed)
        {
            _memory = new WeightMemory(WeightMatrix.PackedBytes(type, outputs, inputs));
            using var pool = new WorkerPool(2);
            Weights = WeightMatrix.Pack(
                type, outputs, inputs, (offset, destination) => bytes.AsSpan((int)offset, destination.Length).CopyTo(destination), _memory, pool);
        }
        else
        {
            Weights = WeightMatrix.Open(type, outputs, inputs, bytes);
        }
    }

    /// <summary>Row-major blocks.</summary>
    public byte[] Bytes { get; }

    public WeightMatrix Weights { get; }

    public void Dispose()
    {
        Weights.Dispose();
        _memory?.Dispose();
    }
}
