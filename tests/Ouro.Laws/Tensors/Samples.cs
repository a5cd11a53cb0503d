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

    public static WeightMatrix Weights(ElementType type, int outputs, int inputs, int seed) => Weights(type, outputs, inputs, seed, out _);

    public static WeightMatrix Weights(ElementType type, int outputs, int inputs, int seed, out byte[] bytes)
    {
        bytes = new byte[type.BytesFor((long)outputs * inputs)];
        ElementFormats.Encode(type, Gaussian(outputs * inputs, seed), bytes);
        return WeightMatrix.Open(type, outputs, inputs, bytes);
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
