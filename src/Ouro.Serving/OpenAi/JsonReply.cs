using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Ouro.Serving;

/// <summary>JSON as an answer.</summary>
static class JsonReply
{
    /// <summary>Text stays readable: what a page must escape is for the page to escape.</summary>
    public static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Sends one object and ends the answer.</summary>
    public static async Task Write(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Plain))
            write(json);

        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = bytes.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(bytes.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }
}
