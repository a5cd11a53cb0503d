using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Packed;

/// <summary>Where the bits of the eight steps of a group lie: b bits a code in b vectors of 64 bytes.</summary>
/// <remarks>
/// As many steps as can have their codes in one piece, most of them at the bottom of a byte, where an "and" is all that it takes; the last
/// steps are put together from the bits that are left over. Numbers are steps, from bit 7 down to bit 0:
/// <code>
/// 3 bits   vector 0: 6 6 | 1 1 1 | 0 0 0        4 bits   vector v: v+4 (4 bits) | v (4 bits)       v = 0..3
///          vector 1: 7 7 | 3 3 3 | 2 2 2
///          vector 2: 7 | 6 | 5 5 5 | 4 4 4
/// 5 bits   vector 0: 5 5 5 | 0 (5 bits)         6 bits   vector v: 6 6 | v (6 bits)                v = 0..2
///          vector 1: 6 6 6 | 1                           vector v: 7 7 | v (6 bits)                v = 3..5
///          vector 2: 7 7 7 | 2
///          vector 3: 6 | 5 5 | 3
///          vector 4: 6 | 7 7 | 4
/// </code>
/// Lower bits of a divided code come first: from the first vector in this list that has some of them. Steps are constants where codes are read.
/// </remarks>
static unsafe class Planes
{
    const int Vector = PackedLayout.StepBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Threes(byte* group, int step)
    {
        if (step < 6)
            return Down(group + step / 2 * Vector, step % 2 * 3, 7);

        return Down(group + (step - 6) * Vector, 6, 3) | Down(group + 2 * Vector, step - 2, 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Fours(byte* group, int step) => Down(group + step % 4 * Vector, step / 4 * 4, 15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Fives(byte* group, int step)
    {
        if (step < 5)
            return Down(group + step * Vector, 0, 31);

        var low = Down(group + (step - 5) * Vector, 5, 7);
        if (step == 6)
            return low | Down(group + 3 * Vector, 4, 8) | Down(group + 4 * Vector, 3, 16);

        return low | Down(group + (step == 5 ? 3 : 4) * Vector, 2, 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Sixes(byte* group, int step)
    {
        if (step < 6)
            return Down(group + step * Vector, 0, 63);

        var from = group + (step - 6) * 3 * Vector;
        return Down(from, 6, 3) | Down(from + Vector, 4, 12) | Down(from + 2 * Vector, 2, 48);
    }

    public static void PutThrees(byte* group, int step, Vector512<byte> codes)
    {
        if (step < 6)
        {
            Put(group + step / 2 * Vector, codes, 0, 3, step % 2 * 3);
            return;
        }

        Put(group + (step - 6) * Vector, codes, 0, 2, 6);
        Put(group + 2 * Vector, codes, 2, 1, step);
    }

    public static void PutFours(byte* group, int step, Vector512<byte> codes) => Put(group + step % 4 * Vector, codes, 0, 4, step / 4 * 4);

    public static void PutFives(byte* group, int step, Vector512<byte> codes)
    {
        if (step < 5)
        {
            Put(group + step * Vector, codes, 0, 5, 0);
            return;
        }

        Put(group + (step - 5) * Vector, codes, 0, 3, 5);
        if (step == 6)
        {
            Put(group + 3 * Vector, codes, 3, 1, 7);
            Put(group + 4 * Vector, codes, 4, 1, 7);
        }
        else
        {
            Put(group + (step == 5 ? 3 : 4) * Vector, codes, 3, 2, 5);
        }
    }

    public static void PutSixes(byte* group, int step, Vector512<byte> codes)
    {
        if (step < 6)
        {
            Put(group + step * Vector, codes, 0, 6, 0);
            return;
        }

        for (var part = 0; part < 3; part++)
            Put(group + ((step - 6) * 3 + part) * Vector, codes, 2 * part, 2, 6);
    }

    /// <summary>Each byte shifted to the right, then only <paramref name="mask"/> of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<byte> Down(byte* vector, int shift, byte mask)
        => (Vector512.Load((ushort*)vector) >>> shift).AsByte() & Vector512.Create(mask);

    /// <summary>Lays some bits of codes over a vector that is zero there.</summary>
    static void Put(byte* vector, Vector512<byte> codes, int from, int count, int to)
    {
        var bits = ((codes.AsUInt16() >>> from).AsByte() & Vector512.Create((byte)((1 << count) - 1))).AsUInt16() << to;
        (Vector512.Load(vector) | bits.AsByte()).Store(vector);
    }
}
