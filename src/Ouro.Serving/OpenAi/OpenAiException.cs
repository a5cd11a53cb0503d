using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Ouro.Serving;

/// <summary>A request that is answered with an error, in the form that clients of OpenAI read.</summary>
/// <param name="status">400 to 599.</param>
/// <param name="message">One sentence for a person.</param>
/// <param name="param">The field at fault, such as <c>messages[0].role</c>; null if none is.</param>
/// <param name="code">A word for programs, such as <c>model_not_found</c>; null if there is none.</param>
public sealed class OpenAiException(int status, string message, string? param = null, string? code = null) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>The field at fault, or null.</summary>
    public string? Param => param;

    /// <summary>A word for programs, or null.</summary>
    public string? Code => code;

    /// <summary>What clients sort errors by.</summary>
    public string Type => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    /// <summary>Answers a request with it. Nothing may have been sent yet.</summary>
    public Task Write(HttpContext context)
    {
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "1";
        return Json.Answer(context, status, WriteTo);
    }

    /// <summary><c>{"error": {...}}</c>.</summary>
    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", Message);
        json.WriteString("type", Type);
        json.WriteString("param", param);
        json.WriteString("code", code);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A field that cannot have its value.</summary>
    internal static OpenAiException Bad(string param, string message) => new(StatusCodes.Status400BadRequest, message, param.Length == 0 ? null : param);

    /// <summary>A field that asks for something this server does not have.</summary>
    internal static OpenAiException Unsupported(string param, string message) => new(StatusCodes.Status400BadRequest, message, param, "unsupported_parameter");
}
