using System.Runtime.InteropServices;
using Ouro.Formats;

namespace Ouro.Tensors.Quantization;

/// <summary>IEEE 754 single precision, stored as it is.</summary>
public readonly struct F32 : IElementFormat
{
    /// <inheritdoc/>
    public static ElementType Type => ElementType.F32;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => Copy(blocks, MemoryMarshal.AsBytes(values));

    /// <inheritdoc/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks) => Copy(MemoryMarshal.AsBytes(values), blocks);

    static void Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        if (from.Length != to.Length)
            throw new ArgumentException($"{from.Length} bytes of single-precision numbers do not match room for {to.Length}.");

        from.CopyTo(to);
    }
}
