using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Text;

/// <summary>A value in a JSON file that knows its place, so that a wrong one can be named in a sentence.</summary>
readonly record struct JsonField(string Path, string Place, JsonElement Value)
{
    /// <summary>Far above the 20 MB of the largest published tokenizers.</summary>
    const long LargestFile = 256 << 20;

    public bool IsNull => Value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    public bool IsText => Value.ValueKind == JsonValueKind.String;

    public bool IsList => Value.ValueKind == JsonValueKind.Array;

    /// <summary>Reads a small file whose root must be an object.</summary>
    /// <exception cref="ModelFileException">The file cannot be read, or is not such JSON.</exception>
    public static JsonField Read(string path)
    {
        try
        {
            return new JsonField(path, "the file", JsonElement.Parse(ReadBytes(path))).Object();
        }
        catch (JsonException broken)
        {
            throw NotJson(path, broken);
        }
    }

    public static byte[] ReadBytes(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= LargestFile
                ? File.ReadAllBytes(path)
                : throw new ModelFileException(path, $"the file has {length:N0} bytes; a tokenizer's has at most {LargestFile:N0}.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"cannot be read ({unreadable.Reason}); check its permissions and the disk.");
        }
    }

    public static ModelFileException NotJson(string path, JsonException broken)
        => new(path, $"not valid JSON near line {broken.LineNumber + 1}; fetch the file again.");

    public static ModelFileException NotUnicode(string path) => new(path, "a text in it is not valid Unicode; fetch the file again.");

    /// <summary>A member of this object; null in JSON and absent are the same.</summary>
    public JsonField this[string name]
    {
        get
        {
            var members = Object().Value;
            return this with { Place = $"'{name}'", Value = OnlyUnicode(Path, () => members.TryGetProperty(name, out var value) ? value : default) };
        }
    }

    public JsonField Object() => Value.ValueKind == JsonValueKind.Object ? this : throw Wrong("an object");

    public string Text()
    {
        if (!IsText)
            throw Wrong("a text");

        var value = Value;
        return OnlyUnicode(Path, () => value.GetString()!);
    }

    public string? TextOrNull() => IsNull ? null : Text();

    public int Integer() => Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var value) ? value : throw Wrong("an integer");

    public bool Flag(bool whenAbsent) => Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => whenAbsent,
        _ => throw Wrong("true or false"),
    };

    public IEnumerable<JsonField> Items()
    {
        if (!IsList)
            throw Wrong("a list");

        foreach (var item in Value.EnumerateArray())
            yield return this with { Value = item };
    }

    public ModelFileException Wrong(string expected)
        => new(Path, IsNull ? $"{Place} is missing; expected {expected}." : $"{Place} holds {Found()}; expected {expected}.");

    /// <summary>Half a surrogate pair in an escape is well-formed JSON, and System.Text.Json stumbles over it only when the text is looked at.</summary>
    static T OnlyUnicode<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            throw NotUnicode(path);
        }
    }

    string Found() => Value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => Quoting.Quote(Text()),
        _ => Quoting.Quote(Value.GetRawText()),
    };
}
