namespace Ouro.Formats;

/// <summary>How the numbers of a tensor are stored. Values are GGUF's own type numbers.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 single precision.</summary>
    F32 = 0,

    /// <summary>IEEE 754 half precision.</summary>
    F16 = 1,

    /// <summary>Blocks of 32: 8-bit codes and one half-precision scale.</summary>
    Q8_0 = 8,

    /// <summary>Blocks of 256: 3-bit codes, 6-bit scales per 16.</summary>
    Q3_K = 11,

    /// <summary>Blocks of 256: 4-bit codes, 6-bit scales and minima per 32.</summary>
    Q4_K = 12,

    /// <summary>Blocks of 256: 5-bit codes, 6-bit scales and minima per 32.</summary>
    Q5_K = 13,

    /// <summary>Blocks of 256: 6-bit codes, 8-bit scales per 16.</summary>
    Q6_K = 14,

    /// <summary>The upper half of a single-precision number.</summary>
    BF16 = 30,
}

/// <summary>The one table of block sizes.</summary>
public static class ElementTypeSizes
{
    static (int Elements, int Bytes) BlockOf(ElementType type) => type switch
    {
        ElementType.F32 => (1, 4),
        ElementType.F16 => (1, 2),
        ElementType.BF16 => (1, 2),
        ElementType.Q8_0 => (32, 34),
        ElementType.Q3_K => (256, 110),
        ElementType.Q4_K => (256, 144),
        ElementType.Q5_K => (256, 176),
        ElementType.Q6_K => (256, 210),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No size is known for this element type."),
    };

    extension(ElementType type)
    {
        /// <summary>Numbers held by one block; 1 for unquantised types.</summary>
        public int ElementsPerBlock => BlockOf(type).Elements;

        /// <summary>Bytes taken by one block.</summary>
        public int BytesPerBlock => BlockOf(type).Bytes;

        /// <summary>True for the block formats, whose numbers are codes times a scale.</summary>
        public bool IsQuantized => BlockOf(type).Elements > 1;

        /// <summary>Bytes taken by <paramref name="elements"/> numbers, which must be whole blocks.</summary>
        /// <exception cref="OverflowException">The result does not fit 63 bits.</exception>
        public long BytesFor(long elements)
        {
            var (perBlock, bytes) = BlockOf(type);
            if (elements < 0 || elements % perBlock != 0)
                throw new ArgumentOutOfRangeException(nameof(elements), elements, $"{type} holds whole blocks of {perBlock}.");

            return checked(elements / perBlock * bytes);
        }
    }
}
