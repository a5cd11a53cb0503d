using Ouro.Text;
using Ouro.Text.Templates;

namespace Ouro.Chat;

/// <summary>A conversation as token ids.</summary>
/// <param name="Ids">The prompt.</param>
/// <param name="Begins">The part of the reply that its first token belongs to.</param>
public readonly record struct ChatPrompt(int[] Ids, ReplyPart Begins);

/// <summary>How a model reads conversations: by the template of its file or Modelfile, or ChatML if the file's own cannot be used. Immutable and safe for any number of threads.</summary>
public sealed class ChatFormat
{
    readonly ChatMl _chatMl;
    readonly TemplateFormat? _template;

    /// <param name="tokenizer">Kept; may be shared.</param>
    /// <param name="template">A template in place of the file's own.</param>
    /// <exception cref="ChatException">The model's vocabulary cannot hold a conversation, or the template given cannot be used.</exception>
    public ChatFormat(Tokenizer tokenizer, string? template = null)
    {
        var vocabulary = tokenizer.Vocabulary;
        _chatMl = FitsIn(vocabulary)
            ? new ChatMl(tokenizer)
            : throw new ChatException("this model has no chat format, so it cannot hold a conversation; ask it to continue a text instead.");
        CanThink = vocabulary.FindSpecial(KnownTokens.Think) is not null;
        ThinksByDefault = IsThinking(vocabulary);
        try
        {
            _template = TemplateFormat.Of(tokenizer, template ?? vocabulary.ChatTemplate!);
        }
        catch (TemplateException problem)
        {
            // A file's own template may be of a kind that is not known here; its tokens are those of ChatML, and so is its format.
            TemplateProblem = template is null
                ? problem.Message
                : throw new ChatException($"the model's chat template cannot be used: {problem.Message}");
        }
    }

    /// <summary>True if the vocabulary has a think tag.</summary>
    public bool CanThink { get; }

    /// <summary>True for Thinking models.</summary>
    public bool ThinksByDefault { get; }

    /// <summary>Why the file's own template is not used; null if it is.</summary>
    public string? TemplateProblem { get; }

    /// <summary>True if a model's file says how to write a chat, and its tokens are those of one.</summary>
    public static bool FitsIn(Vocabulary vocabulary) => vocabulary.ChatTemplate is not null && ChatMl.FitsIn(vocabulary);

    /// <summary>True for the vocabulary of a Thinking model: it ends a turn, not a text, so its eos is the end of a turn.</summary>
    public static bool IsThinking(Vocabulary vocabulary)
        => vocabulary.FindSpecial(KnownTokens.Think) is not null
            && vocabulary.Specials.Eos is { } eos && eos == vocabulary.FindSpecial(KnownTokens.TurnEnd);

    /// <summary>The prompt of a conversation.</summary>
    /// <exception cref="ChatException">A role is unknown, thinking is asked of a model that has no think tag, or the template refuses the conversation.</exception>
    public ChatPrompt Encode(ChatRequest request)
    {
        if (request.Thinks == true && !CanThink)
            throw new ChatException("this model has no think tag, so it cannot think before it answers; ask without thinking.");
        if (request.Turns.FirstOrDefault(turn => !ChatMessage.Roles.Contains(turn.Role)) is { } odd)
            throw new ChatException($"a message has the role '{Short(odd.Role)}', but it must be one of {string.Join(", ", ChatMessage.Roles)}.");

        IReadOnlyList<ToolDefinition> tools = request.ToolUse == ToolUse.None ? [] : request.Tools;
        var areToolsKnown = _template is { Traits: { KnowsTools: true, KnowsToolCalls: true } };
        var turns = areToolsKnown ? [.. request.Turns] : ToolText.Written(request.Turns);
        if (tools.Count > 0 && !areToolsKnown)
            ToolText.Add(turns, tools);

        var thinks = request.Thinks ?? (ThinksByDefault ? true : null);
        if (_template is not null)
            return _template.Encode(turns.Select(TemplateFormat.Message), areToolsKnown ? tools : [], thinks);

        var ids = _chatMl.Encode([.. turns.Select(turn => new ChatMessage(turn.Role, turn.Content))], thinks == true ? NextTurn.AssistantThinking : NextTurn.Assistant);
        return new ChatPrompt(ids, thinks == true ? ReplyPart.Reasoning : ReplyPart.Answer);
    }

    static string Short(string text) => text.Length <= 40 ? text : text[..40] + "...";
}
