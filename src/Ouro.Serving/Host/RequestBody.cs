using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Ouro.Serving;

/// <summary>Reads a request's JSON within limits: bytes, depth, true UTF-8.</summary>
static class RequestBody
{
    /// <summary>Most objects and lists inside each other.</summary>
    public const int DeepestJson = 64;

    static readonly JsonDocumentOptions Strict = new() { MaxDepth = DeepestJson };

    /// <summary>The object that was sent; the caller disposes it.</summary>
    /// <exception cref="ApiException">There is none, or it cannot be read; the message says where.</exception>
    /// <exception cref="BadHttpRequestException">It is too large, or the client sent it too slowly.</exception>
    public static async Task<JsonDocument> Read(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted).ConfigureAwait(false);
        // The document may keep the bytes, and the buffer is let go of: a copy of its own.
        var bytes = buffer.ToArray().AsMemory();
        if (bytes.Span.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        if (bytes.Span.Trim(" \t\r\n"u8).IsEmpty)
            throw Bad("the request has no body, but a JSON object is expected.");
        if (!Utf8.IsValid(bytes.Span))
            throw Bad("the request's body is not UTF-8, which JSON has to be.");

        try
        {
            if (HalfCharacterAt(bytes.Span) is { } place)
                throw Bad($"the request's body has half a character (an escape such as \\ud800 alone) in the string at byte {place + 1:N0}.");

            var document = JsonDocument.Parse(bytes, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;

            document.Dispose();
            throw Bad("the request's body is JSON, but not an object.");
        }
        catch (JsonException problem)
        {
            throw Bad($"the request's body is not JSON that can be read (line {problem.LineNumber + 1}, byte {problem.BytePositionInLine + 1}); "
                + $"an object is expected, at most {DeepestJson} levels deep.");
        }
    }

    /// <summary>Where JSON has a string with <c>\ud800</c> or the like, half a character; null if nowhere. Nobody who reads the strings later has to count with them.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static long? HalfCharacterAt(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOf("\\u"u8) < 0)
            return null;

        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = DeepestJson });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                    _ = reader.GetString();
            }

            return null;
        }
        catch (InvalidOperationException)
        {
            return reader.TokenStartIndex;
        }
    }

    static ApiException Bad(string sentence) => new(StatusCodes.Status400BadRequest, sentence);
}

/// <summary>An object of a request, read field by field. A field that is null counts as absent; one of the wrong type is named.</summary>
/// <param name="Element">The object.</param>
/// <param name="Place">What stands in front of its fields' names in messages, such as <c>messages[0].</c>.</param>
readonly record struct Fields(JsonElement Element, string Place = "")
{
    /// <summary>A field, undefined if it is absent or null.</summary>
    public JsonElement this[string name]
        => Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;

    /// <summary>True if the field is there.</summary>
    public bool Has(string name) => this[name].ValueKind != JsonValueKind.Undefined;

    /// <summary>A string, or null.</summary>
    public string? Text(string name) => this[name] switch
    {
        { ValueKind: JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        var value => throw Wrong(name, value, "a string"),
    };

    /// <summary>True, false, or null.</summary>
    public bool? Flag(string name) => this[name] switch
    {
        { ValueKind: JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        var value => throw Wrong(name, value, "true or false"),
    };

    /// <summary>A whole number within limits, or null.</summary>
    public int? Whole(string name, int low, int high) => this[name] switch
    {
        { ValueKind: JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number >= low && number <= high => number,
        var value => throw Wrong(name, value, $"a whole number from {low:N0} to {high:N0}"),
    };

    /// <summary>An object, or null.</summary>
    public Fields? Object(string name) => this[name] switch
    {
        { ValueKind: JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.Object } value => new Fields(value, $"{Place}{name}."),
        var value => throw Wrong(name, value, "an object"),
    };

    /// <summary>The elements of a list, none if it is absent.</summary>
    public IReadOnlyList<JsonElement> List(string name, int most) => this[name] switch
    {
        { ValueKind: JsonValueKind.Undefined } => [],
        { ValueKind: JsonValueKind.Array } value when value.GetArrayLength() <= most => [.. value.EnumerateArray()],
        { ValueKind: JsonValueKind.Array } value => throw new ApiException(StatusCodes.Status400BadRequest, $"{Place}{name} has {value.GetArrayLength():N0} elements, but at most {most:N0} are taken."),
        var value => throw Wrong(name, value, "a list"),
    };

    /// <summary>The objects of a list.</summary>
    public IReadOnlyList<Fields> Objects(string name, int most)
    {
        var (place, elements) = (Place, List(name, most));
        return [.. elements.Select((element, i) => element.ValueKind == JsonValueKind.Object
            ? new Fields(element, $"{place}{name}[{i}].")
            : throw new Fields(element, place).Wrong($"{name}[{i}]", element, "an object"))];
    }

    /// <summary>The token ids of a list.</summary>
    public int[] Ids(string name, int most, int vocabulary)
    {
        var elements = List(name, most);
        var ids = new int[elements.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            if (elements[i].ValueKind != JsonValueKind.Number || !elements[i].TryGetInt32(out ids[i]) || (uint)ids[i] >= (uint)vocabulary)
                throw Wrong($"{name}[{i}]", elements[i], $"a token from 0 to {vocabulary - 1:N0}");
        }

        return ids;
    }

    /// <summary>The name of a model, which must be there.</summary>
    public string Model(string name = "model", string alias = "name")
        => Text(name) is { Length: > 0 } model ? model
            : Text(alias) is { Length: > 0 } other ? other
            : throw new ApiException(StatusCodes.Status400BadRequest, $"{name} is missing; name a model, as /api/tags lists them.");

    /// <summary>What to say of a value that cannot be.</summary>
    public ApiException Wrong(string name, JsonElement value, string expected)
    {
        var found = value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => "a JSON boolean",
            JsonValueKind.Number => value.GetRawText() is { Length: <= 30 } number ? number : "a long JSON number",
            JsonValueKind.Array => "a JSON list",
            JsonValueKind.Object => "a JSON object",
            JsonValueKind.Undefined => "missing",
            var kind => $"a JSON {kind.ToString().ToLowerInvariant()}",
        };
        return new ApiException(StatusCodes.Status400BadRequest, $"{Place}{name} is {found}, but it must be {expected}.");
    }
}
