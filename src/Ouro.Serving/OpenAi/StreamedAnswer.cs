using Microsoft.AspNetCore.Http;

namespace Ouro.Serving;

/// <summary>An answer that is sent while it is written.</summary>
static class StreamedAnswer
{
    /// <summary>Lets somebody send events. What fails behind the first of them is sent as one more: the status is out already.</summary>
    public static async Task Run(HttpContext context, Func<EventStream, Task> write)
    {
        using var stream = new EventStream(context);
        try
        {
            await write(stream).ConfigureAwait(false);
        }
        catch (Exception problem) when (stream.HasBegun && !context.RequestAborted.IsCancellationRequested)
        {
            var error = OpenAiApi.ErrorOf(problem);
            OpenAiApi.Note(context, error, problem);
            await stream.Send(error.WriteTo).ConfigureAwait(false);
        }
    }
}
