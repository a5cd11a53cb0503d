using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ouro.Chat;
using Ouro.Formats;

namespace Ouro.Serving;

/// <summary>A request that is answered with a status and one sentence.</summary>
public sealed class ApiException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status => status;
}

/// <summary>What a problem is to a client.</summary>
static class Problems
{
    /// <summary>Status and sentence; null if the client has gone and nobody listens.</summary>
    public static (int Status, string Sentence)? Of(Exception problem, HttpContext context, ServingOptions options) => problem switch
    {
        ApiException known => (known.Status, known.Message),
        UnknownModelException unknown => (StatusCodes.Status404NotFound, unknown.Message),
        ChatException or SettingException or FormatException => (StatusCodes.Status400BadRequest, problem.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (StatusCodes.Status413PayloadTooLarge,
            $"the request has more than {options.MostRequestBytes:N0} bytes, which is the most that is taken; send less."),
        BadHttpRequestException bad => (bad.StatusCode, $"the request cannot be read: {bad.Message}"),
        OperationCanceledException when context.RequestAborted.IsCancellationRequested => null,
        OperationCanceledException or ObjectDisposedException => (StatusCodes.Status503ServiceUnavailable, "the model is being unloaded or the server stops; ask again later."),
        ModelFileException or InvalidDataException => (StatusCodes.Status500InternalServerError, problem.Message),
        InsufficientMemoryException => (StatusCodes.Status400BadRequest, problem.Message),   // a context that cannot fit, with the arithmetic
        OutOfMemoryException => (StatusCodes.Status500InternalServerError, $"there is not enough memory for this: {problem.Message}"),
        AggregateException { InnerExceptions: [var inner] } => Of(inner, context, options),
        _ => (StatusCodes.Status500InternalServerError, $"something went wrong inside the server ({problem.GetType().Name}); its log tells more."),
    };

    /// <summary>True if it is nobody's mistake but ours, so that the log should say all.</summary>
    public static bool IsOurs(Exception problem)
        => problem is not (ApiException or UnknownModelException or ChatException or SettingException or FormatException or BadHttpRequestException
            or OperationCanceledException or ObjectDisposedException or ModelFileException or InvalidDataException or OutOfMemoryException);

    /// <summary>Answers with an error, in the form of the API that was asked.</summary>
    public static Task Answer(HttpContext context, int status, string sentence)
    {
        if (status == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "1";
        return Json.Answer(context, status, json =>
        {
            json.WriteStartObject();
            if (context.Request.Path.StartsWithSegments("/v1"))
            {
                json.WriteStartObject("error");
                json.WriteString("message", sentence);
                json.WriteString("type", status >= 500 ? "server_error" : status is 401 or 403 ? "authentication_error" : "invalid_request_error");
                json.WriteNull("param");
                json.WriteNull("code");
                json.WriteEndObject();
            }
            else
            {
                json.WriteString("error", sentence);
            }

            json.WriteEndObject();
        });
    }

    /// <summary>Text from outside as one line that cannot steer a terminal.</summary>
    public static string Plain(string text)
    {
        var line = new StringBuilder(Math.Min(text.Length, 500));
        foreach (var symbol in text.AsSpan(0, Math.Min(text.Length, 500)))
            line.Append(char.IsControl(symbol) || symbol is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') ? '\uFFFD' : symbol);
        return line.ToString();
    }
}

static partial class ServingLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    public static partial void Failed(ILogger log, Exception problem, string method, string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Path} {Status} in {Seconds:0.000} s")]
    public static partial void Answered(ILogger log, string method, string path, int status, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path}: {Warning}")]
    public static partial void Warned(ILogger log, string path, string warning);
}
