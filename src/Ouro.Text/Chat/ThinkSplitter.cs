namespace Ouro.Text;

/// <summary>The two parts of a Thinking model's reply.</summary>
public enum ReplyPart
{
    /// <summary>What the user asked for.</summary>
    Answer,

    /// <summary>What the model wrote on the way, between the think tags.</summary>
    Reasoning,
}

/// <summary>Text that belongs to one part of a reply; it may be empty.</summary>
public readonly record struct ReplyText(ReplyPart Part, string Text);

/// <summary>Sorts a reply's tokens into reasoning and answer as they come. Not thread-safe.</summary>
/// <remarks>
/// Only the special tokens <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c> switch: the same characters made of other tokens are text, so quoting a tag
/// cannot split a reply. The tags themselves and all other special tokens are not shown; a tag that changes nothing is dropped.
/// White space around tags is kept. A vocabulary without these tokens gives one part throughout.
/// </remarks>
/// <param name="tokenizer">Kept; may be shared.</param>
/// <param name="begins"><see cref="ReplyPart.Reasoning"/> if the prompt has opened the tag already.</param>
public sealed class ThinkSplitter(Tokenizer tokenizer, ReplyPart begins)
{
    readonly int? _think = tokenizer.Vocabulary.FindSpecial(KnownTokens.Think);
    readonly int? _thinkEnd = tokenizer.Vocabulary.FindSpecial(KnownTokens.ThinkEnd);
    readonly TextStream _stream = new(tokenizer, ShownSpecials.None);

    /// <summary>The part to which the next text belongs.</summary>
    public ReplyPart Part { get; private set; } = begins;

    /// <summary>The text that can be shown now that <paramref name="id"/> has come, of the part that it ends or continues.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary has no such id.</exception>
    public ReplyText Add(int id)
    {
        var before = Part;
        if (id == _think)
            Part = ReplyPart.Reasoning;
        else if (id == _thinkEnd)
            Part = ReplyPart.Answer;

        // A character cannot reach across the border.
        return new ReplyText(before, Part == before ? _stream.Add(id) : _stream.Flush());
    }

    /// <summary>Ends the reply: U+FFFD for an incomplete character, else empty.</summary>
    public ReplyText Flush() => new(Part, _stream.Flush());
}
