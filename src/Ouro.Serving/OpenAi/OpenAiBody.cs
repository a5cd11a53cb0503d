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
            if (RequestBody.HalfCharacterAt(bytes.WrittenSpan) is { } place)
                throw OpenAiException.Bad("", $"the request's body has half a surrogate pair in a string near byte {place:N0}; send whole characters.");

            document = JsonDocument.Parse(bytes.WrittenMemory, new JsonDocumentOptions { MaxDepth = RequestBody.DeepestJson });
        }
        catch (JsonException problem)
        {
            throw OpenAiException.Bad("", $"the request's body is not JSON that can be read, at line {problem.LineNumber + 1}, byte {problem.BytePositionInLine + 1}; "
                + $"it must be one object with at most {RequestBody.DeepestJson} levels.");
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

    static OpenAiException TooLarge() => new(StatusCodes.Status413PayloadTooLarge, "the request's body is larger than this server takes; send less at once.");
}
