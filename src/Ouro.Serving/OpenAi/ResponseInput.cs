using Ouro.Chat;
using Ouro.Formats;

namespace Ouro.Serving;

/// <summary>Reads what a response is to be given to: a string, or items of a conversation.</summary>
static class ResponseInput
{
    const int MostItems = 16_384;

    /// <summary>The conversation, <c>instructions</c> in front.</summary>
    /// <exception cref="OpenAiException">An item is not as it must be.</exception>
    public static List<ChatTurn> Read(RequestField body)
    {
        var turns = new List<ChatTurn>();
        if (body.Find("instructions") is { } instructions)
            turns.Add(new ChatTurn("system", instructions.Text()));

        var input = body.Need("input");
        if (input.IsText)
            turns.Add(new ChatTurn("user", input.Text()));
        else if (input.IsList)
            AddItems(turns, input.List(MostItems));
        else
            throw input.Not("a string or a list of items");

        return turns.Exists(turn => turn.Role != "system") ? turns : throw OpenAiException.Bad("input", "input holds no message to answer; give one.");
    }

    static void AddItems(List<ChatTurn> turns, IReadOnlyList<RequestField> items)
    {
        string? reasoning = null;   // of the assistant's turn that follows
        var names = new Dictionary<string, string>();
        foreach (var item in items)
        {
            switch (item.Object().Find("type")?.Text() ?? "message")
            {
                case "message":
                    var turn = Message(item);
                    turns.Add(turn.Role == "assistant" ? turn with { Reasoning = reasoning } : turn);
                    reasoning = null;
                    break;
                case "reasoning":
                    reasoning += item.Find("content") is { } content ? ContentReader.Text(content) : item.Find("summary") is { } summary ? ContentReader.Text(summary) : "";
                    break;
                case "function_call":
                    AddCall(turns, item, reasoning, names);
                    reasoning = null;
                    break;
                case "function_call_output":
                    var id = item.Need("call_id").Text();
                    turns.Add(new ChatTurn("tool", ContentReader.Text(item.Need("output"))) { ToolCallId = id, ToolName = names.GetValueOrDefault(id) });
                    break;
                case "item_reference":
                    throw OpenAiException.Unsupported(item.Path, $"{item.Path} refers to a stored item, but nothing is stored here; send the item itself.");
                case var type:
                    throw OpenAiException.Unsupported($"{item.Path}.type",
                        $"{item.Path}.type is {type.Quoted}, but only message, reasoning, function_call and function_call_output can be read here.");
            }
        }
    }

    static ChatTurn Message(RequestField item)
    {
        var role = item.Need("role").Word("system", "developer", "user", "assistant");
        return new ChatTurn(role == "developer" ? "system" : role, ContentReader.Text(item.Need("content")));
    }

    /// <summary>Calls belong to the assistant's turn in front of them.</summary>
    static void AddCall(List<ChatTurn> turns, RequestField item, string? reasoning, Dictionary<string, string> names)
    {
        var call = new ToolCall(item.Need("call_id").Text(), item.Need("name").Text(), item.Find("arguments") is { } arguments ? ContentReader.Arguments(arguments) : "{}");
        names[call.Id] = call.Name;
        if (turns is not [.., { Role: "assistant" } last])
            turns.Add(new ChatTurn("assistant", "") { Reasoning = reasoning, ToolCalls = [call] });
        else
            turns[^1] = last with { ToolCalls = [.. last.ToolCalls, call] };
    }
}
