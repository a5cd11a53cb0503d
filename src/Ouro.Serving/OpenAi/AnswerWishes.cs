using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>What a request wants of the answer beside its words.</summary>
static class AnswerWishes
{
    /// <summary>The form that <c>response_format</c> of a chat asks for, or null.</summary>
    public static AnswerForm? ChatForm(RequestField request)
    {
        if (request.Find("response_format") is not { } format)
            return null;
        return format.Object().Need("type").Word("text", "json_object", "json_schema") == "json_schema"
            ? new AnswerForm(format.Need("json_schema").Object().Need("schema").Object().Value)
            : Plain(format);
    }

    /// <summary>The form that <c>text.format</c> of a response asks for, or null.</summary>
    public static AnswerForm? ResponseForm(RequestField request)
    {
        if (request.Find("text")?.Object().Find("format") is not { } format)
            return null;
        return format.Object().Need("type").Word("text", "json_object", "json_schema") == "json_schema"
            ? new AnswerForm(format.Need("schema").Object().Value)
            : Plain(format);
    }

    /// <summary>Whether the model thinks first: not with effort none, yes with more where it can; null where nothing was said.</summary>
    /// <param name="effort"><c>reasoning_effort</c>, or null.</param>
    public static bool? Thinks(RequestField? effort, ChatModel model)
        => effort?.Word("none", "minimal", "low", "medium", "high", "xhigh") switch
        {
            null => null,
            "none" or "minimal" => false,
            _ => model.IsChat && model.Format.CanThink ? true : null,
        };

    static AnswerForm? Plain(RequestField format) => format.Need("type").Text() == "json_object" ? new AnswerForm(Schema: null) : null;
}
