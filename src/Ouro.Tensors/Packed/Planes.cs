using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Packed;

/// <summary>Bits of the eight steps of a group, laid over each other in as few vectors as hold them.</summary>
/// <remarks>
/// <code>
/// nibbles   4 vectors   bits 3..0 of vector v: step v; bits 7..4: step v + 4
/// pairs     2 vectors   bits 1,0 of vector v: step v; 3,2: step v + 2; 5,4: step v + 4; 7,6: step v + 6
/// bits      1 vector    bit s: step s
/// </code>
/// Steps are constants where these are called, so a call is a load, a shift and an "and".
/// </remarks>
static unsafe class Planes
{
    public const int NibbleBytes = 4 * PackedLayout.StepBytes;
    public const int PairBytes = 2 * PackedLayout.StepBytes;
    public const int BitBytes = PackedLayout.StepBytes;

    /// <summary>Four bits of each code, at the bottom.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Nibble(byte* plane, int step)
        => (step < 4 ? Vector512.Load(plane + step * PackedLayout.StepBytes)
            : (Vector512.Load((ushort*)(plane + (step - 4) * PackedLayout.StepBytes)) >>> 4).AsByte()) & Vector512.Create((byte)15);

    /// <summary>Two bits of each code, the lower of them at bit <paramref name="bit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Pair(byte* plane, int step, int bit)
    {
        var pairs = Vector512.Load((ushort*)(plane + step % 2 * PackedLayout.StepBytes));
        return (step / 2 * 2 >= bit ? pairs >>> (step / 2 * 2 - bit) : pairs << (bit - step / 2 * 2)).AsByte() & Vector512.Create((byte)(3 << bit));
    }

    /// <summary>One bit of each code, at bit <paramref name="bit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bit(byte* plane, int step, int bit)
    {
        var bits = Vector512.Load((ushort*)plane);
        return (step >= bit ? bits >>> (step - bit) : bits << (bit - step)).AsByte() & Vector512.Create((byte)(1 << bit));
    }

    /// <summary>Lays four bits of a step's codes over what the plane has, which must be zero there.</summary>
    public static void PutNibble(byte* plane, int step, Vector512<byte> codes)
        => Put(plane + step % 4 * PackedLayout.StepBytes, Move(codes & Vector512.Create((byte)15), 0, step / 4 * 4));

    /// <summary>Lays the two bits of a step's codes from <paramref name="bit"/> on over what the plane has, which must be zero there.</summary>
    public static void PutPair(byte* plane, int step, int bit, Vector512<byte> codes)
        => Put(plane + step % 2 * PackedLayout.StepBytes, Move(codes & Vector512.Create((byte)(3 << bit)), bit, step / 2 * 2));

    /// <summary>Lays bit <paramref name="bit"/> of a step's codes over what the plane has, which must be zero there.</summary>
    public static void PutBit(byte* plane, int step, int bit, Vector512<byte> codes)
        => Put(plane, Move(codes & Vector512.Create((byte)(1 << bit)), bit, step));

    static void Put(byte* vector, Vector512<byte> bits) => (Vector512.Load(vector) | bits).Store(vector);

    /// <summary>Shifts each byte so that bit <paramref name="from"/> comes to bit <paramref name="to"/>; other bits may come from a neighbour.</summary>
    static Vector512<byte> Move(Vector512<byte> bytes, int from, int to)
        => from > to ? (bytes.AsUInt16() >>> (from - to)).AsByte()
            : from < to ? (bytes.AsUInt16() << (to - from)).AsByte()
            : bytes;
}
