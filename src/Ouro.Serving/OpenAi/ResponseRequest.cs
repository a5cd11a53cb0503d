using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>What a response was asked for.</summary>
/// <param name="Body">The request itself, parts of which are repeated in the answer.</param>
/// <param name="Reply">The text to continue.</param>
/// <param name="Tools">What is wanted of functions.</param>
/// <param name="Streams">True to send events as it is written.</param>
sealed record ResponseRequest(RequestField Body, ReplyRequest Reply, RequestTools Tools, bool Streams)
{
    const string LogProbs = "message.output_text.logprobs";
    const int MostIncludes = 32;

    /// <summary>True to say how probable tokens were.</summary>
    public bool HasLogProbs => Reply.TopLogProbs is not null;

    /// <summary>Reads it.</summary>
    /// <exception cref="OpenAiException">A field is not as it must be, or asks for what only a server that stores can do.</exception>
    /// <exception cref="ChatException">The model cannot do it.</exception>
    public static ResponseRequest Read(ServedRequest served)
    {
        var body = served.Body;
        RefuseWhatNeedsAStore(body);
        var settings = RequestSettings.Read(body, served.Entry, 1, "max_output_tokens");
        var tools = RequestTools.Read(body, isFlat: true);
        var effort = body.Find("reasoning")?.Object().Find("effort");
        var reply = served.Model.Prepare(new ChatRequest(ContentReader.Begin(served.Entry, ResponseInput.Read(body)), settings)
        {
            Thinks = AnswerWishes.Thinks(effort, served.Model),
            Tools = tools.Tools,
            ToolUse = tools.Use,
            RequiredTool = tools.Required,
            Form = AnswerWishes.ResponseForm(body),
            TopLogProbs = TopLogProbs(body),
        });
        served.CheckLength(reply, "input");
        return new ResponseRequest(body, reply, tools, ChatCompletionRequest.IsStream(body));
    }

    static void RefuseWhatNeedsAStore(RequestField body)
    {
        const string Instead = "nothing is stored here; send the whole conversation as input";
        if (body.Find("store")?.Flag() == true)
            throw OpenAiException.Unsupported("store", $"store is true, but {Instead}.");
        if (body.Find("background")?.Flag() == true)
            throw OpenAiException.Unsupported("background", "background is true, but nothing is stored here to be fetched later; use stream instead.");
        foreach (var name in (ReadOnlySpan<string>)["previous_response_id", "conversation", "prompt"])
        {
            if (body.Find(name) is not null)
                throw OpenAiException.Unsupported(name, $"{name} is set, but {Instead}.");
        }
    }

    static int? TopLogProbs(RequestField body)
    {
        var top = body.Find("top_logprobs")?.Whole(0, RequestSettings.MostTopLogProbs);
        return top is not null || (body.Find("include")?.List(MostIncludes).Any(entry => entry.Text() == LogProbs) ?? false) ? top ?? 0 : null;
    }
}
