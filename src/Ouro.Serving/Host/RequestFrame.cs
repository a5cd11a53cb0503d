using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Ouro.Serving;

/// <summary>What stands around every request: its line in the log, its count, and one sentence for whatever goes wrong.</summary>
sealed class RequestFrame(ServingOptions options, RequestGate gate, Admission admission, ServingMetrics metrics, ILogger<RequestFrame> log)
{
    /// <summary>The routes that compute, and therefore may have to wait.</summary>
    static readonly HashSet<string> Computing = new(StringComparer.OrdinalIgnoreCase)
    {
        "/api/generate", "/api/chat", "/api/embed", "/api/embeddings", "/api/trace",
        "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses",
    };

    /// <summary>Answers a request.</summary>
    public async Task Run(HttpContext context, RequestDelegate next)
    {
        var started = Stopwatch.GetTimestamp();
        var (method, path) = (Problems.Plain(context.Request.Method), Problems.Plain(context.Request.Path.Value ?? "/"));
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await gate.Pass(context, inner => Compute(inner, next)).ConfigureAwait(false);
            if (context.Response is { HasStarted: false, ContentLength: null, ContentType: null })
                await Explain(context, method, path).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The last stop before the client: everything becomes one sentence, and what is our mistake goes to the log.
        catch (Exception problem)
#pragma warning restore CA1031
        {
            await Report(context, problem, method, path).ConfigureAwait(false);
        }

        var time = Stopwatch.GetElapsedTime(started);
        var status = context.RequestAborted.IsCancellationRequested ? StatusCodes.Status499ClientClosedRequest : context.Response.StatusCode;
        metrics.Answered((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "other", status);
        ServingLog.Answered(log, method, path, status, time.TotalSeconds);
    }

    async Task Compute(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || !Computing.Contains(context.Request.Path.Value ?? ""))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        if (!admission.TryEnter())
        {
            throw new ApiException(StatusCodes.Status503ServiceUnavailable,
                $"the server is busy: {admission.Most:N0} requests are under way or waiting, and that is the most; ask again in a moment.");
        }

        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            admission.Leave();
        }
    }

    /// <summary>Says why nobody answered: routing leaves the body empty.</summary>
    static Task Explain(HttpContext context, string method, string path) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problems.Answer(context, StatusCodes.Status404NotFound, $"there is nothing at '{path}'; see /api/tags, /v1/models or /health."),
        StatusCodes.Status405MethodNotAllowed => Problems.Answer(context, StatusCodes.Status405MethodNotAllowed,
            $"'{path}' does not take {method}, but {context.Response.Headers.Allow}."),
        _ => Task.CompletedTask,
    };

    async Task Report(HttpContext context, Exception problem, string method, string path)
    {
        if (Problems.IsOurs(problem))
            ServingLog.Failed(log, problem, method, path);
        if (Problems.Of(problem, context, options) is not var (status, sentence) || context.RequestAborted.IsCancellationRequested)
            return;

        try
        {
            if (!context.Response.HasStarted)
            {
                await Problems.Answer(context, status, sentence).ConfigureAwait(false);
            }
            else if (context.Response.ContentType == JsonLines.ContentType)
            {
                using var lines = new JsonLines(context);
                await lines.Send(json => json.WriteString("error", sentence)).ConfigureAwait(false);
            }
            else
            {
                context.Features.Get<IHttpRequestLifetimeFeature>()?.Abort();
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The client went away while it was told.
        }
    }
}
