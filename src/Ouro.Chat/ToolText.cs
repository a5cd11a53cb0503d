using System.Text;
using System.Text.Json;
using Ouro.Text;

namespace Ouro.Chat;

/// <summary>Tools, their calls and answers as text, for models whose template knows nothing of them.</summary>
static class ToolText
{
    const string Before = "You may call these functions:\n<tools>\n";
    const string After = "</tools>\nTo call one, answer with its name and arguments as JSON:\n<tool_call>\n{\"name\": ..., \"arguments\": {...}}\n</tool_call>";

    /// <summary>Tools as a list of JSON objects, as OpenAI's API has them.</summary>
    public static JsonElement List(IReadOnlyList<ToolDefinition> tools) => JsonElement.Parse(Json(json =>
    {
        json.WriteStartArray();
        foreach (var tool in tools)
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WritePropertyName("function");
            Write(json, tool);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }));

    /// <summary>Turns in which calls and answers have become text.</summary>
    public static List<ChatTurn> Written(IEnumerable<ChatTurn> turns) => [.. turns.Select(Written)];

    /// <summary>Puts the tools into the system message, which is made if there is none.</summary>
    public static void Add(List<ChatTurn> turns, IReadOnlyList<ToolDefinition> tools)
    {
        var text = Before + string.Concat(tools.Select(tool => Json(json => Write(json, tool)) + "\n")) + After;
        if (turns is [{ Role: ChatMessage.System } system, ..])
            turns[0] = system with { Content = $"{system.Content}\n\n{text}" };
        else
            turns.Insert(0, new ChatTurn(ChatMessage.System, text));
    }

    static ChatTurn Written(ChatTurn turn)
    {
        if (turn.Role == ChatMessage.Tool)
            return turn with { Content = $"<tool_response>\n{turn.Content}\n</tool_response>" };

        var text = new StringBuilder(turn.Content);
        foreach (var call in turn.ToolCalls)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(ToolCallSplitter.Open).Append("\n{\"name\": ").Append(JsonSerializer.Serialize(call.Name, ChatJson.Default.String))
                .Append(", \"arguments\": ").Append(call.Arguments).Append("}\n").Append(ToolCallSplitter.Close);
        }

        return turn with { Content = text.ToString(), ToolCalls = [] };
    }

    static void Write(Utf8JsonWriter json, ToolDefinition tool)
    {
        json.WriteStartObject();
        json.WriteString("name", tool.Name);
        if (tool.Description is { } description)
            json.WriteString("description", description);
        if (tool.Parameters.ValueKind != JsonValueKind.Undefined)
        {
            json.WritePropertyName("parameters");
            tool.Parameters.WriteTo(json);
        }

        json.WriteEndObject();
    }

    static string Json(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
            write(json);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
