using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;

namespace Ouro.Tensors.Quantization;

/// <summary>IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits; largest number 65504.</summary>
public readonly struct F16 : IElementFormat, ISixteenBits, IStoredNumbers
{
    const uint Magnitude = 0x7FFF;
    const uint SmallestNormal = 0x0400;
    const uint InfinityBits = 0x7C00;
    const int FractionBitsLost = 13;               // 23 of a single - 10 of a half
    const uint ExponentLift = (127 - 15) << 23;    // from the bias of a half to that of a single
    const uint OneExponent = 1 << 23;
    const uint SingleInfinity = 0x7F800000;
    const int SignAndMagnitude = unchecked((int)0x8FFFE000);    // of a half, moved up, with its sign repeated above the magnitude
    const uint TwoTo112 = (112 + 127) << 23;                    // 2^(127 - 15)

    /// <summary>The largest finite number.</summary>
    public const float Largest = 65504;

    /// <inheritdoc/>
    public static ElementType Type => ElementType.F16;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
        => SixteenBits.Widen<F16>(MemoryMarshal.Cast<byte, ushort>(Numbers.Whole(blocks, sizeof(ushort))), values);

    /// <summary>Rounds to nearest, ties to even. Finite numbers too large become ±65504, infinities and NaN stay.</summary>
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
        => SixteenBits.Narrow<Saturating<F16>>(values, MemoryMarshal.Cast<byte, ushort>(Numbers.Whole(blocks, sizeof(ushort))));

    /// <summary>The same numbers in single precision, exactly; a NaN stays a NaN.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Widen(ReadOnlySpan<Half> halves, Span<float> values)
        => SixteenBits.Widen<F16>(MemoryMarshal.Cast<Half, ushort>(halves), values);

    /// <summary>IEEE 754 conversion: nearest, ties to even; from 65520 on infinity; a NaN stays a NaN.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Narrow(ReadOnlySpan<float> values, Span<Half> halves)
        => SixteenBits.Narrow<F16>(values, MemoryMarshal.Cast<Half, ushort>(halves));

    /// <summary>The number that the 16 bits mean, exactly. Cheaper than a cast from <see cref="Half"/>.</summary>
    public static float Widen(ushort bits)
    {
        var magnitude = bits & Magnitude;
        var drop = magnitude < SmallestNormal ? ExponentLift + OneExponent : 0;
        var lift = magnitude < SmallestNormal ? ExponentLift + OneExponent : magnitude >= InfinityBits ? 2 * ExponentLift : ExponentLift;
        var widened = BitConverter.UInt32BitsToSingle((magnitude << FractionBitsLost) + lift) - BitConverter.UInt32BitsToSingle(drop);
        return BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(widened) | (bits & ~Magnitude) << 16);
    }

    /// <summary>False for the bits of an infinity or NaN.</summary>
    internal static bool IsFinite(ushort bits) => (bits & 0x7C00) != 0x7C00;

    /// <summary>The nearest half, but finite, and where halves are far apart not smaller than asked: codes need no cut then.</summary>
    internal static ushort NarrowScale(float scale)
    {
        var half = (Half)Math.Clamp(scale, -Largest, Largest);
        var bits = BitConverter.HalfToUInt16Bits(half);
        var isSubnormal = (bits & Magnitude) < SmallestNormal;
        return isSubnormal && Math.Abs((float)half) < Math.Abs(scale) ? (ushort)(bits + 1) : bits;
    }

    static int IStoredNumbers.BytesFor32 => 32 * sizeof(ushort);

    static unsafe Vector512<float> IStoredNumbers.Load(byte* row, int index) => SixteenBits.Load<F16>(in ((short*)row)[index]);

    static unsafe void IStoredNumbers.Load(byte* row, int index, out Vector512<float> low, out Vector512<float> high)
        => (low, high) = (SixteenBits.Load<F16>(in ((short*)row)[index]), SixteenBits.Load<F16>(in ((short*)row)[index + 16]));

    /// <summary>The number that the bits mean, exactly, if it is finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float WidenFinite(ushort bits)
        => BitConverter.Int32BitsToSingle(((short)bits << FractionBitsLost) & SignAndMagnitude) * BitConverter.UInt32BitsToSingle(TwoTo112);

    // A half's exponent and fraction, moved up, are a single's but for the bias, which one exact product puts right, for subnormals too.
    // The largest exponent means infinity or NaN in both.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> ISixteenBits.Widen(Vector512<int> bits)
    {
        var unbounded = Vector512.Equals(bits & Vector512.Create((int)InfinityBits), Vector512.Create((int)InfinityBits));
        return (WidenFinite(bits).AsInt32() | (unbounded & Vector512.Create((int)SingleInfinity))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> WidenFinite(Vector512<int> bits)
        => ((bits << FractionBitsLost) & Vector512.Create(SignAndMagnitude)).AsSingle() * Vector512.Create(TwoTo112).AsSingle();

    // Normal results round in integers: add half a unit, less one if even, and cut. Subnormal results round in floating point: 0.5 has
    // the exponent at which a single's last bit is a half's last bit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> ISixteenBits.Narrow(Vector256<float> values)
    {
        const uint FirstInfinite = 0x477FF000;     // 65520, half way from the largest half to the next power of two
        const uint FirstNormal = ExponentLift + OneExponent;
        var bits = values.AsUInt32();
        var sign = (bits >> 16) & Vector256.Create(~Magnitude & 0xFFFF);
        var magnitude = bits & Vector256.Create(~0u >> 1);

        var even = (magnitude >> FractionBitsLost) & Vector256.Create(1u);
        var normal = (magnitude - Vector256.Create(ExponentLift) + Vector256.Create(0xFFFu) + even) >> FractionBitsLost;
        var half = Vector256.Create(0.5f);
        var subnormal = (magnitude.AsSingle() + half).AsUInt32() - half.AsUInt32();
        var quiet = Vector256.Create(InfinityBits | 0x200) | ((magnitude >> FractionBitsLost) & Vector256.Create(0x3FFu));

        var narrowed = Vector256.ConditionalSelect(Below(magnitude, FirstNormal), subnormal, normal);
        narrowed = Vector256.ConditionalSelect(Below(magnitude, FirstInfinite), narrowed, Vector256.Create(InfinityBits));
        narrowed = Vector256.ConditionalSelect(Below(magnitude, SingleInfinity + 1), narrowed, quiet);
        return narrowed | sign;
    }

    // Magnitudes have no sign bit, so signed comparison, which processors have, will do.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Below(Vector256<uint> magnitude, uint bound)
        => Vector256.LessThan(magnitude.AsInt32(), Vector256.Create((int)bound)).AsUInt32();
}
