using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Ouro.Formats;
using Ouro.Tensors.Packed;

namespace Ouro.Tensors.Quantization;

/// <summary>GGUF Q8_0: 32 signed bytes that share one half-precision scale; 8.5 bits a number.</summary>
/// <remarks>
/// <code>
/// byte  0      2                               34
///       +------+-------------------------------+
///       | d    | code 0 .. code 31             |     value[i] = d * code[i]
///       +------+-------------------------------+
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct Q8_0 : IScaledBlock<Q8_0>, IPackableBlock<Q8_0>, IStoredNumbers
{
    const int CodesPerBlock = 32;

    ushort _scale;
    Bytes32 _codes;

    /// <inheritdoc/>
    public static ElementType Type => ElementType.Q8_0;

    /// <inheritdoc/>
    public static int GroupSize => CodesPerBlock;

    /// <inheritdoc/>
    public static bool SignedCodes => true;

    /// <inheritdoc/>
    public static int LargestCode => 128;

    /// <inheritdoc/>
    public static bool HasMinima => false;

    static int IBlock<Q8_0>.Count => CodesPerBlock;

    static int IBlock<Q8_0>.CodeOffset => 0;

    readonly float IBlockDefinition.this[int index] => F16.Widen(_scale) * (sbyte)_codes[index];

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Decode<Q8_0>(blocks, values);

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        var typed = Blocks.Typed<Q8_0>(blocks, values.Length);
        Numbers.CheckFinite(values);
        const int AtOnce = EightGroups.Count * CodesPerBlock;
        var b = 0;
        for (; b + EightGroups.Count <= typed.Length; b += EightGroups.Count)
            EncodeEight(values.Slice(b * CodesPerBlock, AtOnce), typed.Slice(b, EightGroups.Count));

        if (b < typed.Length)
        {
            Span<float> lastValues = stackalloc float[AtOnce];
            Span<Q8_0> lastBlocks = stackalloc Q8_0[EightGroups.Count];
            values[(b * CodesPerBlock)..].CopyTo(lastValues);
            EncodeEight(lastValues, lastBlocks);
            lastBlocks[..(typed.Length - b)].CopyTo(typed[b..]);
        }
    }

    static unsafe int IStoredNumbers.BytesFor32 => sizeof(Q8_0);

    // For the scales that Encode writes, which are finite.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Vector512<float> IStoredNumbers.Load(byte* row, int index)
    {
        var block = (Q8_0*)row + (uint)index / CodesPerBlock;
        return Load((sbyte*)&block->_codes + (uint)index % CodesPerBlock) * F16.WidenFinite(block->_scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void IStoredNumbers.Load(byte* row, int index, out Vector512<float> low, out Vector512<float> high)
    {
        var block = (Q8_0*)row + (uint)index / CodesPerBlock;
        var codes = (sbyte*)&block->_codes;
        var scale = Vector512.Create(F16.WidenFinite(block->_scale));
        low = Load(codes) * scale;
        high = Load(codes + 16) * scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Vector512<float> Load(sbyte* codes)
    {
        var sixteen = Vector128.Load(codes);
        return Vector512.ConvertToSingle(Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(sixteen)
            : Vector512.WidenLower(Vector512.WidenLower(sixteen.ToVector256Unsafe().ToVector512Unsafe())));
    }

    /// <inheritdoc/>
    public static void Unpack(ReadOnlySpan<byte> blocks, Span<byte> codes, Span<float> scales, Span<float> minima)
        => Blocks.Unpack<Q8_0>(blocks, codes, scales, minima);

    static void IBlock<Q8_0>.UnpackBlock(ref readonly Q8_0 block, ref byte codes, ref float scales, ref float minima)
    {
        ByteVectors.Load(in block._codes, 0).StoreUnsafe(ref codes);
        scales = F16.Widen(block._scale);
    }

    static bool IPackableBlock<Q8_0>.HasMinimumUnit => false;

    static bool IPackableBlock<Q8_0>.HasMultipliers => false;

    static (ushort Scale, ushort Minimum) IPackableBlock<Q8_0>.Units(ref readonly Q8_0 block) => (block._scale, 0);

    static void IPackableBlock<Q8_0>.CopyMultipliers(ref readonly Q8_0 block, Span<byte> sixteen) => throw new NotSupportedException();

    static ReadOnlySpan<float> IScaledBlock<Q8_0>.PeakCodes => [-128];

    [SkipLocalsInit]
    static void EncodeEight(ReadOnlySpan<float> values, Span<Q8_0> blocks)
    {
        const float Largest = F16.Largest * 128;
        Span<Vector256<float>> lanes = stackalloc Vector256<float>[CodesPerBlock];
        EightGroups.Gather(values, -Largest, Largest, lanes);

        var (scales, _) = ScaleSearch<Q8_0>.Find(lanes);
        for (var lane = 0; lane < EightGroups.Count; lane++)
        {
            blocks[lane]._scale = F16.NarrowScale(scales[lane]);
            scales = scales.WithElement(lane, F16.Widen(blocks[lane]._scale));
        }

        Span<byte> codes = stackalloc byte[EightGroups.Count * CodesPerBlock];
        ScaleSearch<Q8_0>.Write(lanes, scales, ref MemoryMarshal.GetReference(codes));
        for (var lane = 0; lane < EightGroups.Count; lane++)
            codes.Slice(lane * CodesPerBlock, CodesPerBlock).CopyTo(blocks[lane]._codes);
    }
}
