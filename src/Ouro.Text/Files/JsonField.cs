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

    /// <summary>Reads a file whose root must be an object.</summary>
    /// <exception cref="ModelFileException">The file cannot be read, or is not such JSON.</exception>
    public static JsonField Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length is > LargestFile and var length)
                throw new ModelFileException(path, $"the file has {length:N0} bytes; a tokenizer file has at most {LargestFile:N0}.");

            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new JsonField(path, "the file", document.RootElement.Clone()).Object();
        }
        catch (JsonException broken)
        {
            throw new ModelFileException(path, $"not valid JSON near line {broken.LineNumber + 1}; fetch the file again.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"cannot be read: {unreadable.Message}");
        }
    }

    /// <summary>A member of this object; null in JSON and absent are the same.</summary>
    public JsonField this[string name]
        => new(Path, $"'{name}'", Object().Value.TryGetProperty(name, out var value) ? value : default);

    public JsonField Object() => Value.ValueKind == JsonValueKind.Object ? this : throw Wrong("an object");

    public string Text()
    {
        if (!IsText)
            throw Wrong("a text");

        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException)   // how System.Text.Json reports escapes and bytes that are not Unicode
        {
            throw new ModelFileException(Path, $"{Place} is not valid Unicode text.");
        }
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

    public IEnumerable<(string Name, JsonField Value)> Members()
    {
        foreach (var member in Object().Value.EnumerateObject())
            yield return (NameOf(member), this with { Value = member.Value });
    }

    public ModelFileException Wrong(string expected)
        => new(Path, IsNull ? $"{Place} is missing; expected {expected}." : $"{Place} holds {Found()}; expected {expected}.");

    string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw new ModelFileException(Path, $"a name in {Place} is not valid Unicode text.");
        }
    }

    string Found() => Value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => VocabularyCheck.Quote(Text()),
        _ => VocabularyCheck.Quote(Value.GetRawText()),
    };
}
