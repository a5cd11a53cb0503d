using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;

namespace Ouro.Tensors.Quantization;

/// <summary>IEEE 754 single precision, stored as it is.</summary>
public readonly struct F32 : IElementFormat, IStoredNumbers
{
    /// <inheritdoc/>
    public static ElementType Type => ElementType.F32;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => Copy(blocks, MemoryMarshal.AsBytes(values));

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks) => Copy(MemoryMarshal.AsBytes(values), blocks);

    static int IStoredNumbers.BytesFor32 => 32 * sizeof(float);

    static unsafe Vector512<float> IStoredNumbers.Load(byte* row, int index) => Vector512.Load((float*)row + index);

    static unsafe void IStoredNumbers.Load(byte* row, int index, out Vector512<float> low, out Vector512<float> high)
        => (low, high) = (Vector512.Load((float*)row + index), Vector512.Load((float*)row + index + 16));

    static void Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        if (from.Length != to.Length)
            throw new ArgumentException($"{from.Length} bytes of single-precision numbers do not match room for {to.Length}.");

        from.CopyTo(to);
    }
}
