using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>
/// Eight groups side by side, one in each lane: element i of all eight is one vector. Every sum over a group then runs down a lane, in the
/// order of the elements, so that encoders give the same bytes on every instruction set.
/// </summary>
/// <remarks>For the same reason nothing here or in the encoders uses fused multiplication or a sum across lanes.</remarks>
static class EightGroups
{
    public const int Count = 8;

    // Adding and taking away 1.5 * 2^23 leaves no fraction bits: nearest, ties to even.
    const float RoundingShift = 12582912;

    /// <summary>Reads eight neighbouring groups; numbers beyond the bounds are moved to them.</summary>
    public static void Gather(ReadOnlySpan<float> values, float lowest, float highest, Span<Vector256<float>> lanes)
    {
        var size = lanes.Length;
        ref var first = ref MemoryMarshal.GetReference(values[..(Count * size)]);
        var (low, high) = (Vector256.Create(lowest), Vector256.Create(highest));
        for (var i = 0; i < size; i++)
        {
            ref var element = ref Unsafe.Add(ref first, i);
            var eight = Vector256.Create(
                element, Unsafe.Add(ref element, size), Unsafe.Add(ref element, 2 * size), Unsafe.Add(ref element, 3 * size),
                Unsafe.Add(ref element, 4 * size), Unsafe.Add(ref element, 5 * size), Unsafe.Add(ref element, 6 * size),
                Unsafe.Add(ref element, 7 * size));
            lanes[i] = Clamp(eight, low, high);
        }
    }

    /// <summary>Writes element <paramref name="index"/> of eight neighbouring groups of <paramref name="size"/> bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scatter(Vector256<float> wholeNumbers, int index, int size, ref byte codes)
    {
        var numbers = Vector256.ConvertToInt32Native(wholeNumbers).AsUInt64();
        ref var code = ref Unsafe.Add(ref codes, index);
        ScatterPair(numbers[0], size, ref code);
        ScatterPair(numbers[1], size, ref Unsafe.Add(ref code, 2 * size));
        ScatterPair(numbers[2], size, ref Unsafe.Add(ref code, 4 * size));
        ScatterPair(numbers[3], size, ref Unsafe.Add(ref code, 6 * size));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void ScatterPair(ulong pair, int size, ref byte code)
    {
        code = (byte)pair;
        Unsafe.Add(ref code, size) = (byte)(pair >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Round(Vector256<float> values)
        => values + Vector256.Create(RoundingShift) - Vector256.Create(RoundingShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Clamp(Vector256<float> values, Vector256<float> low, Vector256<float> high)
        => Vector256.MinNative(Vector256.MaxNative(values, low), high);

    /// <summary>1 / value, and 0 for lanes so small that only zeros can be stored for them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> InverseOrZero(Vector256<float> values)
    {
        const float TooSmall = 1e-30f;
        var usable = Vector256.GreaterThan(Vector256.Abs(values), Vector256.Create(TooSmall));
        return (Vector256<float>.One / Vector256.ConditionalSelect(usable, values, Vector256<float>.One)) & usable;
    }

    /// <summary>The lane that is largest as an absolute number, with its sign.</summary>
    public static float Extreme(Vector256<float> values)
    {
        var extreme = 0f;
        for (var lane = 0; lane < Count; lane++)
            if (MathF.Abs(values[lane]) > MathF.Abs(extreme))
                extreme = values[lane];

        return extreme;
    }

    /// <summary>The sum over the lanes, first to last.</summary>
    public static float Sum(Vector256<float> values)
    {
        var sum = 0f;
        for (var lane = 0; lane < Count; lane++)
            sum += values[lane];

        return sum;
    }
}
