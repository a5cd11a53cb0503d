using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Packed;

/// <summary>How the codes of a group lie in memory: b bits a code in b vectors of 64 bytes.</summary>
/// <remarks>
/// As many steps as can have their codes in one piece, most of them at the bottom of a byte, where an "and" is all that it takes; the last
/// steps are put together from the bits that are left over. Lower bits of a divided code come first: from the first vector in the picture
/// that has some of them. The pictures name steps, from bit 7 down to bit 0. Steps are constants where codes are read.
/// </remarks>
unsafe interface IPlanes
{
    /// <summary>Bits of a code.</summary>
    static abstract int Bits { get; }

    /// <summary>See <see cref="IPackedFormat{TSelf}.StepsIn16Bits"/>.</summary>
    static abstract int StepsIn16Bits { get; }

    /// <summary>Codes 4 * <paramref name="step"/> to 4 * step + 3 of each output, or of the eight outputs that <paramref name="group"/> leads to.</summary>
    static abstract TVector Read<TBits, TVector>(byte* group, int step)
        where TBits : struct, IBits<TVector>;

    /// <summary>Lays the codes of a step over memory that is zero there.</summary>
    static abstract void Write(byte* group, int step, Vector512<byte> codes);
}

/// <summary>Codes of 3 bits.</summary>
/// <remarks>
/// <code>
/// vector 0   6 6 | 1 1 1 | 0 0 0
/// vector 1   7 7 | 3 3 3 | 2 2 2
/// vector 2   7 | 6 | 5 5 5 | 4 4 4
/// </code>
/// </remarks>
readonly unsafe struct ThreeBits : IPlanes
{
    public static int Bits => 3;

    public static int StepsIn16Bits => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Read<TBits, TVector>(byte* group, int step)
        where TBits : struct, IBits<TVector>
    {
        if (step < 6)
            return TBits.Down(group + step / 2 * Planes.Bytes, step % 2 * 3, 7);

        return TBits.Or(TBits.Down(group + (step - 6) * Planes.Bytes, 6, 3), TBits.Down(group + 2 * Planes.Bytes, step - 2, 4));
    }

    public static void Write(byte* group, int step, Vector512<byte> codes)
    {
        if (step < 6)
        {
            Planes.Put(group + step / 2 * Planes.Bytes, codes, 0, 3, step % 2 * 3);
            return;
        }

        Planes.Put(group + (step - 6) * Planes.Bytes, codes, 0, 2, 6);
        Planes.Put(group + 2 * Planes.Bytes, codes, 2, 1, step);
    }
}

/// <summary>Codes of 4 bits.</summary>
/// <remarks>
/// <code>
/// vector v   v+4 (4 bits) | v (4 bits)     v = 0..3
/// </code>
/// </remarks>
readonly unsafe struct FourBits : IPlanes
{
    public static int Bits => 4;

    public static int StepsIn16Bits => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Read<TBits, TVector>(byte* group, int step)
        where TBits : struct, IBits<TVector>
        => TBits.Down(group + step % 4 * Planes.Bytes, step / 4 * 4, 15);

    public static void Write(byte* group, int step, Vector512<byte> codes) => Planes.Put(group + step % 4 * Planes.Bytes, codes, 0, 4, step / 4 * 4);
}

/// <summary>Codes of 5 bits.</summary>
/// <remarks>
/// <code>
/// vector 0   5 5 5 | 0 (5 bits)
/// vector 1   6 6 6 | 1
/// vector 2   7 7 7 | 2
/// vector 3   6 | 5 5 | 3
/// vector 4   6 | 7 7 | 4
/// </code>
/// </remarks>
readonly unsafe struct FiveBits : IPlanes
{
    public static int Bits => 5;

    public static int StepsIn16Bits => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Read<TBits, TVector>(byte* group, int step)
        where TBits : struct, IBits<TVector>
    {
        if (step < 5)
            return TBits.Down(group + step * Planes.Bytes, 0, 31);

        var low = TBits.Down(group + (step - 5) * Planes.Bytes, 5, 7);
        if (step == 6)
            return TBits.Or(low, TBits.Or(TBits.Down(group + 3 * Planes.Bytes, 4, 8), TBits.Down(group + 4 * Planes.Bytes, 3, 16)));

        return TBits.Or(low, TBits.Down(group + (step == 5 ? 3 : 4) * Planes.Bytes, 2, 24));
    }

    public static void Write(byte* group, int step, Vector512<byte> codes)
    {
        if (step < 5)
        {
            Planes.Put(group + step * Planes.Bytes, codes, 0, 5, 0);
            return;
        }

        Planes.Put(group + (step - 5) * Planes.Bytes, codes, 0, 3, 5);
        if (step == 6)
        {
            Planes.Put(group + 3 * Planes.Bytes, codes, 3, 1, 7);
            Planes.Put(group + 4 * Planes.Bytes, codes, 4, 1, 7);
        }
        else
        {
            Planes.Put(group + (step == 5 ? 3 : 4) * Planes.Bytes, codes, 3, 2, 5);
        }
    }
}

/// <summary>Codes of 6 bits.</summary>
/// <remarks>
/// <code>
/// vector v   6 6 | v (6 bits)     v = 0..2
/// vector v   7 7 | v (6 bits)     v = 3..5
/// </code>
/// </remarks>
readonly unsafe struct SixBits : IPlanes
{
    public static int Bits => 6;

    public static int StepsIn16Bits => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Read<TBits, TVector>(byte* group, int step)
        where TBits : struct, IBits<TVector>
    {
        if (step < 6)
            return TBits.Down(group + step * Planes.Bytes, 0, 63);

        var from = group + (step - 6) * 3 * Planes.Bytes;
        return TBits.Or(TBits.Down(from, 6, 3), TBits.Or(TBits.Down(from + Planes.Bytes, 4, 12), TBits.Down(from + 2 * Planes.Bytes, 2, 48)));
    }

    public static void Write(byte* group, int step, Vector512<byte> codes)
    {
        if (step < 6)
        {
            Planes.Put(group + step * Planes.Bytes, codes, 0, 6, 0);
            return;
        }

        for (var part = 0; part < 3; part++)
            Planes.Put(group + ((step - 6) * 3 + part) * Planes.Bytes, codes, 2 * part, 2, 6);
    }
}

/// <summary>How bits are taken out of memory: as many bytes at once as the processor has registers for.</summary>
unsafe interface IBits<TVector>
{
    /// <summary>Each byte shifted to the right, then only <paramref name="mask"/> of it.</summary>
    static abstract TVector Down(byte* from, int shift, byte mask);

    static abstract TVector Or(TVector left, TVector right);
}

/// <summary>64 bytes: a step of all sixteen outputs.</summary>
readonly unsafe struct SixteenOutputs : IBits<Vector512<byte>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Down(byte* from, int shift, byte mask)
        => (Vector512.Load((ushort*)from) >>> shift).AsByte() & Vector512.Create(mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Or(Vector512<byte> left, Vector512<byte> right) => left | right;
}

/// <summary>32 bytes: a step of eight outputs.</summary>
readonly unsafe struct EightOutputs : IBits<Vector256<byte>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Down(byte* from, int shift, byte mask)
        => (Vector256.Load((ushort*)from) >>> shift).AsByte() & Vector256.Create(mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Or(Vector256<byte> left, Vector256<byte> right) => left | right;
}

static unsafe class Planes
{
    /// <summary>Bytes of a vector.</summary>
    public const int Bytes = PackedLayout.StepBytes;

    /// <summary>Lays some bits of codes over a vector that is zero there.</summary>
    public static void Put(byte* vector, Vector512<byte> codes, int from, int count, int to)
    {
        var bits = ((codes.AsUInt16() >>> from).AsByte() & Vector512.Create((byte)((1 << count) - 1))).AsUInt16() << to;
        (Vector512.Load(vector) | bits.AsByte()).Store(vector);
    }
}
