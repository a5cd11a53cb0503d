using System.Runtime.CompilerServices;
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

/// <summary>Encodes blocks of sixteen groups that have a scale and no minimum.</summary>
static class GroupScales<TBlock> where TBlock : unmanaged, IGroupScaledBlock<TBlock>
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
        var half = TBlock.Count / 2;
        Span<Vector256<float>> x = stackalloc Vector256<float>[TBlock.Count / EightGroups.Count];
        Span<Vector256<float>> scales = stackalloc Vector256<float>[2];
        Span<Vector256<float>> curvatures = stackalloc Vector256<float>[2];
        var largest = F16.Largest * TBlock.LowestScale * ScaleSearch<TBlock>.LowestCode;
        for (var i = 0; i < scales.Length; i++)
        {
            var groups = x.Slice(i * TBlock.GroupSize, TBlock.GroupSize);
            EightGroups.Gather(values[(i * half)..], -largest, largest, groups);
            (scales[i], curvatures[i]) = ScaleSearch<TBlock>.Find(groups);
        }

        var unit = BlockUnit.Find(scales, curvatures, TBlock.LowestScale, -TBlock.LowestScale - 1);
        Span<byte> codes = stackalloc byte[TBlock.Count];
        Span<sbyte> multiples = stackalloc sbyte[TBlock.Count / TBlock.GroupSize];
        for (var i = 0; i < scales.Length; i++)
        {
            var groups = x.Slice(i * TBlock.GroupSize, TBlock.GroupSize);
            var best = Refine(groups, unit.Multiples(scales[i]), unit);
            ScaleSearch<TBlock>.Write(groups, best * unit.Value, ref codes[i * half]);
            for (var lane = 0; lane < EightGroups.Count; lane++)
                multiples[i * EightGroups.Count + lane] = (sbyte)best[lane];
        }

        return TBlock.Pack(unit.Bits, multiples, codes);
    }

    /// <summary>Tries the neighbours of each group's scale as well, now that the codes can follow.</summary>
    static Vector256<float> Refine(ReadOnlySpan<Vector256<float>> x, Vector256<float> multiples, BlockUnit unit)
    {
        var best = multiples;
        var leastError = ScaleSearch<TBlock>.Error(x, multiples * unit.Value);
        for (var step = -1; step <= 1; step += 2)
        {
            var neighbour = unit.Clamp(multiples + Vector256.Create((float)step));
            var error = ScaleSearch<TBlock>.Error(x, neighbour * unit.Value);
            var better = Vector256.LessThan(error, leastError);
            best = Vector256.ConditionalSelect(better, neighbour, best);
            leastError = Vector256.MinNative(error, leastError);
        }

        return best;
    }
}
