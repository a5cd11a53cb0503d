using Ouro.Text;
using Ouro.Training.Tasks;

namespace Ouro.Training.Data;

/// <summary>Questions and answers as chats.</summary>
/// <remarks>
/// The ids are those of <see cref="ChatMl"/>: the user's turn, the head of the assistant's, the answer, <c>&lt;|im_end|&gt;</c>, and perhaps more of these.
/// Asked for are the answers and their last tokens, which is where a reply stops.
/// </remarks>
/// <param name="items">The item of a number; always the same.</param>
/// <param name="tokenizer">Kept; its vocabulary must have ChatML's tokens.</param>
/// <param name="turns">Most questions in a chat: each chat has 1 to this, each number as often.</param>
public sealed class ChatExamples(Func<long, TaskItem> items, Tokenizer tokenizer, int turns = 1) : IExampleSource
{
    readonly ChatMl _chat = new(tokenizer);
    readonly int _turnEnd = tokenizer.Vocabulary.FindSpecial(KnownTokens.TurnEnd) ?? 0;   // ChatMl has made sure of it

    /// <inheritdoc/>
    public Example this[long number]
    {
        get
        {
            var count = 1 + (int)Draws.Scale(Draws.Hash((ulong)turns, number), (ulong)turns);
            return Of([.. Enumerable.Range(0, count).Select(turn => items(number * turns + turn))]);
        }
    }

    /// <summary>Some items, asked one after the other in one chat.</summary>
    public Example Of(params ReadOnlySpan<TaskItem> asked)
    {
        var (ids, isAsked) = (new List<int>(), new List<bool>());
        foreach (var item in asked)
        {
            if (ids.Count > 0)
                tokenizer.Encode("\n", ids);
            ids.AddRange(_chat.Encode([new ChatMessage(ChatMessage.User, item.Question)], NextTurn.Assistant));
            isAsked.AddRange(Enumerable.Repeat(false, ids.Count - isAsked.Count));
            tokenizer.Encode(item.Answer, ids);
            ids.Add(_turnEnd);
            isAsked.AddRange(Enumerable.Repeat(true, ids.Count - isAsked.Count));
        }

        return new Example([.. ids], isAsked.IndexOf(true), asked.Length == 1 ? null : [.. isAsked]);
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
