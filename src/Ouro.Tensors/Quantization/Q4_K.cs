using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors.Packed;

namespace Ouro.Tensors.Quantization;

/// <summary>GGUF Q4_K: 256 codes of 4 bits; every 32 share a 6-bit scale and a 6-bit minimum; 4.5 bits a number.</summary>
/// <remarks>
/// <code>
/// byte  0      2      4                  16                                   144
///       +------+------+------------------+------------------------------------+
///       | d    | dmin | SixBitPairs      | 4 runs of 32 bytes                 |
///       +------+------+------------------+------------------------------------+
///
/// run r, byte l:  7 6 5 4 | 3 2 1 0      with g = i / 32:
///                  code of | code of     value[i] = d * scale[g] * code[i] - dmin * minimum[g]
///                 64r+32+l | 64r+l
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct Q4_K : IGroupMinimumBlock<Q4_K>, IPackableBlock<Q4_K>
{
    const int CodesPerBlock = 256;
    const int CodesPerGroup = 32;
    const int CodesPerRun = 64;

    ushort _scale;
    ushort _minimum;
    SixBitPairs _pairs;
    Bytes128 _codes;

    /// <inheritdoc/>
    public static ElementType Type => ElementType.Q4_K;

    /// <inheritdoc/>
    public static int GroupSize => CodesPerGroup;

    /// <inheritdoc/>
    public static bool SignedCodes => false;

    /// <inheritdoc/>
    public static int LargestCode => 15;

    /// <inheritdoc/>
    public static bool HasMinima => true;

    static int IBlock<Q4_K>.Count => CodesPerBlock;

    static int IBlock<Q4_K>.CodeOffset => 0;

    readonly float IBlockDefinition.this[int index]
    {
        get
        {
            var pair = _codes[index / CodesPerRun * 32 + index % 32];
            var code = index % CodesPerRun < 32 ? pair & 15 : pair >> 4;
            var (scale, minimum) = _pairs[index / CodesPerGroup];
            return F16.Widen(_scale) * scale * code - F16.Widen(_minimum) * minimum;
        }
    }

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Decode<Q4_K>(blocks, values);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks) => GroupMinima<Q4_K>.Encode(values, blocks);

    /// <inheritdoc/>
    public static void Unpack(ReadOnlySpan<byte> blocks, Span<byte> codes, Span<float> scales, Span<float> minima)
        => Blocks.Unpack<Q4_K>(blocks, codes, scales, minima);

    static void IBlock<Q4_K>.UnpackBlock(ref readonly Q4_K block, ref byte codes, ref float scales, ref float minima)
    {
        block._pairs.Unpack(block._scale, block._minimum, ref scales, ref minima);
        UnpackRun(in block, 0, ref codes);
        UnpackRun(in block, 1, ref codes);
        UnpackRun(in block, 2, ref codes);
        UnpackRun(in block, 3, ref codes);
    }

    static bool IPackableBlock<Q4_K>.HasMinimumUnit => true;

    static bool IPackableBlock<Q4_K>.HasMultipliers => true;

    static (ushort Scale, ushort Minimum) IPackableBlock<Q4_K>.Units(ref readonly Q4_K block) => (block._scale, block._minimum);

    static void IPackableBlock<Q4_K>.CopyMultipliers(ref readonly Q4_K block, Span<byte> sixteen)
    {
        var (scales, minima) = block._pairs.Unpack();
        BinaryPrimitives.WriteUInt64LittleEndian(sixteen, scales);
        BinaryPrimitives.WriteUInt64LittleEndian(sixteen[8..], minima);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void UnpackRun(ref readonly Q4_K block, int run, ref byte codes)
    {
        var pairs = ByteVectors.Load(in block._codes, 32 * run);
        var at = (nuint)(CodesPerRun * run);
        ByteVectors.ShiftRight(pairs, 0, 15).StoreUnsafe(ref codes, at);
        ByteVectors.ShiftRight(pairs, 4, 15).StoreUnsafe(ref codes, at + 32);
    }

    static ReadOnlySpan<float> IGroupMinimumBlock<Q4_K>.TopCodes => [13.5f, 13.8f, 14.1f, 14.4f, 14.7f, 15, 15.3f, 15.6f, 15.9f, 16.2f];

    static Q4_K IGroupMinimumBlock<Q4_K>.Pack(ushort scale, ushort minimum, in SixBitPairs pairs, ReadOnlySpan<byte> codes)
    {
        var block = new Q4_K { _scale = scale, _minimum = minimum, _pairs = pairs };
        for (var run = 0; run < CodesPerBlock / CodesPerRun; run++)
        {
            var first = Vector256.Create(codes.Slice(CodesPerRun * run, 32));
            var second = Vector256.Create(codes.Slice(CodesPerRun * run + 32, 32));
            ByteVectors.Store(first | ByteVectors.ShiftLeft(second, 4, 0xF0), ref block._codes, 32 * run);
        }

        return block;
    }
}
