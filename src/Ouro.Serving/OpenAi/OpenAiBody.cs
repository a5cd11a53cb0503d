using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Ouro.Serving;

/// <summary>Reads a request's JSON, and lets nothing through that could not be read as text later.</summary>
static class OpenAiBody
{
    /// <summary>Most bytes of a body; a server may allow less.</summary>
    public const int MostBytes = 32 << 20;

    const int MostDepth = 64;

    /// <summary>The body's object. The document is the caller's to dispose, when nobody needs its elements any more.</summary>
    /// <exception cref="OpenAiException">It is too large, or no JSON object.</exception>
    public static async Task<JsonDocument> Read(HttpContext context)
    {
        var bytes = await ReadBytes(context).ConfigureAwait(false);
        if (bytes.WrittenCount == 0)
            throw OpenAiException.Bad("", "the request has no body, but it must have a JSON object.");
        if (!Utf8.IsValid(bytes.WrittenSpan))
            throw OpenAiException.Bad("", "the request's body is not valid UTF-8; send JSON in UTF-8.");

        JsonDocument document;
        try
        {
            CheckText(bytes.WrittenSpan);
            document = JsonDocument.Parse(bytes.WrittenMemory, new JsonDocumentOptions { MaxDepth = MostDepth });
        }
        catch (JsonException problem)
        {
            throw OpenAiException.Bad("", $"the request's body is not JSON that can be read, at line {problem.LineNumber + 1}, byte {problem.BytePositionInLine + 1}; "
                + $"it must be one object with at most {MostDepth} levels.");
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return document;

        document.Dispose();
        throw OpenAiException.Bad("", "the request's body is not a JSON object, but it must be one.");
    }

    static async Task<ArrayBufferWriter<byte>> ReadBytes(HttpContext context)
    {
        var bytes = new ArrayBufferWriter<byte>();
        try
        {
            while (true)
            {
                var read = await context.Request.Body.ReadAsync(bytes.GetMemory(4096), context.RequestAborted).ConfigureAwait(false);
                if (read == 0)
                    return bytes;

                bytes.Advance(read);
                if (bytes.WrittenCount > MostBytes)
                    throw TooLarge();
            }
        }
        catch (BadHttpRequestException problem)
        {
            throw problem.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? TooLarge()
                : new OpenAiException(problem.StatusCode, "the request's body did not arrive whole; send it again.");
        }
    }

    /// <summary>Half a surrogate pair, written as an escape, is valid JSON but no text.</summary>
    static void CheckText(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MostDepth });
        while (reader.Read())
        {
            if (!reader.ValueIsEscaped || reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
                continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                throw OpenAiException.Bad("", $"the request's body has half a surrogate pair in a string near byte {reader.TokenStartIndex:N0}; send whole characters.");
            }
        }
    }

    static OpenAiException TooLarge() => new(StatusCodes.Status413PayloadTooLarge, "the request's body is larger than this server takes; send less at once.");
}
