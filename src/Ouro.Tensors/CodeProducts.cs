using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors;

/// <summary>Dot products of unpacked integer codes with 8-bit activations.</summary>
/// <remarks>
/// For each group of 32: eight exact integer sums of four products, times (weight scale * activation scale), added from left to right to eight
/// lanes for even groups and eight for odd ones; then odd to even, and the eight as <see cref="Lanes.Sum"/> says. Two sets of lanes, so that
/// an addition need not wait for the one before it. The same for any number of rows. Minima are taken off by the caller.
/// </remarks>
static unsafe class CodeProducts
{
    /// <summary>The definition: sixteen lanes, one at a time.</summary>
    /// <param name="scales">One per <paramref name="groupSize"/> codes (16 or 32).</param>
    public static float Definition(
        ReadOnlySpan<int> codes, ReadOnlySpan<float> scales, int groupSize, ReadOnlySpan<sbyte> activations, ReadOnlySpan<float> activationScales)
    {
        Span<float> lanes = stackalloc float[16];
        lanes.Clear();
        for (var i = 0; i < codes.Length; i += 4)
        {
            var sum = codes[i] * activations[i] + codes[i + 1] * activations[i + 1]
                + codes[i + 2] * activations[i + 2] + codes[i + 3] * activations[i + 3];
            var lane = i / 4 % 16;
            lanes[lane] = Lanes.MultiplyAdd(sum, scales[i / groupSize] * activationScales[i / 32], lanes[lane]);
        }

        for (var i = 0; i < 8; i++)
            lanes[i] += lanes[i + 8];
        return (lanes[0] + lanes[4] + (lanes[2] + lanes[6])) + (lanes[1] + lanes[5] + (lanes[3] + lanes[7]));
    }

    /// <summary>One row of 32 * <paramref name="groups"/> codes.</summary>
    public static float One<TCodes>(byte* codes, float* scales, int groupSize, sbyte* row, float* rowScales, int groups)
        where TCodes : struct, ICodeProducts
    {
        Vector256<float> even = default, odd = default;
        var group = 0;
        for (; group + 2 <= groups; group += 2)
        {
            even = Add<TCodes>(even, Vector256.Load(codes), LaneScales(scales, group, groupSize), row, rowScales[group]);
            odd = Add<TCodes>(odd, Vector256.Load(codes + 32), LaneScales(scales, group + 1, groupSize), row + 32, rowScales[group + 1]);
            codes += 64;
            row += 64;
        }

        if (group < groups)
            even = Add<TCodes>(even, Vector256.Load(codes), LaneScales(scales, group, groupSize), row, rowScales[group]);
        return Lanes.Sum(even + odd);
    }

    /// <summary>Four rows whose codes are 32 * <paramref name="groups"/> bytes and whose scales are <paramref name="groups"/> numbers apart.</summary>
    public static Vector128<float> Four<TCodes>(byte* codes, float* scales, int groupSize, sbyte* rows, float* rowScales, int groups)
        where TCodes : struct, ICodeProducts
    {
        Vector256<float> even0 = default, even1 = default, even2 = default, even3 = default;
        Vector256<float> odd0 = default, odd1 = default, odd2 = default, odd3 = default;
        nint next = 32 * (nint)groups;
        var group = 0;
        for (; group + 2 <= groups; group += 2)
        {
            var weights = Vector256.Load(codes);
            var scale = LaneScales(scales, group, groupSize);
            even0 = Add<TCodes>(even0, weights, scale, rows, rowScales[group]);
            even1 = Add<TCodes>(even1, weights, scale, rows + next, rowScales[groups + group]);
            even2 = Add<TCodes>(even2, weights, scale, rows + 2 * next, rowScales[2 * groups + group]);
            even3 = Add<TCodes>(even3, weights, scale, rows + 3 * next, rowScales[3 * groups + group]);
            weights = Vector256.Load(codes + 32);
            scale = LaneScales(scales, group + 1, groupSize);
            odd0 = Add<TCodes>(odd0, weights, scale, rows + 32, rowScales[group + 1]);
            odd1 = Add<TCodes>(odd1, weights, scale, rows + next + 32, rowScales[groups + group + 1]);
            odd2 = Add<TCodes>(odd2, weights, scale, rows + 2 * next + 32, rowScales[2 * groups + group + 1]);
            odd3 = Add<TCodes>(odd3, weights, scale, rows + 3 * next + 32, rowScales[3 * groups + group + 1]);
            codes += 64;
            rows += 64;
        }

        if (group < groups)
        {
            var weights = Vector256.Load(codes);
            var scale = LaneScales(scales, group, groupSize);
            even0 = Add<TCodes>(even0, weights, scale, rows, rowScales[group]);
            even1 = Add<TCodes>(even1, weights, scale, rows + next, rowScales[groups + group]);
            even2 = Add<TCodes>(even2, weights, scale, rows + 2 * next, rowScales[2 * groups + group]);
            even3 = Add<TCodes>(even3, weights, scale, rows + 3 * next, rowScales[3 * groups + group]);
        }

        return Vector128.Create(Lanes.Sum(even0 + odd0), Lanes.Sum(even1 + odd1), Lanes.Sum(even2 + odd2), Lanes.Sum(even3 + odd3));
    }

    /// <summary>The scale of each lane's four codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> LaneScales(float* scales, int group, int groupSize)
        => groupSize == 32
            ? Vector256.Create(scales[group])
            : Vector256.Create(Vector128.Create(scales[2 * group]), Vector128.Create(scales[2 * group + 1]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Add<TCodes>(
        Vector256<float> sum, Vector256<byte> codes, Vector256<float> scale, sbyte* row, float rowScale)
        where TCodes : struct, ICodeProducts
        => Lanes.MultiplyAdd(
            Vector256.ConvertToSingle(TCodes.Multiply(codes, Vector256.Load(row))), scale * Vector256.Create(rowScale), sum);
}
