using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>What encoders ask of their arguments.</summary>
static class Numbers
{
    /// <summary>The bytes, if they are whole numbers of <paramref name="size"/> bytes.</summary>
    public static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> bytes, int size)
    {
        CheckWhole(bytes.Length, size);
        return bytes;
    }

    /// <inheritdoc cref="Whole(ReadOnlySpan{byte}, int)"/>
    public static Span<byte> Whole(Span<byte> bytes, int size)
    {
        CheckWhole(bytes.Length, size);
        return bytes;
    }

    static void CheckWhole(int length, int size)
    {
        if (length % size != 0)
            throw new ArgumentException($"{length} bytes are not a whole number of {size}-byte numbers.");
    }

    /// <summary>Refuses NaN and infinities.</summary>
    public static void CheckFinite(ReadOnlySpan<float> values)
    {
        const int InfinityBits = 0x7F800000;
        ref var first = ref MemoryMarshal.GetReference(values);
        var largest = Vector256<int>.Zero;
        var i = 0;
        for (; i <= values.Length - Vector256<int>.Count; i += Vector256<int>.Count)
            largest = Vector256.Max(largest, Vector256.LoadUnsafe(ref first, (nuint)i).AsInt32() & Vector256.Create(int.MaxValue));

        if (Vector256.GreaterThanOrEqualAny(largest, Vector256.Create(InfinityBits)) || values[i..].ContainsAnyNonFinite())
            throw new ArgumentException("Only finite numbers can be quantised, and there is a NaN or an infinity among these.");
    }

    static bool ContainsAnyNonFinite(this ReadOnlySpan<float> values)
    {
        foreach (var value in values)
            if (!float.IsFinite(value))
                return true;

        return false;
    }
}
