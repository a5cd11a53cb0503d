using System.Text.Json;
using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>What replies to one request cost, all of them together.</summary>
sealed class ReplyReport
{
    /// <summary>Digits behind the point of a mean depth.</summary>
    public const int DepthDigits = 4;

    readonly List<ReplySummary> _summaries = [];
    readonly Lock _lock = new();

    /// <summary>One reply more.</summary>
    public void Add(ReplySummary summary)
    {
        lock (_lock)
            _summaries.Add(summary);
    }

    /// <summary>Writes <c>usage</c> as completions have it.</summary>
    /// <param name="choices">Replies to each prompt: a prompt counts once.</param>
    public void WriteUsage(Utf8JsonWriter json, int choices)
    {
        var prompt = Sum(summary => summary.PromptTokens) / choices;
        var tokens = Sum(summary => summary.Tokens);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", prompt);
        json.WriteNumber("completion_tokens", tokens);
        json.WriteNumber("total_tokens", prompt + tokens);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", Sum(summary => summary.CachedTokens) / choices);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details");
        json.WriteNumber("reasoning_tokens", Sum(summary => summary.ReasoningTokens));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes the chunk that ends a stream for those who asked what it cost.</summary>
    public void WriteUsageChunk(Utf8JsonWriter json, ServedRequest served, string id, string kind, int choices)
    {
        json.WriteStartObject();
        served.WriteHead(json, id, kind);
        json.WriteStartArray("choices");
        json.WriteEndArray();
        WriteUsage(json, choices);
        WriteDepth(json);
        json.WriteEndObject();
    }

    /// <summary>Writes <c>usage</c> as responses have it.</summary>
    public void WriteResponseUsage(Utf8JsonWriter json)
    {
        var (prompt, tokens) = (Sum(summary => summary.PromptTokens), Sum(summary => summary.Tokens));
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", prompt);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", Sum(summary => summary.CachedTokens));
        json.WriteEndObject();
        json.WriteNumber("output_tokens", tokens);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", Sum(summary => summary.ReasoningTokens));
        json.WriteEndObject();
        json.WriteNumber("total_tokens", prompt + tokens);
        json.WriteEndObject();
    }

    /// <summary>Writes <c>depth</c>: how many loops the tokens took, and what that cost.</summary>
    public void WriteDepth(Utf8JsonWriter json) => DepthJson.Write(json, _summaries, DepthDigits);

    /// <summary>Why a reply ended, in OpenAI's words.</summary>
    public static string FinishReason(ReplySummary summary, bool hasCalls)
        => summary.End != ReplyEnd.Stop ? "length" : hasCalls ? "tool_calls" : "stop";

    long Sum(Func<ReplySummary, int> part)
    {
        lock (_lock)
            return _summaries.Sum(summary => (long)part(summary));
    }
}
