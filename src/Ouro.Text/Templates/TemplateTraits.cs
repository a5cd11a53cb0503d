using System.Text.Json;

namespace Ouro.Text.Templates;

/// <summary>What a chat template can do, found by rendering small conversations with it.</summary>
/// <param name="KnowsSystemRole">Whether a system message gets into the prompt.</param>
/// <param name="KnowsTools">Whether tools get into the prompt.</param>
/// <param name="KnowsToolCalls">Whether the model's calls of tools and their answers get into the prompt.</param>
/// <param name="KnowsThinkingSwitch">Whether <c>enable_thinking</c> makes any difference.</param>
/// <param name="OpensThinking">Whether the prompt ends with <c>&lt;think&gt;</c> when <c>enable_thinking</c> is not given, so that the reply begins inside the reasoning.</param>
/// <param name="OpensThinkingWhenEnabled">The same when it is true.</param>
public sealed record TemplateTraits(
    bool KnowsSystemRole, bool KnowsTools, bool KnowsToolCalls, bool KnowsThinkingSwitch, bool OpensThinking, bool OpensThinkingWhenEnabled)
{
    const string SystemMark = "probe-system-5c1e";
    const string UserMark = "probe-user-8d2a";
    const string ToolMark = "probe_tool_41f7";
    const string ArgumentMark = "probe-argument-93b6";
    const string AnswerMark = "probe-answer-7e08";

    static readonly DateTimeOffset SomeTime = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // A template that needs more for two lines of conversation is no use, and must not hold up the loading of a model.
    static readonly TemplateLimits Limits = new() { Characters = 1024 * 1024, Steps = 500_000 };

    /// <summary>Tries a template out. One that refuses a conversation, or fails, does not know what was tried.</summary>
    /// <param name="tokens">Where <c>bos_token</c> and <c>eos_token</c> come from; names of no meaning if null.</param>
    public static TemplateTraits Of(ChatTemplate template, Vocabulary? tokens = null)
    {
        var user = new TemplateMessage("user", UserMark);
        var plain = Context(tokens, user);
        var withTools = plain with { Tools = Tools() };
        var thinking = Render(template, plain with { EnableThinking = true });
        var notThinking = Render(template, plain with { EnableThinking = false });

        return new TemplateTraits(
            Shows(Render(template, Context(tokens, new("system", SystemMark), user)), SystemMark),
            Shows(Render(template, withTools), ToolMark)
                || Shows(Render(template, Context(tokens, new("system", SystemMark), user) with { Tools = Tools() }), ToolMark),
            KnowsCalls(template, Context(tokens, user, Calling(), Answering()) with { Tools = Tools() }),
            thinking is not null && notThinking is not null && !thinking.SequenceEqual(notThinking),
            IsThinkingOpen(Render(template, plain) ?? []),
            IsThinkingOpen(thinking ?? []));
    }

    /// <summary>Whether a prompt ends inside the reasoning: the template's last words are <c>&lt;think&gt;</c>, white space aside.</summary>
    public static bool IsThinkingOpen(IReadOnlyList<TemplatePart> prompt)
        => prompt is [.., { IsData: false } last] && last.Text.TrimEnd().EndsWith(KnownTokens.Think, StringComparison.Ordinal);

    static TemplateContext Context(Vocabulary? tokens, params TemplateMessage[] messages)
    {
        var context = TemplateContext.Of(messages) with { Now = SomeTime, BosToken = "<s>", EosToken = "</s>" };
        return tokens is null ? context : context.WithTokensOf(tokens);
    }

    static bool KnowsCalls(ChatTemplate template, TemplateContext context)
        => Render(template, context) is { } prompt && Shows(prompt, ArgumentMark) && Shows(prompt, AnswerMark);

    static TemplateMessage Calling() => new("assistant", "")
    {
        ToolCalls = [new("probe0001", ToolMark, Json($$"""{"city": "{{ArgumentMark}}"}"""))],
    };

    static TemplateMessage Answering() => new("tool", AnswerMark) { ToolCallId = "probe0001", Name = ToolMark };

    static TemplateValue Tools() => TemplateValue.FromJson(
        Json($$$$"""
            [{"type": "function", "function": {"name": "{{{{ToolMark}}}}", "description": "Looks something up.", "parameters":
            {"type": "object", "properties": {"city": {"type": "string", "description": "Where."}}, "required": ["city"]}}}]
            """),
        isData: true);

    static JsonElement Json(string json) => JsonElement.Parse(json);

    static bool Shows(IReadOnlyList<TemplatePart>? prompt, string mark)
        => prompt?.Any(part => part.Text.Contains(mark, StringComparison.Ordinal)) == true;

    static IReadOnlyList<TemplatePart>? Render(ChatTemplate template, TemplateContext context)
    {
        try
        {
            return template.Render(context, Limits);
        }
        catch (TemplateException)
        {
            return null;
        }
    }
}
