using Ouro.Text;
using Ouro.Training.Tasks;

namespace Ouro.Training.Data;

/// <summary>Questions and answers as chats of two turns.</summary>
/// <remarks>
/// The ids are those of <see cref="ChatMl"/>: the user's turn, the head of the assistant's, the answer, <c>&lt;|im_end|&gt;</c>. Asked for are the answer
/// and that last token, which is where a reply stops.
/// </remarks>
/// <param name="items">The item of a number; always the same.</param>
/// <param name="tokenizer">Kept; its vocabulary must have ChatML's tokens.</param>
public sealed class ChatExamples(Func<long, TaskItem> items, Tokenizer tokenizer) : IExampleSource
{
    readonly ChatMl _chat = new(tokenizer);
    readonly int _turnEnd = tokenizer.Vocabulary.FindSpecial(KnownTokens.TurnEnd) ?? 0;   // ChatMl has made sure of it

    /// <inheritdoc/>
    public Example this[long number] => Of(items(number));

    /// <summary>One item as an example.</summary>
    public Example Of(TaskItem item)
    {
        var prompt = _chat.Encode([new ChatMessage(ChatMessage.User, item.Question)], NextTurn.Assistant);
        return new Example([.. prompt, .. tokenizer.Encode(item.Answer), _turnEnd], FirstTarget: prompt.Length);
    }
}

/// <summary>Plain documents, each ended by <c>&lt;|endoftext|&gt;</c>; every token but the first is asked for.</summary>
/// <param name="documents">The document of a number; always the same, and never empty.</param>
/// <param name="tokenizer">Kept.</param>
public sealed class TextExamples(Func<long, string> documents, Tokenizer tokenizer) : IExampleSource
{
    readonly int _end = tokenizer.Vocabulary.FindSpecial(KnownTokens.EndOfText)
        ?? throw new ArgumentException($"The vocabulary has no special token {KnownTokens.EndOfText}, which ends documents.", nameof(tokenizer));

    /// <inheritdoc/>
    public Example this[long number] => new([.. tokenizer.Encode(documents(number)), _end]);
}
