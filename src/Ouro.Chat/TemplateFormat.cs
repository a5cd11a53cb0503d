using System.Text.Json;
using Ouro.Text;
using Ouro.Text.Templates;

namespace Ouro.Chat;

/// <summary>Writes conversations as a model's own chat template says. Immutable and safe for any number of threads.</summary>
sealed class TemplateFormat
{
    readonly Tokenizer _tokenizer;
    readonly ChatTemplate _template;
    readonly int? _think;

    TemplateFormat(Tokenizer tokenizer, ChatTemplate template)
    {
        (_tokenizer, _template) = (tokenizer, template);
        _think = tokenizer.Vocabulary.FindSpecial(KnownTokens.Think);
        Traits = TemplateTraits.Of(template, tokenizer.Vocabulary);
    }

    /// <summary>What the template can do.</summary>
    public TemplateTraits Traits { get; }

    /// <summary>Reads a template.</summary>
    /// <exception cref="TemplateException">It cannot be used.</exception>
    public static TemplateFormat Of(Tokenizer tokenizer, string source) => new(tokenizer, ChatTemplate.Parse(source));

    /// <summary>The prompt of a conversation.</summary>
    /// <param name="tools">What the template is to show; see <see cref="TemplateTraits.KnowsTools"/>.</param>
    /// <param name="thinks">Whether the model is to think first; null leaves it to the template.</param>
    /// <exception cref="ChatException">The template refuses the conversation.</exception>
    public ChatPrompt Encode(IEnumerable<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools, bool? thinks)
    {
        var context = TemplateContext.Of(messages).WithTokensOf(_tokenizer.Vocabulary) with
        {
            Tools = tools.Count > 0 ? TemplateValue.FromJson(ToolText.List(tools), isData: true) : null,
            EnableThinking = thinks,
        };
        IReadOnlyList<TemplatePart> parts;
        try
        {
            parts = _template.Render(context);
        }
        catch (TemplateException problem)
        {
            throw new ChatException($"the model's chat template cannot write this conversation: {problem.Message}");
        }

        var ids = TemplateEncoding.Encode(_tokenizer, parts);
        var isOpen = TemplateTraits.IsThinkingOpen(parts);
        if (thinks == true && !isOpen && !Traits.KnowsThinkingSwitch && _think is { } think)
        {
            // Thinking models do not open the tag reliably by themselves.
            ids = [.. ids, think, .. _tokenizer.Encode("\n")];
            isOpen = true;
        }

        return new ChatPrompt(ids, isOpen ? ReplyPart.Reasoning : ReplyPart.Answer);
    }

    /// <summary>A message as templates see it.</summary>
    /// <exception cref="ChatException">The arguments of a call are not JSON.</exception>
    public static TemplateMessage Message(ChatTurn turn) => new(turn.Role, turn.Content)
    {
        ReasoningContent = turn.Reasoning,
        ToolCalls = [.. turn.ToolCalls.Select(call => new TemplateToolCall(call.Id, call.Name, Arguments(call)))],
        ToolCallId = turn.ToolCallId,
        Name = turn.ToolName,
    };

    static JsonElement Arguments(ToolCall call)
    {
        try
        {
            return JsonElement.Parse(call.Arguments);
        }
        catch (JsonException)
        {
            throw new ChatException($"the arguments of a call of '{call.Name}' are not JSON; give an object.");
        }
    }
}
