using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using Ouro.Generation;

namespace Ouro.Chat;

/// <summary>What a caller of <see cref="IChatClient"/> asks for, as a <see cref="ChatRequest"/>.</summary>
static class ChatClientRequest
{
    /// <exception cref="ChatException">A message or an option cannot be honoured.</exception>
    public static ChatRequest Of(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var turns = new List<ChatTurn>();
        if (options?.Instructions is { Length: > 0 } instructions)
            turns.Add(new ChatTurn(Text.ChatMessage.System, instructions));
        foreach (var message in messages)
            AddTurns(turns, message);
        if (options is null)
            return new ChatRequest(turns, ReplySettings.None);

        Refuse(options);
        return new ChatRequest(turns, Settings(options))
        {
            Thinks = options.Reasoning?.Effort switch { null => null, ReasoningEffort.None => false, _ => true },
            Tools = [.. (options.Tools ?? []).Select(Tool)],
            ToolUse = options.ToolMode switch { NoneChatToolMode => ToolUse.None, RequiredChatToolMode => ToolUse.Required, _ => ToolUse.Auto },
            RequiredTool = (options.ToolMode as RequiredChatToolMode)?.RequiredFunctionName,
            Form = options.ResponseFormat is ChatResponseFormatJson json ? new AnswerForm(json.Schema) : null,
        };
    }

    /// <summary>The arguments of a call, as a caller expects them.</summary>
    public static Dictionary<string, object?> Arguments(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.EnumerateObject().ToDictionary(field => field.Name, field => (object?)field.Value.Clone());
    }

    static void AddTurns(List<ChatTurn> turns, ChatMessage message)
    {
        if (message.Contents.FirstOrDefault(content => content is not (TextContent or TextReasoningContent or FunctionCallContent or FunctionResultContent or UsageContent)) is { } odd)
            throw new ChatException($"a message holds {odd.GetType().Name}, but this model reads text, reasoning, function calls and their results only; leave it out.");

        foreach (var result in message.Contents.OfType<FunctionResultContent>())
            turns.Add(new ChatTurn(Text.ChatMessage.Tool, Written(result.Result)) { ToolCallId = result.CallId });

        var calls = message.Contents.OfType<FunctionCallContent>().Select(call => new ToolCall(call.CallId, call.Name, Written(call.Arguments))).ToArray();
        if (message.Text.Length > 0 || calls.Length > 0 || message.Contents.Count == 0)
        {
            turns.Add(new ChatTurn(message.Role.Value, message.Text)
            {
                Reasoning = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(thought => thought.Text)) is { Length: > 0 } reasoning ? reasoning : null,
                ToolCalls = calls,
            });
        }
    }

    static void Refuse(ChatOptions options)
    {
        if (options.FrequencyPenalty is not (null or 0))
            throw Refused("FrequencyPenalty", "repeat_penalty in AdditionalProperties is what there is");
        if (options.PresencePenalty is not (null or 0))
            throw Refused("PresencePenalty", "repeat_penalty in AdditionalProperties is what there is");
        if (options.ConversationId is not null)
            throw Refused("ConversationId", "nothing is kept between calls, so give the whole conversation");
        if (options.ContinuationToken is not null || options.AllowBackgroundResponses == true)
            throw Refused("AllowBackgroundResponses", "replies are streamed, not fetched later");
        if (options.ToolMode is RequiredChatToolMode && (options.Tools?.Count ?? 0) == 0)
            throw Refused("ToolMode", "it requires a call, but Tools is empty");
    }

    static ChatException Refused(string option, string reason) => new($"ChatOptions.{option} cannot be honoured: {reason}.");

    static ReplySettings Settings(ChatOptions options)
    {
        try
        {
            var settings = ReplySettings.None;
            if (options.Temperature is { } temperature)
                settings = settings.With(Setting.Temperature, Shortest(temperature));
            if (options.TopP is { } topP)
                settings = settings.With(Setting.TopP, Shortest(topP));
            if (options.TopK is { } topK)
                settings = settings.With(Setting.TopK, topK);
            if (options.MaxOutputTokens is { } limit)
                settings = settings.With(Setting.NumPredict, limit);
            if (options.Seed is { } seed)
                settings = settings with { Seed = seed };
            foreach (var stop in options.StopSequences ?? [])
                settings = settings.With("stop", stop);
            foreach (var (name, value) in options.AdditionalProperties ?? [])
                settings = value is JsonElement json ? settings.With(name, json) : settings.With(name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
            return settings;
        }
        catch (SettingException problem)
        {
            throw new ChatException(problem.Message);
        }
    }

    /// <summary>0.7f as 0.7, not as 0.699999988: the same number as when a request says it in words.</summary>
    static double Shortest(float value) => double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    static ToolDefinition Tool(AITool tool) => tool is AIFunctionDeclaration function
        ? new ToolDefinition(function.Name, function.Description, function.JsonSchema)
        : throw new ChatException($"the tool '{tool.Name}' is a {tool.GetType().Name}, but only functions can be called here; leave it out.");

    static string Written(object? value) => value switch
    {
        null => "",
        string text => text,
        JsonElement json => json.ValueKind == JsonValueKind.String ? json.GetString()! : json.GetRawText(),
        JsonNode node => node.ToJsonString(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType())),
    };

    static string Written(IDictionary<string, object?>? arguments)
        => arguments is null ? "{}" : JsonSerializer.Serialize(arguments, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)));
}
