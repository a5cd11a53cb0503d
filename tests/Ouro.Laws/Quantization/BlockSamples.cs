namespace Ouro.Laws.Quantization;

/// <summary>Blocks and weights to try a format on.</summary>
static class BlockSamples
{
    /// <summary>Half-precision scales at the ends of the format: zeros, subnormals, both signs, the largest.</summary>
    static readonly ushort[] Scales = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x8400, 0x1234, 0x3C00, 0xBC01, 0x7BFF, 0xFBFF];

    /// <summary>Every byte at random (so every code and multiplier occurs), the half-precision scales finite.</summary>
    /// <param name="scaleOffsets">Where the half-precision scales of a block are.</param>
    public static byte[] Random(int count, int blockBytes, int[] scaleOffsets, int seed)
    {
        var random = new Random(seed);
        var blocks = new byte[count * blockBytes];
        random.NextBytes(blocks);
        for (var start = 0; start < blocks.Length; start += blockBytes)
            foreach (var offset in scaleOffsets)
                BitConverter.TryWriteBytes(blocks.AsSpan(start + offset), RandomScale(random));

        return blocks;
    }

    static ushort RandomScale(Random random)
    {
        if (random.Next(4) == 0)
            return Scales[random.Next(Scales.Length)];

        var bits = (ushort)random.Next(0x10000);
        return (bits & 0x7C00) == 0x7C00 ? (ushort)(bits & 0x83FF) : bits;
    }

    /// <summary>Normally distributed numbers.</summary>
    public static float[] Gaussian(int count, int seed, float deviation = 1)
    {
        var random = new Random(seed);
        var numbers = new float[count];
        for (var i = 0; i < count; i++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            numbers[i] = deviation * (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return numbers;
    }
}
