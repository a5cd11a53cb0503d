using System.Text.Json;
using Ouro.Text;

namespace Ouro.Chat;

/// <summary>A message of a conversation, with all that a message can carry.</summary>
/// <param name="Role">One of <see cref="ChatMessage.Roles"/>.</param>
/// <param name="Content">Any text; it never becomes a special token.</param>
public sealed record ChatTurn(string Role, string Content)
{
    /// <summary>What the model thought before it said this; templates leave it out of later prompts.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Calls that the model made.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>Of a tool's result: the call it answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>Of a tool's result: the function.</summary>
    public string? ToolName { get; init; }
}

/// <summary>A function that the model may call.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Description">What it does; null if nobody said.</param>
/// <param name="Parameters">A JSON schema of its arguments; undefined if it takes none.</param>
public sealed record ToolDefinition(string Name, string? Description, JsonElement Parameters);

/// <summary>Whether functions are called.</summary>
public enum ToolUse
{
    /// <summary>If the model wants to.</summary>
    Auto,

    /// <summary>Not at all.</summary>
    None,

    /// <summary>The reply is a call.</summary>
    Required,
}

/// <summary>What form an answer must have.</summary>
/// <param name="Schema">A JSON schema; null for any JSON object.</param>
public sealed record AnswerForm(JsonElement? Schema);

/// <summary>A conversation to continue.</summary>
/// <param name="Turns">At least one.</param>
/// <param name="Settings">What was set for this reply, the model's own settings included.</param>
public sealed record ChatRequest(IReadOnlyList<ChatTurn> Turns, ReplySettings Settings)
{
    /// <summary>Token ids that stand in front of the conversation, such as an earlier prompt with its reply; they are taken as they are.</summary>
    public IReadOnlyList<int> Before { get; init; } = [];

    /// <summary>Whether the think tag is opened in the prompt; null for Thinking models only.</summary>
    public bool? Thinks { get; init; }

    /// <summary>Functions that the model may call.</summary>
    public IReadOnlyList<ToolDefinition> Tools { get; init; } = [];

    /// <summary>Whether it does.</summary>
    public ToolUse ToolUse { get; init; }

    /// <summary>Under <see cref="ToolUse.Required"/>: the function to call; null for any.</summary>
    public string? RequiredTool { get; init; }

    /// <summary>The form of the answer; null for none.</summary>
    public AnswerForm? Form { get; init; }

    /// <summary>Which of several replies this is.</summary>
    public int Choice { get; init; }

    /// <summary>How many of the likeliest tokens to report beside each, 0 to 20; null reports no probabilities.</summary>
    public int? TopLogProbs { get; init; }
}

/// <summary>A request that cannot be met as it was put. The message is one sentence for a person.</summary>
public sealed class ChatException(string message) : Exception(message);
