using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>Finds scale s, minimum m >= 0 and codes q >= 0 of a group such that the sum of (x - (s q - m))^2 is small.</summary>
/// <remarks>
/// For given codes scale and minimum follow from linear least squares; for a given scale and minimum the best codes are the nearest. So:
/// try codes for a number of scales, keep the best, and go back and forth from there (Lloyd's iteration). Works on y = (x - a) / r in
/// [0, 1], a the least number (or 0, if none is negative) and r the range, so that nothing cancels and nothing overflows.
/// </remarks>
ref struct MinimumSearch
{
    const int Refinements = 1;

    readonly ReadOnlySpan<Vector256<float>> _x;
    readonly Vector256<float> _highest;
    readonly Vector256<float> _least;
    readonly Vector256<float> _range;
    readonly Vector256<float> _inverseRange;
    readonly Vector256<float> _sum;
    readonly Vector256<float> _sumSquares;
    Vector256<float> _scale;
    Vector256<float> _base;
    Vector256<float> _error;
    Vector256<float> _meanCode;

    MinimumSearch(ReadOnlySpan<Vector256<float>> x, int largestCode)
    {
        (_least, var most) = (Vector256<float>.Zero, Vector256<float>.Zero);
        foreach (var eight in x)
            (_least, most) = (Vector256.MinNative(_least, eight), Vector256.MaxNative(most, eight));

        _x = x;
        _highest = Vector256.Create((float)largestCode);
        _range = most - _least;
        _inverseRange = EightGroups.InverseOrZero(_range);
        foreach (var eight in x)
        {
            var y = (eight - _least) * _inverseRange;
            _sum += y;
            _sumSquares += y * y;
        }

        (_scale, _base, _meanCode) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        _error = Vector256.Create(float.MaxValue);
    }

    /// <summary>Scales and minima for eight groups, and the mean of their codes.</summary>
    /// <param name="topCodes">The codes that the largest number of a group is tried at, with the least at 0.</param>
    public static (Vector256<float> Scales, Vector256<float> Minima, Vector256<float> MeanCodes) Find(
        ReadOnlySpan<Vector256<float>> x, int largestCode, ReadOnlySpan<float> topCodes)
    {
        var search = new MinimumSearch(x, largestCode);
        foreach (var topCode in topCodes)
            search.Try(Vector256.Create(topCode), Vector256<float>.Zero);

        for (var i = 0; i < Refinements; i++)
            search.Try(EightGroups.InverseOrZero(search._scale), search._base);

        return (search._scale * search._range, -(search._least + search._base * search._range), search._meanCode);
    }

    /// <summary>The sum of (x - (s q - m))^2 over each group with the nearest codes q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Error(
        ReadOnlySpan<Vector256<float>> x, int largestCode, Vector256<float> scales, Vector256<float> minima)
    {
        var inverse = EightGroups.InverseOrZero(scales);
        var highest = Vector256.Create((float)largestCode);
        var error = Vector256<float>.Zero;
        for (var i = 0; i < x.Length; i++)
        {
            var above = x[i] + minima;
            var rest = above - EightGroups.Round(EightGroups.Clamp(above * inverse, Vector256<float>.Zero, highest)) * scales;
            error += rest * rest;
        }

        return error;
    }

    /// <summary>Writes the nearest codes of eight groups.</summary>
    public static void Write(
        ReadOnlySpan<Vector256<float>> x, int largestCode, Vector256<float> scales, Vector256<float> minima, Span<byte> codes)
    {
        var inverse = EightGroups.InverseOrZero(scales);
        var highest = Vector256.Create((float)largestCode);
        ref var first = ref MemoryMarshal.GetReference(codes[..(EightGroups.Count * x.Length)]);
        for (var i = 0; i < x.Length; i++)
            EightGroups.Scatter(
                EightGroups.Round(EightGroups.Clamp((x[i] + minima) * inverse, Vector256<float>.Zero, highest)), i, x.Length, ref first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Try(Vector256<float> inverse, Vector256<float> start)
    {
        var (codeSum, codeSquares, product) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        foreach (var eight in _x)
        {
            var y = (eight - _least) * _inverseRange;
            var code = EightGroups.Round(EightGroups.Clamp((y - start) * inverse, Vector256<float>.Zero, _highest));
            codeSum += code;
            codeSquares += code * code;
            product += y * code;
        }

        // The normal equations of y = s q + b. A base above that of x = 0 would be a negative minimum, which is not stored.
        var count = Vector256.Create((float)_x.Length);
        var bound = -_least * _inverseRange;
        var determinant = count * codeSquares - codeSum * codeSum;
        var free = (_sum * codeSquares - codeSum * product) * EightGroups.InverseOrZero(determinant);
        var offset = Vector256.MinNative(free, bound);
        var scale = Vector256.MaxNative((product - offset * codeSum) * EightGroups.InverseOrZero(codeSquares), Vector256<float>.Zero);
        var error = _sumSquares + offset * (count * offset - (_sum + _sum))
            + scale * (scale * codeSquares - (product + product) + (offset + offset) * codeSum);

        var better = Vector256.LessThan(error, _error);
        _scale = Vector256.ConditionalSelect(better, scale, _scale);
        _base = Vector256.ConditionalSelect(better, offset, _base);
        _error = Vector256.ConditionalSelect(better, error, _error);
        _meanCode = Vector256.ConditionalSelect(better, codeSum / count, _meanCode);
    }
}
