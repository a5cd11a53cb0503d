using System.Text.Json;

namespace Ouro.Text.Templates;

/// <summary>What a chat template is rendered with. Immutable; values are shared, not copied.</summary>
/// <remarks>As in Hugging Face's library, what is not stated here is undefined, except <c>tools</c> and <c>documents</c>, which are none.</remarks>
public sealed record TemplateContext
{
    // Roles that a request may choose from but not make up. Some templates build tokens of them, as in '<|' + role + '|>'.
    static readonly string[] KnownRoles =
        ["system", "user", "assistant", "tool", "developer", "model", "function", "ipython", "tool_response", "tool_call", "observation"];

    /// <summary><c>messages</c>: a list of dictionaries with <c>role</c>, <c>content</c> and so on.</summary>
    public required TemplateValue Messages { get; init; }

    /// <summary><c>tools</c>: a list of tools, each as JSON describes it; none if null.</summary>
    public TemplateValue? Tools { get; init; }

    /// <summary><c>add_generation_prompt</c>: whether the prompt ends with the head of the model's turn.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary><c>enable_thinking</c>; undefined if null, which leaves the choice to the template.</summary>
    public bool? EnableThinking { get; init; }

    /// <summary><c>bos_token</c>: the name of the token that begins a text; part of the template, so it becomes that token. Undefined if null.</summary>
    public string? BosToken { get; init; }

    /// <summary><c>eos_token</c>, likewise.</summary>
    public string? EosToken { get; init; }

    /// <summary>Other variables, by name; they win over the ones above.</summary>
    public IReadOnlyDictionary<string, TemplateValue> Variables { get; init; } = new Dictionary<string, TemplateValue>();

    /// <summary>What <c>strftime_now</c> tells; by default the local time when the context was made.</summary>
    public DateTimeOffset Now { get; init; } = TimeProvider.System.GetLocalNow();

    /// <summary>A context with the messages of a conversation.</summary>
    public static TemplateContext Of(IEnumerable<TemplateMessage> messages)
        => new() { Messages = TemplateValue.List(messages.Select(message => message.ToValue()), isData: true) };

    /// <summary>A context with messages as requests state them: a list of objects, taken as they are.</summary>
    /// <exception cref="ArgumentException">It is no list of objects, or see <see cref="TemplateValue.FromJson"/>.</exception>
    public static TemplateContext Of(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array || messages.EnumerateArray().Any(message => message.ValueKind != JsonValueKind.Object))
            throw new ArgumentException("The messages are not a list of objects.", nameof(messages));

        return new() { Messages = TemplateValue.List(messages.EnumerateArray().Select(Message), isData: true) };
    }

    /// <summary>The same with the tokens that a vocabulary names.</summary>
    public TemplateContext WithTokensOf(Vocabulary vocabulary) => this with
    {
        BosToken = vocabulary.Specials.Bos is { } bos ? vocabulary.Tokens[bos] : null,
        EosToken = vocabulary.Specials.Eos is { } eos ? vocabulary.Tokens[eos] : null,
    };

    /// <summary>A role as a value. Well-known ones are not data, since nobody can write anything into them.</summary>
    internal static TemplateValue Role(string role) => TemplateValue.Of(role, isData: !KnownRoles.Contains(role));

    internal IEnumerable<KeyValuePair<string, TemplateValue>> AllVariables()
    {
        var variables = new Dictionary<string, TemplateValue>
        {
            ["messages"] = Messages,
            ["tools"] = Tools ?? TemplateValue.None,
            ["documents"] = TemplateValue.None,
            ["add_generation_prompt"] = TemplateValue.Of(AddGenerationPrompt, isData: false),
        };
        if (EnableThinking is { } thinking)
            variables["enable_thinking"] = TemplateValue.Of(thinking, isData: false);
        if (BosToken is { } bos)
            variables["bos_token"] = TemplateValue.Of(bos, isData: false);
        if (EosToken is { } eos)
            variables["eos_token"] = TemplateValue.Of(eos, isData: false);
        foreach (var (name, value) in Variables)
            variables[name] = value;
        return variables;
    }

    static TemplateValue Message(JsonElement message)
        => TemplateValue.FromJson(message, isData: true) is DictionaryValue members && members.Find("role") is TextValue role
            ? TemplateValue.Dictionary(
                members.Members.Select(member => new KeyValuePair<string, TemplateValue>(
                    ((TextValue)member.Key).Text, ReferenceEquals(member.Value, role) ? Role(role.Text) : member.Value)),
                isData: true)
            : TemplateValue.FromJson(message, isData: true);
}
