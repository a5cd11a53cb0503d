namespace Ouro.Formats.Gguf;

/// <summary>One metadata value with its exact type, so that a file written again says what it said before.</summary>
public sealed class GgufValue
{
    GgufValue(GgufValueType type, GgufValueType? elementType, object content)
        => (Type, ElementType, Content) = (type, elementType, content);

    /// <summary>The value's type in the file.</summary>
    public GgufValueType Type { get; }

    /// <summary>The type of an array's elements; null when this is no array.</summary>
    public GgufValueType? ElementType { get; }

    /// <summary>
    /// The .NET value of <see cref="Type"/>; of an array, a .NET array of its elements (<c>string[]</c>, <c>float[]</c>, ...), and
    /// of nested arrays a <c>GgufValue[]</c>. Kept, not copied: arrays must not be changed.
    /// </summary>
    public object Content { get; }

    /// <summary>Wraps a .NET value or a one-dimensional array of values. An array is kept, not copied.</summary>
    /// <param name="content">
    /// A string, a bool, an integer of 8 to 64 bits, a float, a double, or an array of one of these; a <c>GgufValue[]</c>, all of whose
    /// elements are arrays, becomes a nested array.
    /// </param>
    /// <exception cref="ArgumentException">GGUF has no type for this content.</exception>
    public static GgufValue Of(object content)
    {
        ArgumentNullException.ThrowIfNull(content);
        var held = content.GetType();
        if (held != typeof(GgufValue) && GgufValueTypes.Of(held) is { } type)
            return new(type, null, content);

        if (!held.IsSZArray || GgufValueTypes.Of(held.GetElementType()!) is not { } elementType)
            throw new ArgumentException($"GGUF metadata cannot hold a value of type {held.Name}.", nameof(content));

        if (content is GgufValue[] nested && !nested.All(element => element.Type == GgufValueType.Array))
            throw new ArgumentException("The elements of a nested GGUF array must be arrays.", nameof(content));

        return new(GgufValueType.Array, elementType, content);
    }

    /// <summary>Stores a string.</summary>
    public static implicit operator GgufValue(string content) => Of(content);

    /// <summary>Stores a bool.</summary>
    public static implicit operator GgufValue(bool content) => Of(content);

    /// <summary>Stores an int32.</summary>
    public static implicit operator GgufValue(int content) => Of(content);

    /// <summary>Stores a uint32, the usual type of counts.</summary>
    public static implicit operator GgufValue(uint content) => Of(content);

    /// <summary>Stores a float32.</summary>
    public static implicit operator GgufValue(float content) => Of(content);

    /// <summary>Stores an array of strings; kept, not copied.</summary>
    public static implicit operator GgufValue(string[] content) => Of(content);

    /// <summary>Stores an array of int32; kept, not copied.</summary>
    public static implicit operator GgufValue(int[] content) => Of(content);

    /// <summary>Stores an array of float32; kept, not copied.</summary>
    public static implicit operator GgufValue(float[] content) => Of(content);

    /// <summary>The type in GGUF's own words: "uint32", "array of string".</summary>
    public string TypeName => ElementType is { } element ? $"array of {NameOf(element)}" : NameOf(Type);

    /// <summary>The value for people: a scalar itself, an array as type and count.</summary>
    public override string ToString() => Content switch
    {
        string text => text,
        Array array => $"{TypeName} [{array.Length:N0}]",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => TypeName,
    };

    static string NameOf(GgufValueType type) => type.ToString().ToLowerInvariant();
}
