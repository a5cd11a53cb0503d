using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Serving;

/// <summary>A value inside a request, which knows its place, so that what is wrong with it can be said.</summary>
/// <param name="Value">The value. Strings in it are known to be text.</param>
/// <param name="Path">Its place, such as <c>messages[0].role</c>; empty for the whole.</param>
readonly record struct RequestField(JsonElement Value, string Path)
{
    /// <summary>True for a string.</summary>
    public bool IsText => Value.ValueKind == JsonValueKind.String;

    /// <summary>True for a list.</summary>
    public bool IsList => Value.ValueKind == JsonValueKind.Array;

    /// <summary>True for an object.</summary>
    public bool IsObject => Value.ValueKind == JsonValueKind.Object;

    /// <summary>True for a number.</summary>
    public bool IsNumber => Value.ValueKind == JsonValueKind.Number;

    /// <summary>A field of this object; null if it is missing or JSON's null.</summary>
    public RequestField? Find(string name)
        => Value.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null ? new RequestField(found, PathOf(name)) : null;

    /// <summary>A field of this object that must be there.</summary>
    public RequestField Need(string name) => Find(name) ?? throw OpenAiException.Bad(PathOf(name), $"{PathOf(name)} is missing, but it is needed.");

    /// <summary>The string.</summary>
    public string Text() => IsText ? Value.GetString()! : throw Not("a string");

    /// <summary>The truth value.</summary>
    public bool Flag() => Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Value.GetBoolean() : throw Not("true or false");

    /// <summary>The whole number in a range.</summary>
    public int Whole(int low, int high)
        => IsNumber && Value.TryGetDouble(out var number) && double.IsInteger(number) && number >= low && number <= high
            ? (int)number
            : throw Not($"a whole number from {low} to {high}");

    /// <summary>The object.</summary>
    public RequestField Object() => IsObject ? this : throw Not("an object");

    /// <summary>The list's values.</summary>
    public IReadOnlyList<RequestField> List(int most)
    {
        if (!IsList)
            throw Not("a list");
        if (Value.GetArrayLength() > most)
            throw OpenAiException.Bad(Path, $"{Path} has {Value.GetArrayLength():N0} entries, but at most {most:N0} are taken.");

        var path = Path;
        return [.. Value.EnumerateArray().Select((entry, i) => new RequestField(entry, $"{path}[{i}]"))];
    }

    /// <summary>One of some words.</summary>
    public string Word(params ReadOnlySpan<string> words)
    {
        var text = Text();
        return words.Contains(text) ? text : throw OpenAiException.Bad(Path, $"{Path} is {text.Quoted}, but it must be one of {string.Join(", ", words)}.");
    }

    /// <summary>That it is something else than it must be.</summary>
    public OpenAiException Not(string expected) => OpenAiException.Bad(Path, $"{Shown} is {Kind}, but it must be {expected}.");

    string Shown => Path.Length == 0 ? "the request's body" : Path;

    string Kind => Value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Number => Value.GetRawText() is { Length: <= 32 } number ? number : "a number",
        JsonValueKind.String => "a string",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        _ => "null",
    };

    string PathOf(string name) => Path.Length == 0 ? name : $"{Path}.{name}";
}
