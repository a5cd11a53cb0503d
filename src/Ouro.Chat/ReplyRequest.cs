using Ouro.Generation;
using Ouro.Text;

namespace Ouro.Chat;

/// <summary>A text to continue: ids in, pieces of text out.</summary>
/// <param name="Prompt">Token ids, at least one.</param>
/// <param name="Settings">What was set for this reply, the model's own settings included.</param>
public sealed record ReplyRequest(IReadOnlyList<int> Prompt, ReplySettings Settings)
{
    /// <summary>The part of the reply that the first token belongs to: reasoning if the prompt has opened the think tag.</summary>
    public ReplyPart Begins { get; init; }

    /// <summary>False to give everything as answer, special tokens left out, as for a text that is continued without the chat format.</summary>
    public bool SplitsThinking { get; init; } = true;

    /// <summary>True to take <c>&lt;tool_call&gt;</c> stretches of the answer as calls.</summary>
    public bool ParsesToolCalls { get; init; }

    /// <summary>Which of several replies to one prompt this is: the same seed gives another text for each.</summary>
    public int Choice { get; init; }

    /// <summary>The seed where the settings name none.</summary>
    public long Seed { get; init; }

    /// <summary>How many of the likeliest tokens to report beside each token, 0 to 20; null reports no probabilities at all.</summary>
    public int? TopLogProbs { get; init; }

    /// <summary>Makes a chooser that binds another one, for a grammar; null leaves the reply free.</summary>
    public Func<ITokenChooser, ITokenChooser>? Bind { get; init; }

    /// <summary>True once a constrained reply, given its tokens, is complete; null if nothing constrains it.</summary>
    public Func<IReadOnlyList<int>, bool>? IsComplete { get; init; }

    /// <summary>What of a schema is not kept to, a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>Why a reply ended.</summary>
public enum ReplyEnd
{
    /// <summary>A stop token, a stop string, or a complete constrained text.</summary>
    Stop,

    /// <summary>As many tokens as were asked for.</summary>
    Limit,

    /// <summary>No room for another token.</summary>
    ContextFull,
}

/// <summary>A token and the logarithm of its probability.</summary>
/// <param name="Id">The token.</param>
/// <param name="LogProb">Natural logarithm, at temperature 1 and without penalties, filters and grammar.</param>
public readonly record struct TokenLogProb(int Id, double LogProb);

/// <summary>A token of a reply.</summary>
/// <param name="Id">The token.</param>
/// <param name="Text">What it added to the text; empty while a character is incomplete, and for special tokens.</param>
/// <param name="Part">Where its text belongs.</param>
/// <param name="Depth">The loop, from 1, after which it was decided.</param>
/// <param name="LogProb">Its own, or null if nobody asked.</param>
/// <param name="Top">The likeliest tokens, likeliest first; empty if nobody asked.</param>
public sealed record ReplyToken(int Id, string Text, ReplyPart Part, int Depth, double? LogProb, IReadOnlyList<TokenLogProb> Top);

/// <summary>A function that the model wants called.</summary>
/// <param name="Id">Names this call in the conversation.</param>
/// <param name="Name">The function.</param>
/// <param name="Arguments">A JSON object as text.</param>
public sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>What came since the piece before.</summary>
/// <param name="Answer">Text for the person.</param>
/// <param name="Reasoning">Text between the think tags.</param>
/// <param name="Tokens">The tokens whose text is now out, or will never be.</param>
public sealed record ReplyPiece(string Answer, string Reasoning, IReadOnlyList<ReplyToken> Tokens)
{
    /// <summary>Calls that are complete with this piece.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>With the last piece: how it went.</summary>
    public ReplySummary? Summary { get; init; }
}

/// <summary>How a reply went.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CachedTokens">Of them, those known from earlier texts.</param>
/// <param name="Tokens">Tokens written, a stop token not counted.</param>
/// <param name="ReasoningTokens">Of them, those between the think tags.</param>
public sealed record ReplySummary(ReplyEnd End, int PromptTokens, int CachedTokens, int Tokens, int ReasoningTokens)
{
    /// <summary>The stop string that ended it, or null.</summary>
    public string? StopString { get; init; }

    /// <summary>Most loops of a token.</summary>
    public required int Loops { get; init; }

    /// <summary>Tokens by depth: [loops], loop 1 first.</summary>
    public required IReadOnlyList<int> Depths { get; init; }

    /// <summary>The mean depth, 0 for an empty reply.</summary>
    public double MeanDepth => Tokens == 0 ? 0 : Depths.Select((count, i) => (double)count * (i + 1)).Sum() / Math.Max(1, Depths.Sum());

    /// <summary>Passes, rows and guesses.</summary>
    public required SequenceCounters Counters { get; init; }

    /// <summary>The seed that was used.</summary>
    public required long Seed { get; init; }

    /// <summary>From asking until the first row could be computed.</summary>
    public required TimeSpan Waited { get; init; }

    /// <summary>Reading the prompt.</summary>
    public required TimeSpan PromptTime { get; init; }

    /// <summary>Writing the reply.</summary>
    public required TimeSpan WriteTime { get; init; }

    /// <summary>False if the reply had to be of some form and was cut before it was complete; null if it was free.</summary>
    public bool? IsComplete { get; init; }
}
