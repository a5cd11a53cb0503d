using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Ouro.Serving;

/// <summary>Answers in JSON.</summary>
static class Json
{
    /// <summary>Letters of all languages stay readable. What is sent is never part of a page.</summary>
    public static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with one object.</summary>
    public static async Task Answer(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Readable))
            write(json);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = bytes.WrittenCount;
        await context.Response.Body.WriteAsync(bytes.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Answers that all went well, with one object.</summary>
    public static Task Answer(HttpContext context, Action<Utf8JsonWriter> write) => Answer(context, StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    });

    /// <summary>Writes a time of day as clients expect it: RFC 3339, UTC.</summary>
    public static void WriteTime(this Utf8JsonWriter json, string name, DateTimeOffset time) => json.WriteString(name, time.UtcDateTime);

    /// <summary>Writes a time span in nanoseconds.</summary>
    public static void WriteNanoseconds(this Utf8JsonWriter json, string name, TimeSpan time) => json.WriteNumber(name, time.Ticks * 100);

    /// <summary>Writes a list of whole numbers.</summary>
    public static void WriteNumbers(this Utf8JsonWriter json, string name, IEnumerable<int> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    /// <summary>Writes a list of strings.</summary>
    public static void WriteStrings(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}

/// <summary>Answers line by line: one JSON object each. Every line is on its way before the next is written, so a slow reader slows its writer.</summary>
sealed class JsonLines(HttpContext context) : IDisposable
{
    /// <summary>What such an answer is called.</summary>
    public const string ContentType = "application/x-ndjson";

    readonly ArrayBufferWriter<byte> _bytes = new();
    readonly Utf8JsonWriter _json = new(Stream.Null, Json.Readable);

    /// <summary>Sends a line.</summary>
    public async Task Send(Action<Utf8JsonWriter> write)
    {
        _bytes.ResetWrittenCount();
        _json.Reset(_bytes);
        _json.WriteStartObject();
        write(_json);
        _json.WriteEndObject();
        await _json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        _bytes.Write("\n"u8);
        if (!context.Response.HasStarted)
            context.Response.ContentType = ContentType;
        await context.Response.Body.WriteAsync(_bytes.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    public void Dispose() => _json.Dispose();
}
