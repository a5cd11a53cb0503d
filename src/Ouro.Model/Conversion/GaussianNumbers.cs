using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ouro.Model.Conversion;

/// <summary>Pseudo-random numbers that are nearly Gaussian, eight at a time, the same on every machine.</summary>
/// <remarks>
/// Each number is the sum of twelve uniform 16-bit integers, scaled (Irwin-Hall): mean 0, standard deviation 1, never beyond 6, excess kurtosis -0.1.
/// The integers are the halves of six outputs of xoshiro128++ (Blackman and Vigna, 2019), one generator per lane, seeded through SplitMix64.
/// Integer sums below 2^20 and one multiplication give the same bits whatever the instruction set.
/// </remarks>
public struct GaussianNumbers
{
    const int Lanes = 8;
    const int OutputsPerNumber = 6;

    /// <summary>The mean of a sum of twelve uniform numbers from 0 to 65535.</summary>
    const int Mean = 12 * 65535 / 2;

    /// <summary>1 / sqrt(12 * (65536^2 - 1) / 12).</summary>
    const float Scale = 1 / 65536f;

    Vector256<uint> _s0, _s1, _s2, _s3;

    /// <param name="stream">Different streams of one seed are independent for all purposes here.</param>
    public GaussianNumbers(ulong seed, ulong stream)
    {
        var state = Mix(seed ^ Mix(stream + 0x9E37_79B9_7F4A_7C15));
        Span<uint> words = stackalloc uint[4 * Lanes];
        foreach (ref var pair in MemoryMarshal.Cast<uint, ulong>(words))
        {
            state += 0x9E37_79B9_7F4A_7C15;
            pair = Mix(state);
        }

        (_s0, _s1) = (Vector256.Create<uint>(words), Vector256.Create<uint>(words[Lanes..]));
        (_s2, _s3) = (Vector256.Create<uint>(words[(2 * Lanes)..]), Vector256.Create<uint>(words[(3 * Lanes)..]));
    }

    /// <summary>Fills <paramref name="values"/> with mean + deviation * number.</summary>
    public void Fill(Span<float> values, float mean, float deviation)
    {
        var scale = Vector256.Create(deviation * Scale);
        var center = Vector256.Create(mean);
        var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
        var (s0, s1, s2, s3) = (_s0, _s1, _s2, _s3);
        for (var i = 0; i <= vectors.Length; i++)
        {
            var sum = Vector256.Create(-Mean);
            for (var output = 0; output < OutputsPerNumber; output++)
            {
                var word = Rotate(s0 + s3, 7) + s0;
                sum += ((word & Vector256.Create(0xFFFFu)) + (word >> 16)).AsInt32();
                var shifted = s1 << 9;
                s2 ^= s0;
                s3 ^= s1;
                s1 ^= s2;
                s0 ^= s3;
                s2 ^= shifted;
                s3 = Rotate(s3, 11);
            }

            var numbers = (Vector256.ConvertToSingle(sum) * scale) + center;
            if (i < vectors.Length)
                vectors[i] = numbers;
            else
                CopyRest(numbers, values[(vectors.Length * Lanes)..]);
        }

        (_s0, _s1, _s2, _s3) = (s0, s1, s2, s3);
    }

    static void CopyRest(Vector256<float> numbers, Span<float> rest)
    {
        for (var i = 0; i < rest.Length; i++)
            rest[i] = numbers[i];
    }

    static Vector256<uint> Rotate(Vector256<uint> value, int by) => (value << by) | (value >> (32 - by));

    /// <summary>SplitMix64's output function.</summary>
    static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
