using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;

namespace Ouro.Tensors.Quantization;

/// <summary>The upper 16 bits of a single-precision number: its range, with 7 fraction bits.</summary>
public readonly struct BF16 : IElementFormat, ISixteenBits, IStoredNumbers
{
    const int BitsLost = 16;

    /// <inheritdoc/>
    public static ElementType Type => ElementType.BF16;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
        => Widen(MemoryMarshal.Cast<byte, ushort>(Numbers.Whole(blocks, sizeof(ushort))), values);

    /// <summary>Rounds to nearest, ties to even. Finite numbers stay finite; infinities and NaN stay what they are.</summary>
    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
        => SixteenBits.Narrow<Saturating<BF16>>(values, MemoryMarshal.Cast<byte, ushort>(Numbers.Whole(blocks, sizeof(ushort))));

    /// <summary>The same numbers in single precision, exactly, to the last bit of a NaN.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Widen(ReadOnlySpan<ushort> bits, Span<float> values) => SixteenBits.Widen<BF16>(bits, values);

    /// <summary>Nearest, ties to even; what rounds beyond the largest number becomes infinity; a NaN stays a NaN.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Narrow(ReadOnlySpan<float> values, Span<ushort> bits) => SixteenBits.Narrow<BF16>(values, bits);

    static int IStoredNumbers.BytesFor32 => 32 * sizeof(ushort);

    static unsafe Vector512<float> IStoredNumbers.Load(byte* row, int index) => SixteenBits.Load<BF16>(in ((short*)row)[index]);

    static unsafe void IStoredNumbers.Load(byte* row, int index, out Vector512<float> low, out Vector512<float> high)
        => (low, high) = (SixteenBits.Load<BF16>(in ((short*)row)[index]), SixteenBits.Load<BF16>(in ((short*)row)[index + 16]));

    static Vector512<float> ISixteenBits.Widen(Vector512<int> bits) => (bits << BitsLost).AsSingle();

    static Vector256<uint> ISixteenBits.Narrow(Vector256<float> values)
    {
        var bits = values.AsUInt32();
        var even = (bits >> BitsLost) & Vector256.Create(1u);
        var rounded = (bits + Vector256.Create(0x7FFFu) + even) >> BitsLost;
        var quiet = (bits >> BitsLost) | Vector256.Create(0x40u);     // a fraction that is cut to zero would mean infinity
        return Vector256.ConditionalSelect(Vector256.Equals(values, values).AsUInt32(), rounded, quiet);
    }
}
