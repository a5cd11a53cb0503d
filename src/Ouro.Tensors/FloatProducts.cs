using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Dot products of single-precision rows.</summary>
/// <remarks>
/// Order of summation, the same for every number of rows: number i of a row goes to lane i mod 16; each lane is summed from left to right;
/// the sixteen sums are added as <see cref="Lanes.SumSixteen"/> says. Rows are padded with zeros to whole vectors. Which of the two
/// factors is a weight makes no difference.
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

    /// <summary>One product of <paramref name="length"/> numbers, a multiple of 16.</summary>
    public static float One(float* weights, float* row, int length)
    {
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < length; i += 16)
            sum = Lanes.MultiplyAdd(Vector512.Load(weights + i), Vector512.Load(row + i), sum);
        return Lanes.SumSixteen(sum);
    }

    /// <summary>One row with four, which are stored <paramref name="stride"/> bytes apart.</summary>
    /// <param name="length">Numbers in a row, a multiple of 16.</param>
    /// <param name="ahead">How many bytes behind what is read memory is asked for; 0 for nothing.</param>
    public static Vector128<float> Four<TFour>(float* one, byte* four, nint stride, int length, nint ahead = 0)
        where TFour : struct, IStoredNumbers
    {
        Vector512<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        byte* four1 = four + stride, four2 = four1 + stride, four3 = four2 + stride;
        var i = 0;
        for (; i + 32 <= length; i += 32)
        {
            var (low, high) = (Vector512.Load(one + i), Vector512.Load(one + i + 16));
            if (Sse.IsSupported && ahead != 0)
                Prefetch(four + ahead + i / 32 * TFour.BytesFor32, stride, TFour.BytesFor32);
            sum0 = Add<TFour>(sum0, low, high, four, i);
            sum1 = Add<TFour>(sum1, low, high, four1, i);
            sum2 = Add<TFour>(sum2, low, high, four2, i);
            sum3 = Add<TFour>(sum3, low, high, four3, i);
        }

        if (i < length)
        {
            var x = Vector512.Load(one + i);
            sum0 = Lanes.MultiplyAdd(x, TFour.Load(four, i), sum0);
            sum1 = Lanes.MultiplyAdd(x, TFour.Load(four1, i), sum1);
            sum2 = Lanes.MultiplyAdd(x, TFour.Load(four2, i), sum2);
            sum3 = Lanes.MultiplyAdd(x, TFour.Load(four3, i), sum3);
        }

        return Lanes.Sums(sum0, sum1, sum2, sum3);
    }

    /// <summary>Two rows with four, which are read and widened once for both. Meant for 32 registers.</summary>
    /// <inheritdoc cref="Four{TFour}"/>
    /// <param name="twoStride">Numbers from the first of the two rows to the second.</param>
    /// <param name="result">Element [i, j], at i * <paramref name="resultStride"/> + j, is row i of the two with row j of the four.</param>
    public static void Eight<TFour>(float* two, nint twoStride, byte* four, nint stride, int length, nint ahead, float* result, nint resultStride)
        where TFour : struct, IStoredNumbers
    {
        Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector512<float> s10 = default, s11 = default, s12 = default, s13 = default;
        byte* four1 = four + stride, four2 = four1 + stride, four3 = four2 + stride;
        var other = two + twoStride;
        for (var i = 0; i < length; i += 16)
        {
            if (Sse.IsSupported && ahead != 0 && i % 32 == 0)
                Prefetch(four + ahead + i / 32 * TFour.BytesFor32, stride, TFour.BytesFor32);
            var x = Vector512.Load(two + i);
            var y = Vector512.Load(other + i);
            var b = TFour.Load(four, i);
            (s00, s10) = (Lanes.MultiplyAdd(x, b, s00), Lanes.MultiplyAdd(y, b, s10));
            b = TFour.Load(four1, i);
            (s01, s11) = (Lanes.MultiplyAdd(x, b, s01), Lanes.MultiplyAdd(y, b, s11));
            b = TFour.Load(four2, i);
            (s02, s12) = (Lanes.MultiplyAdd(x, b, s02), Lanes.MultiplyAdd(y, b, s12));
            b = TFour.Load(four3, i);
            (s03, s13) = (Lanes.MultiplyAdd(x, b, s03), Lanes.MultiplyAdd(y, b, s13));
        }

        Lanes.Sums(s00, s01, s02, s03).Store(result);
        Lanes.Sums(s10, s11, s12, s13).Store(result + resultStride);
    }

    /// <summary>Four rows with four others: sixteen products for eight rows read. Meant for 32 registers.</summary>
    /// <param name="aStride">Numbers from one of the first four rows to the next.</param>
    /// <param name="bStride">Numbers from one of the other four rows to the next.</param>
    /// <param name="length">Numbers in a row, a multiple of 16.</param>
    /// <param name="result">Element [i, j], at i * <paramref name="resultStride"/> + j, is row i of the first with row j of the others.</param>
    public static void Sixteen(float* a, nint aStride, float* b, nint bStride, int length, float* result, nint resultStride)
    {
        Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector512<float> s10 = default, s11 = default, s12 = default, s13 = default;
        Vector512<float> s20 = default, s21 = default, s22 = default, s23 = default;
        Vector512<float> s30 = default, s31 = default, s32 = default, s33 = default;
        for (nint i = 0; i < length; i += 16)
        {
            var b0 = Vector512.Load(b + i);
            var b1 = Vector512.Load(b + bStride + i);
            var b2 = Vector512.Load(b + 2 * bStride + i);
            var b3 = Vector512.Load(b + 3 * bStride + i);
            var x = Vector512.Load(a + i);
            (s00, s01) = (Lanes.MultiplyAdd(x, b0, s00), Lanes.MultiplyAdd(x, b1, s01));
            (s02, s03) = (Lanes.MultiplyAdd(x, b2, s02), Lanes.MultiplyAdd(x, b3, s03));
            x = Vector512.Load(a + aStride + i);
            (s10, s11) = (Lanes.MultiplyAdd(x, b0, s10), Lanes.MultiplyAdd(x, b1, s11));
            (s12, s13) = (Lanes.MultiplyAdd(x, b2, s12), Lanes.MultiplyAdd(x, b3, s13));
            x = Vector512.Load(a + 2 * aStride + i);
            (s20, s21) = (Lanes.MultiplyAdd(x, b0, s20), Lanes.MultiplyAdd(x, b1, s21));
            (s22, s23) = (Lanes.MultiplyAdd(x, b2, s22), Lanes.MultiplyAdd(x, b3, s23));
            x = Vector512.Load(a + 3 * aStride + i);
            (s30, s31) = (Lanes.MultiplyAdd(x, b0, s30), Lanes.MultiplyAdd(x, b1, s31));
            (s32, s33) = (Lanes.MultiplyAdd(x, b2, s32), Lanes.MultiplyAdd(x, b3, s33));
        }

        Lanes.Sums(s00, s01, s02, s03).Store(result);
        Lanes.Sums(s10, s11, s12, s13).Store(result + resultStride);
        Lanes.Sums(s20, s21, s22, s23).Store(result + 2 * resultStride);
        Lanes.Sums(s30, s31, s32, s33).Store(result + 3 * resultStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Prefetch(byte* four, nint stride, int bytes)
    {
        for (var line = 0; line < bytes; line += 64)
        {
            Sse.Prefetch0(four + line);
            Sse.Prefetch0(four + stride + line);
            Sse.Prefetch0(four + 2 * stride + line);
            Sse.Prefetch0(four + 3 * stride + line);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Add<TStored>(Vector512<float> sum, Vector512<float> low, Vector512<float> high, byte* stored, int index)
        where TStored : struct, IStoredNumbers
    {
        TStored.Load(stored, index, out var storedLow, out var storedHigh);
        return Lanes.MultiplyAdd(high, storedHigh, Lanes.MultiplyAdd(low, storedLow, sum));
    }
}
