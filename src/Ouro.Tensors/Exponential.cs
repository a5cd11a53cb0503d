using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors;

/// <summary>e^x in single precision, sixteen at a time, with the same bits for a number wherever it stands in a row.</summary>
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
    public static Vector512<float> Of(Vector512<float> x)
    {
        var inside = Vector512.ClampNative(x, Vector512.Create(Lowest), Vector512.Create(Highest));
        var n = Vector512.Round(inside * Vector512.Create(1.44269504f));
        var r = Lanes.MultiplyAdd(n, Vector512.Create(-Ln2High), inside);
        r = Lanes.MultiplyAdd(n, Vector512.Create(-Ln2Low), r);

        var sum = Lanes.MultiplyAdd(r, Vector512.Create(1f / 5040), Vector512.Create(1f / 720));
        sum = Lanes.MultiplyAdd(sum, r, Vector512.Create(1f / 120));
        sum = Lanes.MultiplyAdd(sum, r, Vector512.Create(1f / 24));
        sum = Lanes.MultiplyAdd(sum, r, Vector512.Create(1f / 6));
        sum = Lanes.MultiplyAdd(sum, r, Vector512.Create(0.5f));
        sum = Lanes.MultiplyAdd(sum, r, Vector512<float>.One);
        sum = Lanes.MultiplyAdd(sum, r, Vector512<float>.One);

        // 2^128 has no exponent bits of its own, so the power is applied in two halves.
        var exponent = Vector512.ConvertToInt32Native(n);
        var half = exponent >> 1;
        var result = sum * PowerOfTwo(half) * PowerOfTwo(exponent - half);

        result = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(Lowest)), Vector512<float>.Zero, result);
        result = Vector512.ConditionalSelect(
            Vector512.GreaterThan(x, Vector512.Create(Highest)), Vector512.Create(float.PositiveInfinity), result);
        return Vector512.ConditionalSelect(Vector512.Equals(x, x), result, x);
    }

    /// <summary>e^x, the same bits as in a lane.</summary>
    public static float Of(float x) => Of(Vector512.Create(x)).ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> PowerOfTwo(Vector512<int> n) => ((n + Vector512.Create(127)) << 23).AsSingle();
}
