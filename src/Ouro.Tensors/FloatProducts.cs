using System.Runtime.Intrinsics;

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
