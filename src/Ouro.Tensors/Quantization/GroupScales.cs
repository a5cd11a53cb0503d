using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>A format that stores the scale of each group as a small signed number times the block's scale.</summary>
interface IGroupScaledBlock<TSelf> : IScaledBlock<TSelf> where TSelf : unmanaged, IGroupScaledBlock<TSelf>
{
    /// <summary>The most negative scale; the most positive is one less in magnitude.</summary>
    static abstract int LowestScale { get; }

    /// <param name="scale">The block's scale, a half.</param>
    /// <param name="scales">One a group, from <see cref="LowestScale"/> on.</param>
    /// <param name="codes">One a number, as <see cref="IQuantizedFormat.Unpack"/> gives them.</param>
    static abstract TSelf Pack(ushort scale, ReadOnlySpan<sbyte> scales, ReadOnlySpan<byte> codes);
}

/// <summary>Encodes blocks whose groups have a scale and no minimum.</summary>
static class GroupScales<TBlock> where TBlock : unmanaged, IGroupScaledBlock<TBlock>
{
    const int BlockScaleTrials = 12;

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
        Span<Vector256<float>> lanes = stackalloc Vector256<float>[TBlock.Count / Lanes.Count];
        var first = lanes[..TBlock.GroupSize];
        var second = lanes[TBlock.GroupSize..];
        var largest = F16.Largest * TBlock.LowestScale * ScaleSearch<TBlock>.LowestCode;
        Lanes.Gather(values, -largest, largest, first);
        Lanes.Gather(values[(TBlock.Count / 2)..], -largest, largest, second);

        var (firstScales, firstCurvature) = ScaleSearch<TBlock>.Find(first);
        var (secondScales, secondCurvature) = ScaleSearch<TBlock>.Find(second);
        var bits = BlockScale(firstScales, firstCurvature, secondScales, secondCurvature);

        Span<byte> codes = stackalloc byte[TBlock.Count];
        Span<sbyte> scales = stackalloc sbyte[TBlock.Count / TBlock.GroupSize];
        Finish(first, firstScales, F16.Widen(bits), codes, scales);
        Finish(second, secondScales, F16.Widen(bits), codes[(TBlock.Count / 2)..], scales[Lanes.Count..]);
        return TBlock.Pack(bits, scales, codes);
    }

    /// <summary>The block's scale at which rounding the groups' scales to whole multiples costs least.</summary>
    static ushort BlockScale(
        Vector256<float> firstScales, Vector256<float> firstCurvature, Vector256<float> secondScales, Vector256<float> secondCurvature)
    {
        var (firstExtreme, secondExtreme) = (Lanes.Extreme(firstScales), Lanes.Extreme(secondScales));
        var extreme = MathF.Abs(secondExtreme) > MathF.Abs(firstExtreme) ? secondExtreme : firstExtreme;

        ushort best = 0;
        var leastCost = float.PositiveInfinity;
        for (var trial = 0; trial < BlockScaleTrials; trial++)
        {
            // The extreme gets the lowest code, or a little less than that, down to three quarters of it.
            var bits = F16.NarrowScale(extreme / (TBlock.LowestScale * (1 - trial * (0.25f / BlockScaleTrials))));
            var scale = Vector256.Create(F16.Widen(bits));
            var first = firstScales - Nearest(firstScales, scale) * scale;
            var second = secondScales - Nearest(secondScales, scale) * scale;
            var cost = Lanes.Sum(first * first * firstCurvature + second * second * secondCurvature);
            if (cost < leastCost)
                (best, leastCost) = (bits, cost);
        }

        return best;
    }

    /// <summary>Tries the neighbours of each group's scale as well, now that the codes can follow, and writes what is best.</summary>
    static void Finish(
        ReadOnlySpan<Vector256<float>> x, Vector256<float> scales, float blockScale, Span<byte> codes, Span<sbyte> scaleCodes)
    {
        var unit = Vector256.Create(blockScale);
        var nearest = Nearest(scales, unit);
        var (best, leastError) = (nearest, ScaleSearch<TBlock>.Error(x, nearest * unit));
        for (var step = -1; step <= 1; step += 2)
        {
            var neighbour = ClampScale(nearest + Vector256.Create((float)step));
            var error = ScaleSearch<TBlock>.Error(x, neighbour * unit);
            var better = Vector256.LessThan(error, leastError);
            best = Vector256.ConditionalSelect(better, neighbour, best);
            leastError = Vector256.MinNative(error, leastError);
        }

        ScaleSearch<TBlock>.Write(x, best * unit, ref MemoryMarshal.GetReference(codes));
        for (var lane = 0; lane < Lanes.Count; lane++)
            scaleCodes[lane] = (sbyte)best[lane];
    }

    static Vector256<float> Nearest(Vector256<float> scales, Vector256<float> unit)
        => Lanes.Round(ClampScale(scales * Lanes.InverseOrZero(unit)));

    static Vector256<float> ClampScale(Vector256<float> codes)
        => Lanes.Clamp(codes, Vector256.Create((float)TBlock.LowestScale), Vector256.Create(-1f - TBlock.LowestScale));
}
