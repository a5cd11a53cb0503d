using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ouro.Chat;
using Ouro.Formats;

namespace Ouro.Serving;

/// <summary>The interface of OpenAI: models, chat completions, completions, embeddings and responses, under <c>/v1</c>.</summary>
/// <remarks>
/// What it takes from the services: <see cref="ModelPool"/>, <see cref="IModelCatalog"/> and <see cref="TimeProvider"/>; a logger if there is one.
/// Fields that nobody knows are skipped; a field that is known and cannot be honoured is refused by its name. Beside OpenAI's fields a request may
/// set, at its top level, <c>num_iterations</c>, <c>exit_threshold</c>, <c>min_loops</c>, <c>exit_confidence</c>, <c>exit_state_change</c>,
/// <c>draft_loops</c>, <c>kv_policy</c>, <c>kv_type</c>, <c>top_k</c>, <c>min_p</c>, <c>repeat_penalty</c>, <c>repeat_last_n</c> and <c>num_ctx</c>.
/// Where neither request nor Modelfile says anything, temperature and top_p are 1, top_k is 0 and repeat_penalty is 1; a reply may fill the context.
/// </remarks>
public static class OpenAiApi
{
    /// <summary>Adds the routes.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", Guarded(ModelList.All));
        routes.MapGet("/v1/models/{**id}", Guarded(ModelList.One));
        routes.MapPost("/v1/chat/completions", Guarded(ChatCompletions.Handle));
        routes.MapPost("/v1/completions", Guarded(Completions.Handle));
        routes.MapPost("/v1/embeddings", Guarded(Embeddings.Handle));
        routes.MapPost("/v1/responses", Guarded(Responses.Handle));
    }

    /// <summary>What a client is told about a failure: what it can mend, in full; of the rest, nothing from inside.</summary>
    internal static OpenAiException ErrorOf(Exception problem) => problem switch
    {
        OpenAiException known => known,
        UnknownModelException => new OpenAiException(StatusCodes.Status404NotFound, problem.Message, "model", "model_not_found"),
        ChatException or SettingException => new OpenAiException(StatusCodes.Status400BadRequest, problem.Message),
        InsufficientMemoryException => new OpenAiException(StatusCodes.Status400BadRequest, problem.Message.TrimEnd('.') + ".", "num_ctx"),
        ModelFileException or InvalidDataException => new OpenAiException(StatusCodes.Status500InternalServerError, problem.Message, "model"),
        ObjectDisposedException => new OpenAiException(StatusCodes.Status503ServiceUnavailable, "the model was unloaded while it answered; ask again."),
        _ => new OpenAiException(StatusCodes.Status500InternalServerError, "something went wrong inside the server; its log says what."),
    };

    /// <summary>Notes a failure that is nobody's fault but ours.</summary>
    internal static void Note(HttpContext context, OpenAiException error, Exception problem)
    {
        if (error.Status >= StatusCodes.Status500InternalServerError && context.RequestServices.GetService<ILoggerFactory>() is { } loggers)
            OpenAiLog.Failed(loggers.CreateLogger(typeof(OpenAiApi)), context.Request.Path, problem);
    }

    static RequestDelegate Guarded(Func<HttpContext, Task> handle) => async context =>
    {
        try
        {
            await handle(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; so has its text.
        }
        catch (Exception problem) when (!context.Response.HasStarted)
        {
            var error = ErrorOf(problem);
            Note(context, error, problem);
            await error.Write(context).ConfigureAwait(false);
        }
    };
}

static partial class OpenAiLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed")]
    public static partial void Failed(ILogger log, string path, Exception problem);
}
