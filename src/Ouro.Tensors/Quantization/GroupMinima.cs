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
    const int ScaleSteps = 2;
    const int MinimumSteps = 1;

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
        EightGroups.Gather(values, -LargestMinimum, LargestMinimum * TBlock.LargestCode, x);

        var (scales, minima, meanCodes) = MinimumSearch.Find(x, TBlock.LargestCode, TBlock.TopCodes);
        var scaleUnit = BlockUnit.Find([scales], [Vector256<float>.One], 0, SixBitPairs.Largest);
        var multiples = scaleUnit.Multiples(scales);

        // A scale that rounding made larger lifts all numbers by the mean code; the minimum takes that back.
        var shifted = Vector256.MaxNative(minima + (multiples * scaleUnit.Value - scales) * meanCodes, Vector256<float>.Zero);
        var minimumUnit = BlockUnit.Find([shifted], [Vector256<float>.One], 0, SixBitPairs.Largest);
        var (scaleMultiples, minimumMultiples) = Refine(x, multiples, scaleUnit, shifted, minimumUnit, meanCodes);

        Span<byte> codes = stackalloc byte[TBlock.Count];
        MinimumSearch.Write(x, TBlock.LargestCode, scaleMultiples * scaleUnit.Value, minimumMultiples * minimumUnit.Value, codes);
        return TBlock.Pack(scaleUnit.Bits, minimumUnit.Bits, SixBitPairs.Pack(scaleMultiples, minimumMultiples), codes);
    }

    /// <summary>Tries the neighbours of each group's multiples as well, now that the codes can follow.</summary>
    static (Vector256<float> Scales, Vector256<float> Minima) Refine(
        ReadOnlySpan<Vector256<float>> x,
        Vector256<float> multiples, BlockUnit scaleUnit, Vector256<float> minima, BlockUnit minimumUnit, Vector256<float> meanCodes)
    {
        var (bestScales, bestMinima) = (multiples, minima);
        var leastError = Vector256.Create(float.PositiveInfinity);
        for (var scaleStep = -ScaleSteps; scaleStep <= ScaleSteps; scaleStep++)
        {
            var scale = scaleUnit.Clamp(multiples + Vector256.Create((float)scaleStep));
            var centre = minimumUnit.Multiples(minima + (scale - multiples) * scaleUnit.Value * meanCodes);
            for (var minimumStep = -MinimumSteps; minimumStep <= MinimumSteps; minimumStep++)
            {
                var minimum = minimumUnit.Clamp(centre + Vector256.Create((float)minimumStep));
                var error = MinimumSearch.Error(x, TBlock.LargestCode, scale * scaleUnit.Value, minimum * minimumUnit.Value);
                var better = Vector256.LessThan(error, leastError);
                bestScales = Vector256.ConditionalSelect(better, scale, bestScales);
                bestMinima = Vector256.ConditionalSelect(better, minimum, bestMinima);
                leastError = Vector256.MinNative(error, leastError);
            }
        }

        return (bestScales, bestMinima);
    }
}
