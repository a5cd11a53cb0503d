using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>Twelve bytes of a block: packed 6-bit numbers.</summary>
[InlineArray(12)]
struct Bytes12
{
    byte _first;
}

/// <summary>Sixteen bytes of a block.</summary>
[InlineArray(16)]
struct Bytes16
{
    byte _first;
}

/// <summary>Thirty-two bytes of a block.</summary>
[InlineArray(32)]
struct Bytes32
{
    byte _first;
}

/// <summary>Sixty-four bytes of a block.</summary>
[InlineArray(64)]
struct Bytes64
{
    byte _first;
}

/// <summary>A hundred and twenty-eight bytes of a block.</summary>
[InlineArray(128)]
struct Bytes128
{
    byte _first;
}

/// <summary>Vector reads and writes of the byte fields of a block, and shifts of bytes.</summary>
static class ByteVectors
{
    /// <summary>The 32 bytes that begin at <paramref name="offset"/> of a field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load<TField>(ref readonly TField field, int offset) where TField : struct
        => Vector256.LoadUnsafe(ref Unsafe.As<TField, byte>(ref Unsafe.AsRef(in field)), (nuint)offset);

    /// <summary>Part <paramref name="index"/> of a field, read as 32-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Word<TField>(ref readonly TField field, int index) where TField : struct
        => Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref Unsafe.As<TField, byte>(ref Unsafe.AsRef(in field)), index * sizeof(uint)));

    /// <summary>Part <paramref name="index"/> of a field, read as 64-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Long<TField>(ref readonly TField field, int index) where TField : struct
        => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref Unsafe.As<TField, byte>(ref Unsafe.AsRef(in field)), index * sizeof(ulong)));

    /// <summary>
    /// Bits of each byte moved to the right (left if <paramref name="bits"/> is negative), then those in <paramref name="mask"/> kept.
    /// The mask must drop the bits that come in from the neighbouring byte.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftRight(Vector256<byte> bytes, int bits, byte mask)
    {
        var shifted = bits >= 0 ? bytes.AsUInt16() >> bits : bytes.AsUInt16() << -bits;
        return shifted.AsByte() & Vector256.Create(mask);
    }

    /// <summary>Writes 32 bytes of a field, beginning at <paramref name="offset"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TField>(Vector256<byte> bytes, ref TField field, int offset) where TField : struct
        => bytes.StoreUnsafe(ref Unsafe.As<TField, byte>(ref field), (nuint)offset);

    /// <summary>Bits of each byte moved to the left, then those in <paramref name="mask"/> kept; see <see cref="ShiftRight"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftLeft(Vector256<byte> bytes, int bits, byte mask) => ShiftRight(bytes, -bits, mask);

    /// <summary>Eight bytes, the first the lowest, as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingles(ulong bytes)
        => Vector256.ConvertToSingle(Vector256.WidenLower(Vector256.WidenLower(Vector256.CreateScalarUnsafe(bytes).AsByte())).AsInt32());

    /// <summary>Eight signed bytes, the first the lowest, as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSinglesSigned(ulong bytes)
        => Vector256.ConvertToSingle(Vector256.WidenLower(Vector256.WidenLower(Vector256.CreateScalarUnsafe(bytes).AsSByte())));

    /// <summary>The bytes of a field as a span to write to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Span<byte> Span<TField>(ref TField field) where TField : unmanaged
        => MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref field, 1));
}
