namespace Ouro.Tensors.Quantization;

/// <summary>What encoders ask of their arguments.</summary>
static class Numbers
{
    /// <summary>The bytes, if they are whole numbers of <paramref name="size"/> bytes.</summary>
    public static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> bytes, int size)
    {
        CheckWhole(bytes.Length, size);
        return bytes;
    }

    /// <inheritdoc cref="Whole(ReadOnlySpan{byte}, int)"/>
    public static Span<byte> Whole(Span<byte> bytes, int size)
    {
        CheckWhole(bytes.Length, size);
        return bytes;
    }

    static void CheckWhole(int length, int size)
    {
        if (length % size != 0)
            throw new ArgumentException($"{length} bytes are not a whole number of {size}-byte numbers.");
    }
}
