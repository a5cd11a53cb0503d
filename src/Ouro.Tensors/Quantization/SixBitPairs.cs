using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>Eight scales and eight minima of 6 bits each in twelve bytes, as Q4_K and Q5_K keep them.</summary>
/// <remarks>
/// <code>
///            7 6                5 4 3 2 1 0
/// byte 0..3  scale[j+4] bits 5,4 | scale[j]             j = 0..3, the byte's place in its four
/// byte 4..7  min[j+4] bits 5,4   | min[j]
///            7 6 5 4             3 2 1 0
/// byte 8..11 min[j+4] bits 3..0  | scale[j+4] bits 3..0
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
struct SixBitPairs
{
    public const int Count = 8;
    public const int Largest = 63;

    Bytes12 _bytes;

    public readonly (int Scale, int Minimum) this[int group]
        => group < 4
            ? (_bytes[group] & 63, _bytes[group + 4] & 63)
            : ((_bytes[group + 4] & 15) | (_bytes[group - 4] >> 6 << 4), (_bytes[group + 4] >> 4) | (_bytes[group] >> 6 << 4));

    /// <summary>Eight scales and eight minima, multiplied by the block's own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Unpack(ushort scale, ushort minimum, ref float scales, ref float minima)
    {
        var (scaleCodes, minimumCodes) = Unpack();
        (ByteVectors.ToSingles(scaleCodes) * F16.Widen(scale)).StoreUnsafe(ref scales);
        (ByteVectors.ToSingles(minimumCodes) * F16.Widen(minimum)).StoreUnsafe(ref minima);
    }

    /// <summary>Eight scales and eight minima, a byte each, the first in the lowest byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly (ulong Scales, ulong Minima) Unpack()
    {
        // Four bytes at a time: the picture above, row by row.
        var (first, second, third) = (ByteVectors.Word(in _bytes, 0), ByteVectors.Word(in _bytes, 1), ByteVectors.Word(in _bytes, 2));
        return (
            (first & 0x3F3F3F3F) | (ulong)((third & 0x0F0F0F0F) | ((first >> 2) & 0x30303030)) << 32,
            (second & 0x3F3F3F3F) | (ulong)(((third >> 4) & 0x0F0F0F0F) | ((second >> 2) & 0x30303030)) << 32);
    }

    /// <summary>Packs eight of each, whole numbers from 0 to 63.</summary>
    public static SixBitPairs Pack(Vector256<float> scales, Vector256<float> minima)
    {
        var (s, m) = (Vector256.ConvertToInt32Native(scales), Vector256.ConvertToInt32Native(minima));
        var packed = new SixBitPairs();
        for (var j = 0; j < Count / 2; j++)
        {
            packed._bytes[j] = (byte)(s[j] | (s[j + 4] >> 4 << 6));
            packed._bytes[j + 4] = (byte)(m[j] | (m[j + 4] >> 4 << 6));
            packed._bytes[j + 8] = (byte)((s[j + 4] & 15) | (m[j + 4] << 4));
        }

        return packed;
    }
}
