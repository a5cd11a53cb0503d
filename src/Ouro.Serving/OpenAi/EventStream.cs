using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Ouro.Serving;

/// <summary>An answer as server-sent events. Any number of replies may send at once; each event goes out whole, and sending waits for a slow reader.</summary>
/// <remarks>The headers go out with the first event, so that what is found wrong before it still gets its status.</remarks>
sealed class EventStream(HttpContext context) : IDisposable
{
    readonly SemaphoreSlim _turn = new(1);
    readonly ArrayBufferWriter<byte> _event = new();
    readonly CancellationToken _gone = context.RequestAborted;

    /// <summary>True once an event was sent.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Sends an object as an event.</summary>
    /// <param name="name">The event's name; null for none.</param>
    public async Task Send(Action<Utf8JsonWriter> write, string? name = null)
    {
        await _turn.WaitAsync(_gone).ConfigureAwait(false);
        try
        {
            _event.ResetWrittenCount();
            if (name is not null)
                _event.Write(Encoding.UTF8.GetBytes($"event: {name}\n"));
            _event.Write("data: "u8);
            using (var json = new Utf8JsonWriter(_event, Json.Readable))
                write(json);
            _event.Write("\n\n"u8);
            await Flush().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends <c>[DONE]</c>, by which clients know that nothing is missing.</summary>
    public async Task Done()
    {
        await _turn.WaitAsync(_gone).ConfigureAwait(false);
        try
        {
            _event.ResetWrittenCount();
            _event.Write("data: [DONE]\n\n"u8);
            await Flush().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    async Task Flush()
    {
        if (!HasBegun)
        {
            HasBegun = true;
            context.Response.ContentType = "text/event-stream; charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers["X-Accel-Buffering"] = "no";   // proxies would hold events back
        }

        await context.Response.BodyWriter.WriteAsync(_event.WrittenMemory, _gone).ConfigureAwait(false);
        await context.Response.BodyWriter.FlushAsync(_gone).ConfigureAwait(false);
    }
}
