using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>A format of eight groups, whose scales and minima are 6-bit multiples of the block's scale and minimum.</summary>
interface IGroupMinimumBlock<TSelf> : IBlock<TSelf> where TSelf : unmanaged, IGroupMinimumBlock<TSelf>
{
    /// <summary>The codes that the largest number of a group is tried at, with the least at 0.</summary>
    static abstract ReadOnlySpan<float> TopCodes { get; }

    /// <param name="scale">The block's scale, a half.</param>
    /// <param name="minimum">The block's minimum, a half.</param>
    /// <param name="codes">One a number, as <see cref="IQuantizedFormat.Unpack"/> gives them.</param>
    static abstract TSelf Pack(ushort scale, ushort minimum, in SixBitPairs pairs, ReadOnlySpan<byte> codes);
}

/// <summary>Encodes blocks whose groups have a scale and a minimum.</summary>
static class GroupMinima<TBlock> where TBlock : unmanaged, IGroupMinimumBlock<TBlock>
{
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        var typed = Blocks.Typed<TBlock>(blocks, values.Length);
        Numbers.CheckFinite(values);
        for (var b = 0; b < typed.Length; b++)
            typed[b] = Encode(values.Slice(b * TBlock.Count, TBlock.Count));
    }

    [SkipLocalsInit]
    static TBlock Encode(ReadOnlySpan<float> values)
    {
        const float LargestMinimum = F16.Largest * SixBitPairs.Largest;
        Span<Vector256<float>> x = stackalloc Vector256<float>[TBlock.GroupSize];
        Lanes.Gather(values, -LargestMinimum, LargestMinimum * TBlock.LargestCode, x);

        var (scales, minima) = MinimumSearch.Find(x, TBlock.LargestCode, TBlock.TopCodes);
        var scaleBits = F16.NarrowScale(Lanes.Extreme(scales) / SixBitPairs.Largest);
        var minimumBits = F16.NarrowScale(Lanes.Extreme(minima) / SixBitPairs.Largest);
        var (scaleUnit, minimumUnit) = (Vector256.Create(F16.Widen(scaleBits)), Vector256.Create(F16.Widen(minimumBits)));
        var (scaleCodes, minimumCodes) = Refine(x, Nearest(scales, scaleUnit), scaleUnit, Nearest(minima, minimumUnit), minimumUnit);

        Span<byte> codes = stackalloc byte[TBlock.Count];
        MinimumSearch.Write(x, TBlock.LargestCode, scaleCodes * scaleUnit, minimumCodes * minimumUnit, codes);
        return TBlock.Pack(scaleBits, minimumBits, SixBitPairs.Pack(scaleCodes, minimumCodes), codes);
    }

    /// <summary>Tries the neighbours of each group's multiples as well, now that the codes can follow.</summary>
    static (Vector256<float> Scales, Vector256<float> Minima) Refine(
        ReadOnlySpan<Vector256<float>> x,
        Vector256<float> scales, Vector256<float> scaleUnit, Vector256<float> minima, Vector256<float> minimumUnit)
    {
        var (bestScales, bestMinima) = (scales, minima);
        var leastError = Vector256.Create(float.PositiveInfinity);
        for (var scaleStep = -1; scaleStep <= 1; scaleStep++)
        {
            var scale = ClampCode(scales + Vector256.Create((float)scaleStep));
            for (var minimumStep = -1; minimumStep <= 1; minimumStep++)
            {
                var minimum = ClampCode(minima + Vector256.Create((float)minimumStep));
                var error = MinimumSearch.Error(x, TBlock.LargestCode, scale * scaleUnit, minimum * minimumUnit);
                var better = Vector256.LessThan(error, leastError);
                bestScales = Vector256.ConditionalSelect(better, scale, bestScales);
                bestMinima = Vector256.ConditionalSelect(better, minimum, bestMinima);
                leastError = Vector256.MinNative(error, leastError);
            }
        }

        return (bestScales, bestMinima);
    }

    static Vector256<float> Nearest(Vector256<float> numbers, Vector256<float> unit)
        => Lanes.Round(ClampCode(numbers * Lanes.InverseOrZero(unit)));

    static Vector256<float> ClampCode(Vector256<float> codes)
        => Lanes.Clamp(codes, Vector256<float>.Zero, Vector256.Create((float)SixBitPairs.Largest));
}
