using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>A 16-bit floating-point format, several numbers at a time, each in the low half of 32 bits.</summary>
interface ISixteenBits
{
    /// <param name="bits">The upper half of each 32 bits repeats the sign.</param>
    static abstract Vector512<float> Widen(Vector512<int> bits);

    /// <summary>To nearest, ties to even; a NaN stays a NaN.</summary>
    static abstract Vector256<uint> Narrow(Vector256<float> values);
}

/// <summary>The loops over 16-bit numbers.</summary>
static class SixteenBits
{
    const int Step = 16;

    /// <summary>The sixteen numbers that begin at <paramref name="bits"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load<TFormat>(ref readonly short bits) where TFormat : ISixteenBits
        => TFormat.Widen(Vector512.WidenLower(Vector256.LoadUnsafe(in bits).ToVector512Unsafe()));

    public static void Widen<TFormat>(ReadOnlySpan<ushort> bits, Span<float> values) where TFormat : ISixteenBits
    {
        CheckLengths(bits.Length, values.Length);
        ref var from = ref MemoryMarshal.GetReference(bits);
        ref var to = ref MemoryMarshal.GetReference(values);
        var i = 0;
        for (; i <= bits.Length - Step; i += Step)
            WidenStep<TFormat>(ref Unsafe.Add(ref from, i), ref Unsafe.Add(ref to, i));

        if (i < bits.Length)
        {
            Span<ushort> last = stackalloc ushort[Step];
            Span<float> widened = stackalloc float[Step];
            bits[i..].CopyTo(last);
            WidenStep<TFormat>(ref last[0], ref widened[0]);
            widened[..(bits.Length - i)].CopyTo(values[i..]);
        }
    }

    public static void Narrow<TFormat>(ReadOnlySpan<float> values, Span<ushort> bits) where TFormat : ISixteenBits
    {
        CheckLengths(bits.Length, values.Length);
        ref var from = ref MemoryMarshal.GetReference(values);
        ref var to = ref MemoryMarshal.GetReference(bits);
        var i = 0;
        for (; i <= bits.Length - Step; i += Step)
            NarrowStep<TFormat>(ref Unsafe.Add(ref from, i), ref Unsafe.Add(ref to, i));

        if (i < bits.Length)
        {
            Span<float> last = stackalloc float[Step];
            Span<ushort> narrowed = stackalloc ushort[Step];
            values[i..].CopyTo(last);
            NarrowStep<TFormat>(ref last[0], ref narrowed[0]);
            narrowed[..(bits.Length - i)].CopyTo(bits[i..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void WidenStep<TFormat>(ref ushort bits, ref float values) where TFormat : ISixteenBits
        => Load<TFormat>(in Unsafe.As<ushort, short>(ref bits)).StoreUnsafe(ref values);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void NarrowStep<TFormat>(ref float values, ref ushort bits) where TFormat : ISixteenBits
    {
        var low = TFormat.Narrow(Vector256.LoadUnsafe(ref values));
        var high = TFormat.Narrow(Vector256.LoadUnsafe(ref values, (nuint)Vector256<float>.Count));
        Vector256.Narrow(low, high).StoreUnsafe(ref bits);
    }

    static void CheckLengths(int bits, int values)
    {
        if (bits != values)
            throw new ArgumentException($"{bits} numbers of 16 bits and {values} of 32 bits do not match.");
    }
}
