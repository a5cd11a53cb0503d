using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>What a chat completion was asked for.</summary>
/// <param name="Reply">The text to continue.</param>
/// <param name="Choices">How many replies.</param>
/// <param name="Streams">True to send pieces as they come.</param>
/// <param name="IncludesUsage">True to end a stream with what it cost.</param>
/// <param name="Tools">What is wanted of functions.</param>
sealed record ChatCompletionRequest(ReplyRequest Reply, int Choices, bool Streams, bool IncludesUsage, RequestTools Tools)
{
    /// <summary>True to say how probable tokens were.</summary>
    public bool HasLogProbs => Reply.TopLogProbs is not null;

    /// <summary>Reads it.</summary>
    /// <exception cref="OpenAiException">A field is not as it must be.</exception>
    /// <exception cref="ChatException">The model cannot do it.</exception>
    public static ChatCompletionRequest Read(ServedRequest served)
    {
        var body = served.Body;
        foreach (var name in (ReadOnlySpan<string>)["functions", "function_call", "audio"])
        {
            if (body.Find(name) is not null)
                throw OpenAiException.Unsupported(name, name == "audio" ? "audio is not supported here: this model writes text only." : $"{name} is not supported here; use tools and tool_choice.");
        }

        var settings = RequestSettings.Read(body, served.Entry, 1, "max_completion_tokens", "max_tokens");
        var tools = RequestTools.Read(body, isFlat: false);
        var turns = MessageReader.Read(body.Need("messages"));
        var reply = served.Model.Prepare(new ChatRequest(ContentReader.Begin(served.Entry, turns), settings)
        {
            Thinks = AnswerWishes.Thinks(body.Find("reasoning_effort"), served.Model),
            Tools = tools.Tools,
            ToolUse = tools.Use,
            RequiredTool = tools.Required,
            Form = AnswerWishes.ChatForm(body),
            TopLogProbs = TopLogProbs(body),
        });
        served.CheckLength(reply, "messages");
        return new ChatCompletionRequest(reply, RequestSettings.Choices(body), IsStream(body), AsksForUsage(body), tools);
    }

    /// <summary>Whether pieces are sent as they come.</summary>
    public static bool IsStream(RequestField body) => body.Find("stream")?.Flag() ?? false;

    /// <summary>Whether a stream ends with what it cost.</summary>
    public static bool AsksForUsage(RequestField body) => body.Find("stream_options")?.Object().Find("include_usage")?.Flag() ?? false;

    static int? TopLogProbs(RequestField body)
    {
        var isAsked = body.Find("logprobs")?.Flag() ?? false;
        var top = body.Find("top_logprobs")?.Whole(0, RequestSettings.MostTopLogProbs) ?? 0;
        if (top > 0 && !isAsked)
            throw OpenAiException.Bad("top_logprobs", "top_logprobs is set, but logprobs is not true; set it as well.");
        return isAsked ? top : null;
    }
}
