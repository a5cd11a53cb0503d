using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>A format of <see cref="IBlock{TSelf}"/> whose codes are signed numbers times a scale.</summary>
interface IScaledBlock<TSelf> : IBlock<TSelf> where TSelf : unmanaged, IScaledBlock<TSelf>
{
    /// <summary>The codes that the number of largest magnitude in a group is tried at; the others follow in proportion.</summary>
    static abstract ReadOnlySpan<float> PeakCodes { get; }
}

/// <summary>Finds scale s and codes q of a group such that the sum of (x - s q)^2 is small.</summary>
/// <remarks>
/// For given codes the best scale is s = sum(x q) / sum(q^2), which takes sum(x q)^2 / sum(q^2) from the error; for a given scale the
/// best codes are the nearest. So: try codes for a number of scales, keep the best, and go back and forth from there (Lloyd's iteration).
/// </remarks>
static class ScaleSearch<TBlock> where TBlock : unmanaged, IScaledBlock<TBlock>
{
    const int Refinements = 1;

    public static float LowestCode => TBlock.SignedCodes ? -TBlock.LargestCode : -TBlock.CodeOffset;

    public static float HighestCode => -LowestCode - 1;

    /// <summary>For eight groups: the scales, and the sums of q^2 that say how much a change of a scale costs.</summary>
    public static (Vector256<float> Scales, Vector256<float> Curvature) Find(ReadOnlySpan<Vector256<float>> x)
    {
        var peak = Peak(x);
        var inversePeak = EightGroups.InverseOrZero(peak);
        var (bestProduct, bestSquare) = (Vector256<float>.Zero, Vector256<float>.One);

        foreach (var peakCode in TBlock.PeakCodes)
            Try(x, inversePeak * peakCode, ref bestProduct, ref bestSquare);

        for (var i = 0; i < Refinements; i++)
            Try(x, EightGroups.InverseOrZero(bestProduct / bestSquare), ref bestProduct, ref bestSquare);

        return (bestProduct / bestSquare, bestSquare);
    }

    /// <summary>The sum of (x - s q)^2 over each group with the nearest codes q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Error(ReadOnlySpan<Vector256<float>> x, Vector256<float> scales)
    {
        var inverse = EightGroups.InverseOrZero(scales);
        var (low, high) = (Vector256.Create(LowestCode), Vector256.Create(HighestCode));
        var error = Vector256<float>.Zero;
        for (var i = 0; i < x.Length; i++)
        {
            var rest = x[i] - EightGroups.Round(EightGroups.Clamp(x[i] * inverse, low, high)) * scales;
            error += rest * rest;
        }

        return error;
    }

    /// <summary>Writes the nearest codes of eight groups, plus the offset at which the format stores them.</summary>
    public static void Write(ReadOnlySpan<Vector256<float>> x, Vector256<float> scales, ref byte codes)
    {
        var inverse = EightGroups.InverseOrZero(scales);
        var (low, high) = (Vector256.Create(LowestCode), Vector256.Create(HighestCode));
        var offset = Vector256.Create((float)TBlock.CodeOffset);
        for (var i = 0; i < x.Length; i++)
            EightGroups.Scatter(EightGroups.Round(EightGroups.Clamp(x[i] * inverse, low, high)) + offset, i, x.Length, ref codes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Try(
        ReadOnlySpan<Vector256<float>> x, Vector256<float> inverse, ref Vector256<float> bestProduct, ref Vector256<float> bestSquare)
    {
        var (low, high) = (Vector256.Create(LowestCode), Vector256.Create(HighestCode));
        var (product, square) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var i = 0; i < x.Length; i++)
        {
            var code = EightGroups.Round(EightGroups.Clamp(x[i] * inverse, low, high));
            product += x[i] * code;
            square += code * code;
        }

        var better = Vector256.GreaterThan(product * product * bestSquare, bestProduct * bestProduct * square);
        bestProduct = Vector256.ConditionalSelect(better, product, bestProduct);
        bestSquare = Vector256.ConditionalSelect(better, square, bestSquare);
    }

    static Vector256<float> Peak(ReadOnlySpan<Vector256<float>> x)
    {
        var (least, most) = (x[0], x[0]);
        foreach (var eight in x)
            (least, most) = (Vector256.MinNative(least, eight), Vector256.MaxNative(most, eight));

        return Vector256.ConditionalSelect(Vector256.GreaterThan(-least, most), least, most);
    }
}
