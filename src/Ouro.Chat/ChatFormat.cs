using System.Text;
using System.Text.Json;
using Ouro.Text;

namespace Ouro.Chat;

/// <summary>A conversation as token ids.</summary>
/// <param name="Ids">The prompt.</param>
/// <param name="Begins">The part of the reply that its first token belongs to.</param>
public readonly record struct ChatPrompt(int[] Ids, ReplyPart Begins);

/// <summary>How a model reads conversations: ChatML. Immutable and safe for any number of threads.</summary>
public sealed class ChatFormat
{
    const string ToolsBefore = "You may call these functions:\n<tools>\n";
    const string ToolsAfter = "</tools>\nTo call one, answer with its name and arguments as JSON:\n<tool_call>\n{\"name\": ..., \"arguments\": {...}}\n</tool_call>";

    readonly ChatMl _chatMl;

    /// <exception cref="ChatException">The model's vocabulary cannot hold a conversation.</exception>
    public ChatFormat(Tokenizer tokenizer)
    {
        _chatMl = FitsIn(tokenizer.Vocabulary)
            ? new ChatMl(tokenizer)
            : throw new ChatException("this model has no chat format, so it cannot hold a conversation; ask it to continue a text instead.");
        var vocabulary = tokenizer.Vocabulary;
        CanThink = vocabulary.FindSpecial(KnownTokens.Think) is not null;
        ThinksByDefault = CanThink && vocabulary.Specials.Eos is { } eos && eos == vocabulary.FindSpecial(KnownTokens.TurnEnd);
    }

    /// <summary>True if the vocabulary has a think tag.</summary>
    public bool CanThink { get; }

    /// <summary>True for Thinking models: they end a turn, not a text, so their eos is the end of a turn.</summary>
    public bool ThinksByDefault { get; }

    /// <summary>True if a model's file says how to write a chat, and its tokens are those of one.</summary>
    public static bool FitsIn(Vocabulary vocabulary) => vocabulary.ChatTemplate is not null && ChatMl.FitsIn(vocabulary);

    /// <summary>The prompt of a conversation.</summary>
    /// <exception cref="ChatException">A role is unknown, or thinking is asked of a model that has no think tag.</exception>
    public ChatPrompt Encode(ChatRequest request)
    {
        if (request.Thinks == true && !CanThink)
            throw new ChatException("this model has no think tag, so it cannot think before it answers; ask without thinking.");
        if (request.Turns.FirstOrDefault(turn => !ChatMessage.Roles.Contains(turn.Role)) is { } odd)
            throw new ChatException($"a message has the role '{Short(odd.Role)}', but it must be one of {string.Join(", ", ChatMessage.Roles)}.");

        var thinks = request.Thinks ?? ThinksByDefault;
        var messages = request.Turns.Select(Written).ToList();
        if (request.Tools.Count > 0 && request.ToolUse != ToolUse.None)
            AddTools(messages, request.Tools);
        var ids = _chatMl.Encode(messages, thinks ? NextTurn.AssistantThinking : NextTurn.Assistant);
        return new ChatPrompt(ids, thinks ? ReplyPart.Reasoning : ReplyPart.Answer);
    }

    static ChatMessage Written(ChatTurn turn)
    {
        if (turn.ToolCalls.Count == 0)
            return new ChatMessage(turn.Role, turn.Role == ChatMessage.Tool ? $"<tool_response>\n{turn.Content}\n</tool_response>" : turn.Content);

        var text = new StringBuilder(turn.Content);
        foreach (var call in turn.ToolCalls)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(ToolCallSplitter.Open).Append("\n{\"name\": ").Append(JsonSerializer.Serialize(call.Name, ChatJson.Default.String))
                .Append(", \"arguments\": ").Append(call.Arguments).Append("}\n").Append(ToolCallSplitter.Close);
        }

        return new ChatMessage(turn.Role, text.ToString());
    }

    static void AddTools(List<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        var text = new StringBuilder(ToolsBefore);
        foreach (var tool in tools)
            text.Append(Written(tool)).Append('\n');
        text.Append(ToolsAfter);
        if (messages is [{ Role: ChatMessage.System } system, ..])
            messages[0] = new ChatMessage(ChatMessage.System, $"{system.Content}\n\n{text}");
        else
            messages.Insert(0, new ChatMessage(ChatMessage.System, text.ToString()));
    }

    static string Written(ToolDefinition tool)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
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

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    static string Short(string text) => text.Length <= 40 ? text : text[..40] + "...";
}
