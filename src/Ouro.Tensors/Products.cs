using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Tensors;

/// <summary>Dot products of single-precision rows.</summary>
/// <remarks>
/// Order of summation, the same for every number of rows: number i of a row goes to lane i mod 16; each lane is summed from left to right;
/// lane j + 8 is added to lane j; the eight sums are added as <see cref="Lanes.Sum"/> says. Rows are padded with zeros to whole vectors.
/// </remarks>
static unsafe class FloatProducts
{
    /// <summary>The definition. Every other path is tested against this one.</summary>
    public static float Definition(ReadOnlySpan<float> weights, ReadOnlySpan<float> row)
    {
        Span<float> lanes = stackalloc float[16];
        lanes.Clear();
        for (var i = 0; i < weights.Length; i++)
            lanes[i % 16] = Lanes.MultiplyAdd(weights[i], row[i], lanes[i % 16]);
        for (var i = 0; i < 8; i++)
            lanes[i] += lanes[i + 8];
        return (lanes[0] + lanes[4] + (lanes[2] + lanes[6])) + (lanes[1] + lanes[5] + (lanes[3] + lanes[7]));
    }

    /// <summary>One row of <paramref name="length"/> numbers, a multiple of 16.</summary>
    public static float One(float* weights, float* row, int length)
    {
        var low = Vector256<float>.Zero;
        var high = Vector256<float>.Zero;
        for (var i = 0; i < length; i += 16)
        {
            low = Lanes.MultiplyAdd(Vector256.Load(weights + i), Vector256.Load(row + i), low);
            high = Lanes.MultiplyAdd(Vector256.Load(weights + i + 8), Vector256.Load(row + i + 8), high);
        }

        return Lanes.Sum(low + high);
    }

    /// <summary>Four rows, <paramref name="stride"/> numbers apart, with one reading of the weights.</summary>
    public static Vector128<float> Four(float* weights, float* rows, int stride, int length)
    {
        var r1 = rows + stride;
        var r2 = r1 + stride;
        var r3 = r2 + stride;
        Vector256<float> low0 = default, low1 = default, low2 = default, low3 = default;
        Vector256<float> high0 = default, high1 = default, high2 = default, high3 = default;
        for (var i = 0; i < length; i += 16)
        {
            var w = Vector256.Load(weights + i);
            low0 = Lanes.MultiplyAdd(w, Vector256.Load(rows + i), low0);
            low1 = Lanes.MultiplyAdd(w, Vector256.Load(r1 + i), low1);
            low2 = Lanes.MultiplyAdd(w, Vector256.Load(r2 + i), low2);
            low3 = Lanes.MultiplyAdd(w, Vector256.Load(r3 + i), low3);
            w = Vector256.Load(weights + i + 8);
            high0 = Lanes.MultiplyAdd(w, Vector256.Load(rows + i + 8), high0);
            high1 = Lanes.MultiplyAdd(w, Vector256.Load(r1 + i + 8), high1);
            high2 = Lanes.MultiplyAdd(w, Vector256.Load(r2 + i + 8), high2);
            high3 = Lanes.MultiplyAdd(w, Vector256.Load(r3 + i + 8), high3);
        }

        return Vector128.Create(
            Lanes.Sum(low0 + high0), Lanes.Sum(low1 + high1), Lanes.Sum(low2 + high2), Lanes.Sum(low3 + high3));
    }
}

/// <summary>How codes of one sign kind are multiplied with 8-bit activations.</summary>
interface ICodeProducts
{
    /// <summary>Lane j = the sum of products 4j to 4j + 3 of 32, exact.</summary>
    static abstract Vector256<int> Multiply(Vector256<byte> codes, Vector256<sbyte> activations);
}

/// <summary>Weight codes 0 to 127: a sum of two products is at most 2 * 127 * 127 and fits 16 bits.</summary>
readonly struct UnsignedCodes : ICodeProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(Vector256<byte> codes, Vector256<sbyte> activations)
        => Avx2.IsSupported
            ? Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes, activations), Vector256<short>.One)
            : PortableCodes.Multiply(codes.AsSByte(), activations);
}

/// <summary>Weight codes -128 to 127, with the sign moved to the activation: |-128| is 128 as an unsigned byte, and 2 * 128 * 127 fits.</summary>
readonly struct SignedCodes : ICodeProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(Vector256<byte> codes, Vector256<sbyte> activations)
        => Avx2.IsSupported
            ? Avx2.MultiplyAddAdjacent(
                Avx2.MultiplyAddAdjacent(Avx2.Abs(codes.AsSByte()), Avx2.Sign(activations, codes.AsSByte())), Vector256<short>.One)
            : PortableCodes.Multiply(codes.AsSByte(), activations);
}

static class PortableCodes
{
    /// <summary>Products in 16 bits (|code| * |activation| is at most 16,256), sums in 32.</summary>
    public static Vector256<int> Multiply(Vector256<sbyte> codes, Vector256<sbyte> activations)
        => Vector256.Create(
            Half(codes.GetLower(), activations.GetLower()), Half(codes.GetUpper(), activations.GetUpper()));

    static Vector128<int> Half(Vector128<sbyte> codes, Vector128<sbyte> activations)
    {
        var (codesLow, codesHigh) = Vector128.Widen(codes);
        var (activationsLow, activationsHigh) = Vector128.Widen(activations);
        var low = Vector128.Widen(codesLow * activationsLow);
        var high = Vector128.Widen(codesHigh * activationsHigh);
        return Vector128.Create(
            Vector128.Sum(low.Lower), Vector128.Sum(low.Upper), Vector128.Sum(high.Lower), Vector128.Sum(high.Upper));
    }
}

/// <summary>Dot products of unpacked integer codes with 8-bit activations.</summary>
/// <remarks>
/// For each group of 32: eight exact integer sums of four products, times (weight scale * activation scale), added to eight lanes from left
/// to right; then the lanes as <see cref="Lanes.Sum"/> says, less the dot product of minima and activation sums. The same for any number of rows.
/// </remarks>
static unsafe class CodeDots
{
    /// <summary>The definition: eight lanes, one at a time.</summary>
    /// <param name="scales">One per <paramref name="groupSize"/> codes (16 or 32).</param>
    public static float Definition(
        ReadOnlySpan<int> codes, ReadOnlySpan<float> scales, int groupSize, ReadOnlySpan<sbyte> activations, ReadOnlySpan<float> activationScales)
    {
        Span<float> lanes = stackalloc float[8];
        lanes.Clear();
        for (var i = 0; i < codes.Length; i += 4)
        {
            var sum = codes[i] * activations[i] + codes[i + 1] * activations[i + 1]
                + codes[i + 2] * activations[i + 2] + codes[i + 3] * activations[i + 3];
            var lane = i / 4 % 8;
            lanes[lane] = Lanes.MultiplyAdd(sum, scales[i / groupSize] * activationScales[i / 32], lanes[lane]);
        }

        return (lanes[0] + lanes[4] + (lanes[2] + lanes[6])) + (lanes[1] + lanes[5] + (lanes[3] + lanes[7]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> LaneScales(float* scales, int group, int groupSize)
        => groupSize == 32
            ? Vector256.Create(scales[group])
            : Vector256.Create(Vector128.Create(scales[2 * group]), Vector128.Create(scales[2 * group + 1]));

    public static float One<TCodes>(byte* codes, float* scales, int groupSize, sbyte* row, float* rowScales, int groups)
        where TCodes : struct, ICodeProducts
    {
        var sum = Vector256<float>.Zero;
        for (var group = 0; group < groups; group++)
        {
            var products = TCodes.Multiply(Vector256.Load(codes + 32 * group), Vector256.Load(row + 32 * group));
            var scale = LaneScales(scales, group, groupSize) * Vector256.Create(rowScales[group]);
            sum = Lanes.MultiplyAdd(Vector256.ConvertToSingle(products), scale, sum);
        }

        return Lanes.Sum(sum);
    }

    /// <summary>Four rows whose codes are 32 * <paramref name="groups"/> bytes and whose scales are <paramref name="groups"/> numbers apart.</summary>
    public static Vector128<float> Four<TCodes>(byte* codes, float* scales, int groupSize, sbyte* rows, float* rowScales, int groups)
        where TCodes : struct, ICodeProducts
    {
        Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        nint rowBytes = 32 * (nint)groups;
        for (var group = 0; group < groups; group++)
        {
            var weights = Vector256.Load(codes + 32 * group);
            var scale = LaneScales(scales, group, groupSize);
            var row = rows + 32 * group;
            var rowScale = rowScales + group;
            sum0 = Add<TCodes>(sum0, weights, scale, row, *rowScale);
            sum1 = Add<TCodes>(sum1, weights, scale, row + rowBytes, rowScale[groups]);
            sum2 = Add<TCodes>(sum2, weights, scale, row + 2 * rowBytes, rowScale[2 * (nint)groups]);
            sum3 = Add<TCodes>(sum3, weights, scale, row + 3 * rowBytes, rowScale[3 * (nint)groups]);
        }

        return Vector128.Create(Lanes.Sum(sum0), Lanes.Sum(sum1), Lanes.Sum(sum2), Lanes.Sum(sum3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Add<TCodes>(
        Vector256<float> sum, Vector256<byte> codes, Vector256<float> scale, sbyte* row, float rowScale)
        where TCodes : struct, ICodeProducts
        => Lanes.MultiplyAdd(
            Vector256.ConvertToSingle(TCodes.Multiply(codes, Vector256.Load(row))), scale * Vector256.Create(rowScale), sum);
}
