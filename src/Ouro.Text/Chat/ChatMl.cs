namespace Ouro.Text;

/// <summary>What follows the messages of a prompt.</summary>
public enum NextTurn
{
    /// <summary>Nothing: the conversation as it stands.</summary>
    None,

    /// <summary>The head of the model's turn, <c>&lt;|im_start|&gt;assistant\n</c>.</summary>
    Assistant,

    /// <summary>The same with <c>&lt;think&gt;\n</c> behind it; Thinking models do not open the tag reliably by themselves.</summary>
    AssistantThinking,
}

/// <summary>Writes conversations in ChatML, the format Ouro was trained on. Immutable and safe for any number of threads.</summary>
/// <remarks>
/// Each message is <c>&lt;|im_start|&gt;role\ncontent&lt;|im_end|&gt;\n</c>; no system message is invented. Role and content are encoded
/// as plain text, so a content that spells a special token stays text. For contents that spell none, the ids equal those of
/// <see cref="Text"/> encoded with <see cref="SpecialText.Parsed"/>.
/// </remarks>
public sealed class ChatMl
{
    const string Newline = "\n";

    readonly Tokenizer _tokenizer;
    readonly int _turnStart;
    readonly int _turnEnd;
    readonly int? _think;

    /// <param name="tokenizer">Kept; may be shared.</param>
    /// <exception cref="ArgumentException">The vocabulary has no ChatML tokens; see <see cref="FitsIn"/>.</exception>
    public ChatMl(Tokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        _turnStart = Need(KnownTokens.TurnStart);
        _turnEnd = Need(KnownTokens.TurnEnd);
        _think = tokenizer.Vocabulary.FindSpecial(KnownTokens.Think);
    }

    /// <summary>Whether a vocabulary has the special tokens <c>&lt;|im_start|&gt;</c> and <c>&lt;|im_end|&gt;</c>.</summary>
    public static bool FitsIn(Vocabulary vocabulary)
        => vocabulary.FindSpecial(KnownTokens.TurnStart) is not null && vocabulary.FindSpecial(KnownTokens.TurnEnd) is not null;

    /// <summary>The prompt as token ids.</summary>
    /// <exception cref="ArgumentException">Thinking is asked for, and the vocabulary has no <c>&lt;think&gt;</c>.</exception>
    public int[] Encode(IReadOnlyList<ChatMessage> messages, NextTurn next)
    {
        var ids = new List<int>();
        foreach (var message in messages)
        {
            ids.Add(_turnStart);
            _tokenizer.Encode(message.Role + Newline + message.Content, ids);
            ids.Add(_turnEnd);
            _tokenizer.Encode(Newline, ids);
        }

        if (next == NextTurn.None)
            return [.. ids];

        ids.Add(_turnStart);
        _tokenizer.Encode(ChatMessage.Assistant + Newline, ids);
        if (next == NextTurn.AssistantThinking)
        {
            ids.Add(_think ?? Need(KnownTokens.Think));
            _tokenizer.Encode(Newline, ids);
        }

        return [.. ids];
    }

    /// <summary>The prompt as text to look at. Encode messages with <see cref="Encode"/>, not this text, or contents could forge turns.</summary>
    public static string Text(IReadOnlyList<ChatMessage> messages, NextTurn next)
    {
        const string Head = $"{KnownTokens.TurnStart}{ChatMessage.Assistant}{Newline}";
        var turns = messages.Select(message => $"{KnownTokens.TurnStart}{message.Role}{Newline}{message.Content}{KnownTokens.TurnEnd}{Newline}");
        return string.Concat(turns) + next switch
        {
            NextTurn.Assistant => Head,
            NextTurn.AssistantThinking => Head + KnownTokens.Think + Newline,
            _ => "",
        };
    }

    int Need(string token) => _tokenizer.Vocabulary.FindSpecial(token)
        ?? throw new ArgumentException($"The vocabulary has no special token {token}, so it cannot hold a conversation in this form.");
}
