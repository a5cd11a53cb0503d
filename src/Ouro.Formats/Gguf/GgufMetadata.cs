namespace Ouro.Formats.Gguf;

/// <summary>The key-value part of a GGUF file, in file order.</summary>
/// <remarks>
/// Getters are typed: null when a key is absent, an error when its type differs. Reading is safe from several threads while nobody writes.
/// </remarks>
public sealed class GgufMetadata
{
    /// <summary>The key of the alignment of tensor data, in bytes; 32 when absent.</summary>
    public const string AlignmentKey = "general.alignment";

    readonly OrderedDictionary<string, GgufValue> _values = new(StringComparer.Ordinal);
    readonly string _path;

    /// <summary>Starts empty, to be written to a file.</summary>
    public GgufMetadata()
        : this("metadata to be written")
    {
    }

    /// <param name="path">The file that messages name.</param>
    internal GgufMetadata(string path) => _path = path;

    /// <summary>Count of keys.</summary>
    public int Count => _values.Count;

    /// <summary>Keys and values, in file order; a live view.</summary>
    public IReadOnlyList<KeyValuePair<string, GgufValue>> Entries => _values;

    /// <summary>The value of a key, whatever its type; null when absent.</summary>
    public GgufValue? Find(string key) => _values.TryGetValue(key, out var value) ? value : null;

    /// <summary>Sets a key: a new one goes to the end, a known one keeps its place.</summary>
    public void Set(string key, GgufValue value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        _values[key] = value;
    }

    /// <summary>Adds a key that must be new.</summary>
    /// <exception cref="ArgumentException">The key is already there.</exception>
    public void Add(string key, GgufValue value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        _values.Add(key, value);
    }

    /// <summary>Removes a key; false when it was not there.</summary>
    public bool Remove(string key) => _values.Remove(key);

    /// <summary>A string; null when absent.</summary>
    /// <exception cref="ModelFileException">The value is no string.</exception>
    public string? GetString(string key) => Find(key) switch
    {
        null => null,
        { Content: string text } => text,
        var other => throw WrongType(key, other, "a string"),
    };

    /// <summary>An integer of any width; null when absent.</summary>
    /// <exception cref="ModelFileException">The value is no integer, or passes 2^63 - 1.</exception>
    public long? GetInteger(string key) => Find(key) switch
    {
        null => null,
        { Content: ulong and > long.MaxValue and var large } => throw TooLarge(key, large),
        { Content: var content } when Widen(content) is { } integer => integer,
        var other => throw WrongType(key, other, "an integer"),
    };

    /// <summary>A number of any type, integers included; null when absent. Integers past 2^53 are rounded.</summary>
    /// <exception cref="ModelFileException">The value is no number.</exception>
    public double? GetNumber(string key) => Find(key) switch
    {
        null => null,
        { Content: float single } => single,
        { Content: double number } => number,
        { Content: ulong large } => large,
        { Content: var content } when Widen(content) is { } integer => integer,
        var other => throw WrongType(key, other, "a number"),
    };

    /// <summary>A bool; null when absent.</summary>
    /// <exception cref="ModelFileException">The value is no bool.</exception>
    public bool? GetBoolean(string key) => Find(key) switch
    {
        null => null,
        { Content: bool flag } => flag,
        var other => throw WrongType(key, other, "a bool"),
    };

    /// <summary>An array of strings, the stored one itself, which must not be changed; null when absent.</summary>
    /// <exception cref="ModelFileException">The value is no array of strings.</exception>
    public string[]? GetStrings(string key) => Find(key) switch
    {
        null => null,
        { Content: string[] texts } => texts,
        var other => throw WrongType(key, other, "an array of strings"),
    };

    /// <summary>An array of float32, the stored one itself, which must not be changed; null when absent.</summary>
    /// <exception cref="ModelFileException">The value is no array of float32.</exception>
    public float[]? GetFloats(string key) => Find(key) switch
    {
        null => null,
        { Content: float[] numbers } => numbers,
        var other => throw WrongType(key, other, "an array of float32"),
    };

    /// <summary>An array of integers of any width, widened into a new array; null when absent.</summary>
    /// <exception cref="ModelFileException">The value is no array of integers, or one of them passes 2^63 - 1.</exception>
    public long[]? GetIntegers(string key) => Find(key) is not { } value
        ? null
        : value.ElementType switch
        {
            // Asked by element type, because the runtime takes an sbyte[] for a byte[] and so on.
            GgufValueType.UInt8 => Array.ConvertAll((byte[])value.Content, item => (long)item),
            GgufValueType.Int8 => Array.ConvertAll((sbyte[])value.Content, item => (long)item),
            GgufValueType.UInt16 => Array.ConvertAll((ushort[])value.Content, item => (long)item),
            GgufValueType.Int16 => Array.ConvertAll((short[])value.Content, item => (long)item),
            GgufValueType.UInt32 => Array.ConvertAll((uint[])value.Content, item => (long)item),
            GgufValueType.Int32 => Array.ConvertAll((int[])value.Content, item => (long)item),
            GgufValueType.Int64 => [.. (long[])value.Content],
            GgufValueType.UInt64 => Array.ConvertAll(
                (ulong[])value.Content, item => item <= long.MaxValue ? (long)item : throw TooLarge(key, item)),
            _ => throw WrongType(key, value, "an array of integers"),
        };

    static long? Widen(object content) => content switch
    {
        byte integer => integer,
        sbyte integer => integer,
        ushort integer => integer,
        short integer => integer,
        uint integer => integer,
        int integer => integer,
        long integer => integer,
        ulong integer and <= long.MaxValue => (long)integer,
        _ => null,
    };

    ModelFileException TooLarge(string key, ulong found) => new(_path,
        $"metadata key {key.Quoted} holds {found}, but no count or id can pass {long.MaxValue}; "
        + "the file is damaged or was made by a faulty program, so fetch or convert it again.");

    ModelFileException WrongType(string key, GgufValue found, string expected) => new(_path,
        $"metadata key {key.Quoted} has the type {found.TypeName} but must be {expected}; "
        + "the file was made by a program with other conventions, so convert it again from the original checkpoint.");
}
