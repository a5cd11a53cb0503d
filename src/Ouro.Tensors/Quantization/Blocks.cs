using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>The loops over blocks that all quantised formats share.</summary>
static class Blocks
{
    const int ChunkNumbers = 256;
    const int MostChunkGroups = 16;

    public static void Unpack<TBlock>(ReadOnlySpan<byte> blocks, Span<byte> codes, Span<float> scales, Span<float> minima)
        where TBlock : unmanaged, IBlock<TBlock>
    {
        var typed = Typed<TBlock>(blocks, codes.Length);
        var groups = codes.Length / TBlock.GroupSize;
        if (scales.Length != groups || (TBlock.HasMinima && minima.Length != groups))
            ThrowGroups<TBlock>(groups);

        ref var code = ref MemoryMarshal.GetReference(codes);
        ref var scale = ref MemoryMarshal.GetReference(scales);
        ref var minimum = ref MemoryMarshal.GetReference(minima);
        for (var b = 0; b < typed.Length; b++)
        {
            TBlock.UnpackBlock(in typed[b], ref code, ref scale, ref minimum);
            code = ref Unsafe.Add(ref code, TBlock.Count);
            scale = ref Unsafe.Add(ref scale, TBlock.Count / TBlock.GroupSize);
            if (TBlock.HasMinima)
                minimum = ref Unsafe.Add(ref minimum, TBlock.Count / TBlock.GroupSize);
        }
    }

    /// <remarks>
    /// A half-precision scale has 11 significant bits, its multiplier at most 8 and a code at most 8 (6 where there is a multiplier), so
    /// scale * code is exact in single precision and the one subtraction of a minimum is the only rounding: the result does not depend
    /// on the path, nor on fused multiplication.
    /// </remarks>
    [SkipLocalsInit]
    public static void Decode<TBlock>(ReadOnlySpan<byte> blocks, Span<float> values) where TBlock : unmanaged, IBlock<TBlock>
    {
        var typed = Typed<TBlock>(blocks, values.Length);
        Span<byte> codes = stackalloc byte[ChunkNumbers];
        Span<float> scales = stackalloc float[MostChunkGroups];
        Span<float> minima = stackalloc float[MostChunkGroups];
        if (!TBlock.HasMinima)
            minima.Clear();

        while (!typed.IsEmpty)
        {
            var count = Math.Min(typed.Length, ChunkNumbers / TBlock.Count);
            var groups = count * TBlock.Count / TBlock.GroupSize;
            Unpack<TBlock>(MemoryMarshal.AsBytes(typed[..count]), codes[..(count * TBlock.Count)], scales[..groups], minima[..groups]);
            for (var g = 0; g < groups; g++)
            {
                // Subtracting the offset from the code, not its multiple from the product, keeps the sign of a zero.
                var minimum = TBlock.CodeOffset == 0 ? minima[g] : 0;
                Scale<TBlock>(codes.Slice(g * TBlock.GroupSize, TBlock.GroupSize), scales[g], minimum, values[(g * TBlock.GroupSize)..]);
            }

            typed = typed[count..];
            values = values[(count * TBlock.Count)..];
        }
    }

    static void Scale<TBlock>(ReadOnlySpan<byte> codes, float scale, float minimum, Span<float> values)
        where TBlock : unmanaged, IBlock<TBlock>
    {
        ref var code = ref MemoryMarshal.GetReference(codes);
        ref var value = ref MemoryMarshal.GetReference(values[..codes.Length]);
        var offset = Vector256.Create(TBlock.CodeOffset);
        for (nuint i = 0; i < (nuint)codes.Length; i += 16)
        {
            var sixteen = Vector128.LoadUnsafe(ref code, i);
            var shorts = TBlock.SignedCodes
                ? Vector256.Create(Vector128.WidenLower(sixteen.AsSByte()), Vector128.WidenUpper(sixteen.AsSByte()))
                : Vector256.Create(Vector128.WidenLower(sixteen), Vector128.WidenUpper(sixteen)).AsInt16();
            var (low, high) = Vector256.Widen(shorts);
            (Vector256.ConvertToSingle(low - offset) * scale - Vector256.Create(minimum)).StoreUnsafe(ref value, i);
            (Vector256.ConvertToSingle(high - offset) * scale - Vector256.Create(minimum)).StoreUnsafe(ref value, i + 8);
        }
    }

    /// <summary>The bytes as blocks, once it is sure that they are whole blocks for so many numbers.</summary>
    public static ReadOnlySpan<TBlock> Typed<TBlock>(ReadOnlySpan<byte> blocks, int numbers) where TBlock : unmanaged, IBlock<TBlock>
    {
        CheckLengths<TBlock>(blocks.Length, numbers);
        return MemoryMarshal.Cast<byte, TBlock>(blocks);
    }

    /// <inheritdoc cref="Typed{TBlock}(ReadOnlySpan{byte}, int)"/>
    public static Span<TBlock> Typed<TBlock>(Span<byte> blocks, int numbers) where TBlock : unmanaged, IBlock<TBlock>
    {
        CheckLengths<TBlock>(blocks.Length, numbers);
        return MemoryMarshal.Cast<byte, TBlock>(blocks);
    }

    static void CheckLengths<TBlock>(int bytes, int numbers) where TBlock : unmanaged, IBlock<TBlock>
    {
        if (numbers % TBlock.Count != 0 || (long)numbers / TBlock.Count * Unsafe.SizeOf<TBlock>() != bytes)
            ThrowLengths<TBlock>(bytes, numbers);
    }

    [DoesNotReturn]
    static void ThrowLengths<TBlock>(int bytes, int numbers) where TBlock : unmanaged, IBlock<TBlock>
        => throw new ArgumentException(
            $"{TBlock.Type} stores {TBlock.Count} numbers in {Unsafe.SizeOf<TBlock>()} bytes; "
            + $"{numbers} numbers and {bytes} bytes do not match.");

    [DoesNotReturn]
    static void ThrowGroups<TBlock>(int groups) where TBlock : unmanaged, IBlock<TBlock>
        => throw new ArgumentException($"{TBlock.Type} has {groups} groups here; the room for scales or minima is of another size.");
}
