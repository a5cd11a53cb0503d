using System.Collections.Immutable;

namespace Ouro.Formats;

/// <summary>What a tensor is called, how its numbers are stored, and how many there are. Immutable.</summary>
public class TensorSpec
{
    /// <param name="name">Not empty.</param>
    /// <param name="shape">
    /// Sizes of the dimensions, outermost first (row-major: the last one is contiguous), none negative; empty for a single number. For
    /// block formats the last size is a whole number of blocks.
    /// </param>
    /// <exception cref="ArgumentException">The name is empty, a size negative, a row not whole blocks, or the whole past 2^63 - 1 bytes.</exception>
    public TensorSpec(string name, ElementType type, params ImmutableArray<long> shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (Problem(type, shape.AsSpan()) is { } problem)
            throw new ArgumentException($"Tensor {name.Quoted} {problem}.", nameof(shape));

        Name = name;
        Type = type;
        Shape = shape.IsDefault ? [] : shape;
        ElementCount = Product(Shape.AsSpan());
        ByteLength = type.BytesFor(ElementCount);
    }

    /// <summary>The tensor's name in its file.</summary>
    public string Name { get; }

    /// <summary>How its numbers are stored.</summary>
    public ElementType Type { get; }

    /// <summary>Sizes of the dimensions, outermost first, whatever order the file uses; empty for a single number.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Count of numbers: the product of <see cref="Shape"/>, 1 when it is empty.</summary>
    public long ElementCount { get; }

    /// <summary>Bytes taken by the numbers, without padding.</summary>
    public long ByteLength { get; }

    /// <summary>The name, type and shape, for messages.</summary>
    public override string ToString() => $"{Name} {Type} [{string.Join(", ", Shape)}]";

    /// <summary>Says what is wrong with a type and shape, continuing "tensor 'x' ..."; null when nothing is.</summary>
    internal static string? Problem(ElementType type, ReadOnlySpan<long> shape)
    {
        foreach (var size in shape)
            if (size < 0)
                return $"has a negative dimension ({size})";

        var rowLength = shape.IsEmpty ? 1 : shape[^1];
        if (rowLength % type.ElementsPerBlock != 0)
            return $"has rows of {rowLength:N0} numbers, which are not whole {type} blocks of {type.ElementsPerBlock}";

        try
        {
            type.BytesFor(Product(shape));
            return null;
        }
        catch (OverflowException)
        {
            return $"has a shape, [{string.Join(", ", shape.ToArray())}], of more bytes than any file can hold";
        }
    }

    static long Product(ReadOnlySpan<long> shape)
    {
        var product = 1L;
        foreach (var size in shape)
            product = checked(product * size);

        return product;
    }
}
