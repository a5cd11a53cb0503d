using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving.Ollama;

/// <summary>Reads messages and tools.</summary>
static class ChatFields
{
    const int MostTools = 1024;
    const int MostCalls = 1024;

    /// <summary>A message.</summary>
    public static ChatTurn ReadTurn(Fields message)
    {
        var role = message.Text("role") ?? throw message.Wrong("role", default, Roles);
        if (!ChatMessage.Roles.Contains(role))
            throw new ApiException(StatusCodes.Status400BadRequest, $"{message.Place}role is '{Problems.Plain(role)}', but it must be {Roles}.");
        if (message.List("images", MostCalls).Count > 0)
            throw new ApiException(StatusCodes.Status400BadRequest, $"{message.Place}images cannot be read by models of this family; leave images out.");

        return new ChatTurn(role, message.Text("content") ?? "")
        {
            Reasoning = message.Text("thinking"),
            ToolCalls = ReadCalls(message),
            ToolCallId = message.Text("tool_call_id"),
            ToolName = message.Text("tool_name") ?? (role == ChatMessage.Tool ? message.Text("name") : null),
        };
    }

    /// <summary>The functions that the model may call.</summary>
    public static IReadOnlyList<ToolDefinition> ReadTools(Fields request)
    {
        var tools = new List<ToolDefinition>();
        foreach (var tool in request.Objects("tools", MostTools))
        {
            if (tool.Text("type") is not (null or "function"))
                throw tool.Wrong("type", tool["type"], "\"function\"");

            var function = tool.Object("function") ?? throw tool.Wrong("function", default, "an object");
            var name = function.Text("name") is { Length: > 0 } found ? found : throw function.Wrong("name", default, "the function's name");
            tools.Add(new ToolDefinition(name, function.Text("description"), function.Object("parameters")?.Element.Clone() ?? default));
        }

        return tools;
    }

    static string Roles => string.Join(", ", ChatMessage.Roles);

    static List<ToolCall> ReadCalls(Fields message)
    {
        var calls = new List<ToolCall>();
        foreach (var call in message.Objects("tool_calls", MostCalls))
        {
            var function = call.Object("function") ?? throw call.Wrong("function", default, "an object");
            var name = function.Text("name") ?? throw function.Wrong("name", default, "a string");
            calls.Add(new ToolCall(call.Text("id") ?? $"call_{calls.Count}", name, Arguments(function)));
        }

        return calls;
    }

    /// <summary>An object; some clients send it as text.</summary>
    static string Arguments(Fields function)
    {
        var value = function["arguments"];
        if (value.ValueKind == JsonValueKind.Undefined)
            return "{}";
        if (value.ValueKind == JsonValueKind.Object)
            return value.GetRawText();
        if (value.ValueKind != JsonValueKind.String)
            throw function.Wrong("arguments", value, "an object");

        try
        {
            using var parsed = JsonDocument.Parse(value.GetString()!, new JsonDocumentOptions { MaxDepth = RequestBody.DeepestJson });
            return parsed.RootElement.ValueKind == JsonValueKind.Object ? parsed.RootElement.GetRawText() : throw function.Wrong("arguments", value, "an object");
        }
        catch (JsonException)
        {
            throw function.Wrong("arguments", value, "an object");
        }
    }
}
