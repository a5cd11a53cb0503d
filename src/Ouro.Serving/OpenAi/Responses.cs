using Microsoft.AspNetCore.Http;

namespace Ouro.Serving;

/// <summary><c>POST /v1/responses</c>: one answer to a conversation that is sent whole; nothing is stored.</summary>
static class Responses
{
    /// <summary>Answers a request.</summary>
    public static async Task Handle(HttpContext context)
    {
        using var served = await ServedRequest.Open(context).ConfigureAwait(false);
        var request = ResponseRequest.Read(served);
        if (request.Streams)
        {
            await StreamedAnswer.Run(context, stream => Stream(context, new ResponseRun(served, request, stream), stream)).ConfigureAwait(false);
            return;
        }

        var run = new ResponseRun(served, request, stream: null);
        var status = await run.Run(context.RequestAborted).ConfigureAwait(false);
        await Json.Answer(context, StatusCodes.Status200OK, json => run.WriteWhole(json, status)).ConfigureAwait(false);
    }

    static async Task Stream(HttpContext context, ResponseRun run, EventStream stream)
    {
        try
        {
            await run.Run(context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception problem) when (stream.HasBegun && !context.RequestAborted.IsCancellationRequested)
        {
            var error = OpenAiApi.ErrorOf(problem);
            OpenAiApi.Note(context, error, problem);
            await run.Fail(error).ConfigureAwait(false);
        }
    }
}
