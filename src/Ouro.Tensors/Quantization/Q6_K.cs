using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors.Packed;

namespace Ouro.Tensors.Quantization;

/// <summary>GGUF Q6_K: 256 codes of 6 bits; every 16 share an 8-bit scale; 6.5625 bits a number.</summary>
/// <remarks>
/// <code>
/// byte  0                            128              192              208   210
///       +----------------------------+----------------+----------------+-----+
///       | 2 halves of 64 low bytes   | 2 x 32 high    | 16 scales      | d   |
///       +----------------------------+----------------+----------------+-----+
///
/// half h, low byte l &lt; 32:  7 6 5 4    | 3 2 1 0        low byte 32+l:  7 6 5 4    | 3 2 1 0
///                          code l+64  | code l                         code l+96  | code l+32     (+ 128h)
/// half h, high byte l:      7 6 | 5 4 | 3 2 | 1 0       bits 5, 4 of the same four codes
///                          +96 | +64 | +32 | +0
///
/// value[i] = d * scale[i / 16] * (code[i] - 32)         scales are signed bytes
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct Q6_K : IGroupScaledBlock<Q6_K>, IPackableBlock<Q6_K>
{
    const int CodesPerBlock = 256;
    const int CodesPerGroup = 16;
    const int CodesPerHalf = 128;
    const int Offset = 32;

    Bytes128 _low;
    Bytes64 _high;
    Bytes16 _scales;
    ushort _scale;

    /// <inheritdoc/>
    public static ElementType Type => ElementType.Q6_K;

    /// <inheritdoc/>
    public static int GroupSize => CodesPerGroup;

    /// <inheritdoc/>
    public static bool SignedCodes => false;

    /// <inheritdoc/>
    public static int LargestCode => 63;

    /// <inheritdoc/>
    public static bool HasMinima => true;

    static int IBlock<Q6_K>.Count => CodesPerBlock;

    static int IBlock<Q6_K>.CodeOffset => Offset;

    readonly float IBlockDefinition.this[int index]
    {
        get
        {
            var (half, quarter, l) = (index / CodesPerHalf, index % CodesPerHalf / 32, index % 32);
            var pair = _low[64 * half + 32 * (quarter % 2) + l];
            var low = quarter < 2 ? pair & 15 : pair >> 4;
            var code = low | (((_high[32 * half + l] >> (2 * quarter)) & 3) << 4);
            return F16.Widen(_scale) * (sbyte)_scales[index / CodesPerGroup] * (code - Offset);
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Decode<Q6_K>(blocks, values);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks) => GroupScales<Q6_K>.Encode(values, blocks);

    /// <inheritdoc/>
    public static void Unpack(ReadOnlySpan<byte> blocks, Span<byte> codes, Span<float> scales, Span<float> minima)
        => Blocks.Unpack<Q6_K>(blocks, codes, scales, minima);

    static void IBlock<Q6_K>.UnpackBlock(ref readonly Q6_K block, ref byte codes, ref float scales, ref float minima)
    {
        var scale = F16.Widen(block._scale);
        for (var eight = 0; eight < CodesPerBlock / CodesPerGroup / 8; eight++)
        {
            var groups = ByteVectors.ToSinglesSigned(ByteVectors.Long(in block._scales, eight)) * scale;
            groups.StoreUnsafe(ref scales, (nuint)(8 * eight));
            (groups * Offset).StoreUnsafe(ref minima, (nuint)(8 * eight));
        }

        for (var half = 0; half < CodesPerBlock / CodesPerHalf; half++)
        {
            var first = ByteVectors.Load(in block._low, 64 * half);
            var second = ByteVectors.Load(in block._low, 64 * half + 32);
            var high = ByteVectors.Load(in block._high, 32 * half);
            var at = (nuint)(CodesPerHalf * half);
            (ByteVectors.ShiftRight(first, 0, 15) | ByteVectors.ShiftRight(high, -4, 0x30)).StoreUnsafe(ref codes, at);
            (ByteVectors.ShiftRight(second, 0, 15) | ByteVectors.ShiftRight(high, -2, 0x30)).StoreUnsafe(ref codes, at + 32);
            (ByteVectors.ShiftRight(first, 4, 15) | ByteVectors.ShiftRight(high, 0, 0x30)).StoreUnsafe(ref codes, at + 64);
            (ByteVectors.ShiftRight(second, 4, 15) | ByteVectors.ShiftRight(high, 2, 0x30)).StoreUnsafe(ref codes, at + 96);
        }
    }

    static bool IPackableBlock<Q6_K>.HasMinimumUnit => false;

    static bool IPackableBlock<Q6_K>.HasMultipliers => true;

    static (ushort Scale, ushort Minimum) IPackableBlock<Q6_K>.Units(ref readonly Q6_K block) => (block._scale, 0);

    static void IPackableBlock<Q6_K>.CopyMultipliers(ref readonly Q6_K block, Span<byte> sixteen) => ((ReadOnlySpan<byte>)block._scales).CopyTo(sixteen);

    static ReadOnlySpan<float> IScaledBlock<Q6_K>.PeakCodes => [-33, -32.75f, -32.5f, -32.25f, -32, -31.75f, -31.5f, -31.25f, -31, -30.5f];

    static int IGroupScaledBlock<Q6_K>.LowestScale => -128;

    static Q6_K IGroupScaledBlock<Q6_K>.Pack(ushort scale, ReadOnlySpan<sbyte> scales, ReadOnlySpan<byte> codes)
    {
        var block = new Q6_K { _scale = scale };
        MemoryMarshal.AsBytes(scales).CopyTo(block._scales);
        for (var half = 0; half < CodesPerBlock / CodesPerHalf; half++)
        {
            var at = CodesPerHalf * half;
            var (a, b) = (Vector256.Create(codes.Slice(at, 32)), Vector256.Create(codes.Slice(at + 32, 32)));
            var (c, d) = (Vector256.Create(codes.Slice(at + 64, 32)), Vector256.Create(codes.Slice(at + 96, 32)));
            ByteVectors.Store(ByteVectors.ShiftLeft(a, 0, 15) | ByteVectors.ShiftLeft(c, 4, 0xF0), ref block._low, 64 * half);
            ByteVectors.Store(ByteVectors.ShiftLeft(b, 0, 15) | ByteVectors.ShiftLeft(d, 4, 0xF0), ref block._low, 64 * half + 32);
            var highOfFirst = ByteVectors.ShiftRight(a, 4, 3) | ByteVectors.ShiftRight(b, 2, 0x0C);
            var highOfSecond = ByteVectors.ShiftLeft(c, 0, 0x30) | ByteVectors.ShiftLeft(d, 2, 0xC0);
            ByteVectors.Store(highOfFirst | highOfSecond, ref block._high, 32 * half);
        }

        return block;
    }
}
