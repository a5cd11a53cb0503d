using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors.Packed;

namespace Ouro.Tensors.Quantization;

/// <summary>GGUF Q3_K: 256 codes of 3 bits; every 16 share a 6-bit scale; 3.4375 bits a number.</summary>
/// <remarks>
/// <code>
/// byte  0                32                              96               108   110
///       +----------------+-------------------------------+----------------+-----+
///       | 32 high bytes  | 2 halves of 32 low bytes      | 16 scales      | d   |
///       +----------------+-------------------------------+----------------+-----+
///
/// high byte l, bit k:       bit 2 of code 32k+l
/// half h, low byte l:       7 6 | 5 4 | 3 2 | 1 0       bits 1, 0 of codes l+96, l+64, l+32, l  (+ 128h)
/// scale byte j &lt; 8:         7 6 5 4     | 3 2 1 0       bits 3..0 of scales j+8, j
/// scale byte 8+j, j &lt; 4:    7 6 | 5 4 | 3 2 | 1 0       bits 5, 4 of scales j+12, j+8, j+4, j
///
/// value[i] = d * (scale[i / 16] - 32) * (code[i] - 4)
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct Q3_K : IGroupScaledBlock<Q3_K>, IPackableBlock<Q3_K>
{
    const int CodesPerBlock = 256;
    const int CodesPerGroup = 16;
    const int CodesPerHalf = 128;
    const int Offset = 4;
    const int ScaleOffset = 32;

    Bytes32 _high;
    Bytes64 _low;
    Bytes12 _scales;
    ushort _scale;

    /// <inheritdoc/>
    public static ElementType Type => ElementType.Q3_K;

    /// <inheritdoc/>
    public static int GroupSize => CodesPerGroup;

    /// <inheritdoc/>
    public static bool SignedCodes => false;

    /// <inheritdoc/>
    public static int LargestCode => 7;

    /// <inheritdoc/>
    public static bool HasMinima => true;

    static int IBlock<Q3_K>.Count => CodesPerBlock;

    static int IBlock<Q3_K>.CodeOffset => Offset;

    readonly float IBlockDefinition.this[int index]
    {
        get
        {
            var (half, quarter, l) = (index / CodesPerHalf, index % CodesPerHalf / 32, index % 32);
            var code = ((_low[32 * half + l] >> (2 * quarter)) & 3) | (((_high[l] >> (index / 32)) & 1) << 2);
            var group = index / CodesPerGroup;
            var lowScale = group < 8 ? _scales[group] & 15 : _scales[group - 8] >> 4;
            var scale = lowScale | (((_scales[8 + group % 4] >> (group / 4 * 2)) & 3) << 4);
            return F16.Widen(_scale) * (scale - ScaleOffset) * (code - Offset);
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Decode<Q3_K>(blocks, values);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks) => GroupScales<Q3_K>.Encode(values, blocks);

    /// <inheritdoc/>
    public static void Unpack(ReadOnlySpan<byte> blocks, Span<byte> codes, Span<float> scales, Span<float> minima)
        => Blocks.Unpack<Q3_K>(blocks, codes, scales, minima);

    static void IBlock<Q3_K>.UnpackBlock(ref readonly Q3_K block, ref byte codes, ref float scales, ref float minima)
    {
        UnpackScales(in block, ref scales, ref minima);
        var high = ByteVectors.Load(in block._high, 0);
        UnpackHalf(in block, high, 0, ref codes);
        UnpackHalf(in block, high, 1, ref codes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]     // so that the shifts are by constants
    static void UnpackHalf(ref readonly Q3_K block, Vector256<byte> high, int half, ref byte codes)
    {
        var low = ByteVectors.Load(in block._low, 32 * half);
        var at = (nuint)(CodesPerHalf * half);
        (ByteVectors.ShiftRight(low, 0, 3) | ByteVectors.ShiftRight(high, 4 * half - 2, 4)).StoreUnsafe(ref codes, at);
        (ByteVectors.ShiftRight(low, 2, 3) | ByteVectors.ShiftRight(high, 4 * half - 1, 4)).StoreUnsafe(ref codes, at + 32);
        (ByteVectors.ShiftRight(low, 4, 3) | ByteVectors.ShiftRight(high, 4 * half, 4)).StoreUnsafe(ref codes, at + 64);
        (ByteVectors.ShiftRight(low, 6, 3) | ByteVectors.ShiftRight(high, 4 * half + 1, 4)).StoreUnsafe(ref codes, at + 96);
    }

    static void UnpackScales(ref readonly Q3_K block, ref float scales, ref float minima)
    {
        var (first, second) = Scales(in block);
        var scale = Vector256.Create(F16.Widen(block._scale));
        for (var eight = 0; eight < 2; eight++)
        {
            var groups = (ByteVectors.ToSingles(eight == 0 ? first : second) - Vector256.Create((float)ScaleOffset)) * scale;
            groups.StoreUnsafe(ref scales, (nuint)(8 * eight));
            (groups * Offset).StoreUnsafe(ref minima, (nuint)(8 * eight));
        }
    }

    /// <summary>Sixteen scales plus 32, a byte each, the first in the lowest byte.</summary>
    static (ulong First, ulong Second) Scales(ref readonly Q3_K block)
    {
        var low = ByteVectors.Long(in block._scales, 0);
        var high = ByteVectors.Word(in block._scales, 2);
        return (
            (low & 0x0F0F0F0F_0F0F0F0F) | ((high << 4) & 0x30303030) | (ulong)((high << 2) & 0x30303030) << 32,
            ((low >> 4) & 0x0F0F0F0F_0F0F0F0F) | (high & 0x30303030) | (ulong)((high >> 2) & 0x30303030) << 32);
    }

    static bool IPackableBlock<Q3_K>.HasMinimumUnit => false;

    static bool IPackableBlock<Q3_K>.HasMultipliers => true;

    static (ushort Scale, ushort Minimum) IPackableBlock<Q3_K>.Units(ref readonly Q3_K block) => (block._scale, 0);

    static void IPackableBlock<Q3_K>.CopyMultipliers(ref readonly Q3_K block, Span<byte> sixteen)
    {
        var (first, second) = Scales(in block);
        BinaryPrimitives.WriteUInt64LittleEndian(sixteen, first);
        BinaryPrimitives.WriteUInt64LittleEndian(sixteen[8..], second);
        foreach (ref var scale in sixteen)
            scale -= ScaleOffset;
    }

    static ReadOnlySpan<float> IScaledBlock<Q3_K>.PeakCodes =>
    [
        -5, -4.8f, -4.6f, -4.4f, -4.2f, -4, -3.8f, -3.6f, -3.4f, -3.2f, -3, -2.8f,
        2.6f, 2.8f, 3, 3.2f, 3.4f, 3.6f, 3.8f, 4,
    ];

    static int IGroupScaledBlock<Q3_K>.LowestScale => -ScaleOffset;

    static Q3_K IGroupScaledBlock<Q3_K>.Pack(ushort scale, ReadOnlySpan<sbyte> scales, ReadOnlySpan<byte> codes)
    {
        var block = new Q3_K { _scale = scale };
        for (var j = 0; j < 4; j++)
        {
            var (a, b) = (scales[j] + ScaleOffset, scales[j + 4] + ScaleOffset);
            var (c, d) = (scales[j + 8] + ScaleOffset, scales[j + 12] + ScaleOffset);
            block._scales[j] = (byte)((a & 15) | ((c & 15) << 4));
            block._scales[j + 4] = (byte)((b & 15) | ((d & 15) << 4));
            block._scales[j + 8] = (byte)((a >> 4) | (b >> 4 << 2) | (c >> 4 << 4) | (d >> 4 << 6));
        }

        var high = Vector256<byte>.Zero;
        for (var half = 0; half < CodesPerBlock / CodesPerHalf; half++)
        {
            var low = Vector256<byte>.Zero;
            for (var quarter = 0; quarter < 4; quarter++)
            {
                var part = 4 * half + quarter;
                var run = Vector256.Create(codes.Slice(32 * part, 32));
                low |= ByteVectors.ShiftLeft(run, 2 * quarter, (byte)(3 << (2 * quarter)));
                high |= ByteVectors.ShiftLeft(run, part - 2, (byte)(1 << part));
            }

            ByteVectors.Store(low, ref block._low, 32 * half);
        }

        ByteVectors.Store(high, ref block._high, 0);
        return block;
    }
}
