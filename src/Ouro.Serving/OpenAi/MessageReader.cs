using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>Reads the messages of a chat completion.</summary>
static class MessageReader
{
    const int MostMessages = 16_384;
    const int MostCalls = 256;

    /// <summary>The conversation, at least one turn.</summary>
    /// <exception cref="OpenAiException">A message is not as it must be.</exception>
    public static List<ChatTurn> Read(RequestField messages)
    {
        var names = new Dictionary<string, string>();   // of calls, by their ids
        var turns = new List<ChatTurn>();
        foreach (var message in messages.List(MostMessages))
            turns.Add(ReadOne(message.Object(), names));
        return turns.Count > 0 ? turns : throw OpenAiException.Bad(messages.Path, "messages is empty; give a message to answer.");
    }

    static ChatTurn ReadOne(RequestField message, Dictionary<string, string> names)
    {
        var role = message.Need("role").Word("system", "developer", "user", "assistant", "tool");
        var calls = role == "assistant" && message.Find("tool_calls") is { } list ? Calls(list, names) : [];
        if (role != "assistant" && message.Find("content") is null)
            message.Need("content");
        var content = message.Find("content") is { } found ? ContentReader.Text(found) : "";
        switch (role)
        {
            case "assistant":
                return new ChatTurn(role, content) { ToolCalls = calls, Reasoning = (message.Find("reasoning_content") ?? message.Find("reasoning"))?.Text() };
            case "tool":
                var id = message.Need("tool_call_id").Text();
                return new ChatTurn(role, content) { ToolCallId = id, ToolName = message.Find("name")?.Text() ?? names.GetValueOrDefault(id) };
            default:
                return new ChatTurn(role == "developer" ? "system" : role, content);
        }
    }

    static List<ToolCall> Calls(RequestField list, Dictionary<string, string> names)
    {
        var calls = new List<ToolCall>();
        foreach (var call in list.List(MostCalls))
        {
            call.Object().Find("type")?.Word("function");
            var function = call.Need("function").Object();
            var read = new ToolCall(call.Need("id").Text(), function.Need("name").Text(), function.Find("arguments") is { } arguments ? ContentReader.Arguments(arguments) : "{}");
            names[read.Id] = read.Name;
            calls.Add(read);
        }

        return calls;
    }
}
