using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors;

/// <summary>e^x in single precision, eight at a time, with the same bits for a number wherever it stands in a row.</summary>
/// <remarks>
/// x = n ln 2 + r with |r| at most ln 2 / 2; e^r by its Taylor polynomial of degree 7 (remainder below 6e-9), times 2^n made in the exponent
/// bits. Relative error below 3e-7. Results below 2^-126 are zero, above the largest float infinite; NaN stays NaN.
/// </remarks>
static class Exponential
{
    const float Lowest = -87.33654f;    // ln 2^-126
    const float Highest = 88.72284f;    // ln of the largest float

    // ln 2 in two parts: the first has so few digits that n times it is exact.
    const float Ln2High = 0.693359375f;
    const float Ln2Low = -2.12194440e-4f;

    /// <summary>e^x for each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x)
    {
        var inside = Vector256.Min(Vector256.Max(x, Vector256.Create(Lowest)), Vector256.Create(Highest));
        var n = Vector256.Round(inside * Vector256.Create(1.44269504f));
        var r = inside - n * Vector256.Create(Ln2High);
        r -= n * Vector256.Create(Ln2Low);

        var sum = Vector256.Create(1f / 5040);
        sum = sum * r + Vector256.Create(1f / 720);
        sum = sum * r + Vector256.Create(1f / 120);
        sum = sum * r + Vector256.Create(1f / 24);
        sum = sum * r + Vector256.Create(1f / 6);
        sum = sum * r + Vector256.Create(0.5f);
        sum = sum * r + Vector256<float>.One;
        sum = sum * r + Vector256<float>.One;

        // 2^128 has no exponent bits of its own, so the power is applied in two halves.
        var exponent = Vector256.ConvertToInt32(n);
        var half = exponent >> 1;
        var result = sum * PowerOfTwo(half) * PowerOfTwo(exponent - half);

        result = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(Lowest)), Vector256<float>.Zero, result);
        result = Vector256.ConditionalSelect(
            Vector256.GreaterThan(x, Vector256.Create(Highest)), Vector256.Create(float.PositiveInfinity), result);
        return Vector256.ConditionalSelect(Vector256.Equals(x, x), result, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> PowerOfTwo(Vector256<int> n) => ((n + Vector256.Create(127)) << 23).AsSingle();
}
