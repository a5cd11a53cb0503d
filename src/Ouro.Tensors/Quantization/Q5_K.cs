using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors.Packed;

namespace Ouro.Tensors.Quantization;

/// <summary>GGUF Q5_K: 256 codes of 5 bits; every 32 share a 6-bit scale and a 6-bit minimum; 5.5 bits a number.</summary>
/// <remarks>
/// <code>
/// byte  0      2      4                  16                48                              176
///       +------+------+------------------+-----------------+-------------------------------+
///       | d    | dmin | SixBitPairs      | 32 high bytes   | 4 runs of 32 low bytes        |
///       +------+------+------------------+-----------------+-------------------------------+
///
/// high byte l, bit g: bit 4 of code 32g+l
/// run r, byte l:  7 6 5 4   | 3 2 1 0      with g = i / 32:
///                 bits 3..0 | bits 3..0    value[i] = d * scale[g] * code[i] - dmin * minimum[g]
///                 64r+32+l  | 64r+l
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct Q5_K : IGroupMinimumBlock<Q5_K>, IPackableBlock<Q5_K>
{
    const int CodesPerBlock = 256;
    const int CodesPerGroup = 32;
    const int CodesPerRun = 64;

    ushort _scale;
    ushort _minimum;
    SixBitPairs _pairs;
    Bytes32 _high;
    Bytes128 _low;

    /// <inheritdoc/>
    public static ElementType Type => ElementType.Q5_K;

    /// <inheritdoc/>
    public static int GroupSize => CodesPerGroup;

    /// <inheritdoc/>
    public static bool SignedCodes => false;

    /// <inheritdoc/>
    public static int LargestCode => 31;

    /// <inheritdoc/>
    public static bool HasMinima => true;

    static int IBlock<Q5_K>.Count => CodesPerBlock;

    static int IBlock<Q5_K>.CodeOffset => 0;

    readonly float IBlockDefinition.this[int index]
    {
        get
        {
            var group = index / CodesPerGroup;
            var pair = _low[index / CodesPerRun * 32 + index % 32];
            var low = index % CodesPerRun < 32 ? pair & 15 : pair >> 4;
            var code = low | (((_high[index % 32] >> group) & 1) << 4);
            var (scale, minimum) = _pairs[group];
            return F16.Widen(_scale) * scale * code - F16.Widen(_minimum) * minimum;
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Decode<Q5_K>(blocks, values);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks) => GroupMinima<Q5_K>.Encode(values, blocks);

    /// <inheritdoc/>
    public static void Unpack(ReadOnlySpan<byte> blocks, Span<byte> codes, Span<float> scales, Span<float> minima)
        => Blocks.Unpack<Q5_K>(blocks, codes, scales, minima);

    static void IBlock<Q5_K>.UnpackBlock(ref readonly Q5_K block, ref byte codes, ref float scales, ref float minima)
    {
        block._pairs.Unpack(block._scale, block._minimum, ref scales, ref minima);
        var high = ByteVectors.Load(in block._high, 0);
        UnpackRun(in block, high, 0, ref codes);
        UnpackRun(in block, high, 1, ref codes);
        UnpackRun(in block, high, 2, ref codes);
        UnpackRun(in block, high, 3, ref codes);
    }

    static bool IPackableBlock<Q5_K>.HasMinimumUnit => true;

    static bool IPackableBlock<Q5_K>.HasMultipliers => true;

    static (ushort Scale, ushort Minimum) IPackableBlock<Q5_K>.Units(ref readonly Q5_K block) => (block._scale, block._minimum);

    static void IPackableBlock<Q5_K>.CopyMultipliers(ref readonly Q5_K block, Span<byte> sixteen)
    {
        var (scales, minima) = block._pairs.Unpack();
        BinaryPrimitives.WriteUInt64LittleEndian(sixteen, scales);
        BinaryPrimitives.WriteUInt64LittleEndian(sixteen[8..], minima);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]     // so that the shifts are by constants
    static void UnpackRun(ref readonly Q5_K block, Vector256<byte> high, int run, ref byte codes)
    {
        var pairs = ByteVectors.Load(in block._low, 32 * run);
        var at = (nuint)(CodesPerRun * run);
        (ByteVectors.ShiftRight(pairs, 0, 15) | ByteVectors.ShiftRight(high, 2 * run - 4, 16)).StoreUnsafe(ref codes, at);
        (ByteVectors.ShiftRight(pairs, 4, 15) | ByteVectors.ShiftRight(high, 2 * run - 3, 16)).StoreUnsafe(ref codes, at + 32);
    }

    static ReadOnlySpan<float> IGroupMinimumBlock<Q5_K>.TopCodes => [29.5f, 29.8f, 30.1f, 30.4f, 30.7f, 31, 31.3f, 31.6f, 31.9f, 32.2f];

    static Q5_K IGroupMinimumBlock<Q5_K>.Pack(ushort scale, ushort minimum, in SixBitPairs pairs, ReadOnlySpan<byte> codes)
    {
        var block = new Q5_K { _scale = scale, _minimum = minimum, _pairs = pairs };
        var high = Vector256<byte>.Zero;
        for (var run = 0; run < CodesPerBlock / CodesPerRun; run++)
        {
            var first = Vector256.Create(codes.Slice(CodesPerRun * run, 32));
            var second = Vector256.Create(codes.Slice(CodesPerRun * run + 32, 32));
            var low = ByteVectors.ShiftLeft(first, 0, 0x0F) | ByteVectors.ShiftLeft(second, 4, 0xF0);
            ByteVectors.Store(low, ref block._low, 32 * run);
            high |= ByteVectors.ShiftLeft(first, 2 * run - 4, (byte)(1 << (2 * run)));
            high |= ByteVectors.ShiftLeft(second, 2 * run - 3, (byte)(2 << (2 * run)));
        }

        ByteVectors.Store(high, ref block._high, 0);
        return block;
    }
}
