using Ouro.Formats;

namespace Ouro.Tensors.Quantization;

/// <summary>From an <see cref="ElementType"/>, known when a file is read, to its format: the one place that asks which.</summary>
public static class ElementFormats
{
    delegate void Decoder(ReadOnlySpan<byte> blocks, Span<float> values);

    delegate void Encoder(ReadOnlySpan<float> values, Span<byte> blocks);

    /// <summary>Reads whole blocks of <paramref name="type"/>; see <see cref="IElementFormat.Decode"/>.</summary>
    /// <exception cref="ArgumentException">The lengths do not match, or the type is unknown.</exception>
    public static void Decode(ElementType type, ReadOnlySpan<byte> blocks, Span<float> values) => Of(type).Decode(blocks, values);

    /// <summary>Writes whole blocks of <paramref name="type"/>; see <see cref="IElementFormat.Encode"/>.</summary>
    /// <exception cref="ArgumentException">The lengths do not match, a number cannot be stored, or the type is unknown.</exception>
    public static void Encode(ElementType type, ReadOnlySpan<float> values, Span<byte> blocks) => Of(type).Encode(values, blocks);

    static (Decoder Decode, Encoder Encode) Of(ElementType type) => type switch
    {
        ElementType.F32 => (F32.Decode, F32.Encode),
        ElementType.F16 => (F16.Decode, F16.Encode),
        ElementType.BF16 => (BF16.Decode, BF16.Encode),
        ElementType.Q8_0 => (Q8_0.Decode, Q8_0.Encode),
        ElementType.Q6_K => (Q6_K.Decode, Q6_K.Encode),
        ElementType.Q5_K => (Q5_K.Decode, Q5_K.Encode),
        ElementType.Q4_K => (Q4_K.Decode, Q4_K.Encode),
        ElementType.Q3_K => (Q3_K.Decode, Q3_K.Encode),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No format is known for this element type."),
    };
}
