using Ouro.Formats;
using Ouro.Model;

namespace Ouro.Generation;

/// <summary>How one text is computed. An object that exists is usable.</summary>
/// <param name="Rule">When answers are read.</param>
/// <param name="ContextTokens">Most tokens in the text, at least 1.</param>
public sealed record SequenceOptions(ExitRule Rule, int ContextTokens)
{
    /// <inheritdoc cref="SequenceOptions"/>
    public int ContextTokens { get; init => field = AtLeastOne(value); } = AtLeastOne(ContextTokens);

    /// <summary>What tokens leave behind.</summary>
    public KvPolicy Policy { get; init; } = KvPolicy.Exact;

    /// <summary>What keys and values are stored as: F32, F16 or Q8_0.</summary>
    public ElementType KvType { get; init => field = Storable(value); } = ElementType.F16;

    /// <inheritdoc cref="Setting.DraftLoops"/>
    public int DraftLoops { get; init => field = (int)Setting.DraftLoops.Check(value); } = (int)Setting.DraftLoops.Default;

    static int AtLeastOne(int tokens)
        => tokens >= 1 ? tokens : throw new ArgumentOutOfRangeException(nameof(tokens), tokens, "A text needs room for one token at least.");

    static ElementType Storable(ElementType type)
        => type is ElementType.F32 or ElementType.F16 or ElementType.Q8_0
            ? type
            : throw new ArgumentOutOfRangeException(nameof(type), type, "Keys and values are stored as F32, F16 or Q8_0.");
}

/// <summary>A token of a reply.</summary>
/// <param name="Id">The token.</param>
/// <param name="Depth">The loop, from 1, at which the position before it was read.</param>
/// <param name="LoopsRun">Loops that the position before it runs.</param>
/// <param name="Margin">The largest logit less the second largest: below 1e-3 another rounding could have chosen otherwise.</param>
public readonly record struct GeneratedToken(int Id, int Depth, int LoopsRun, float Margin);

/// <summary>What a text has cost so far.</summary>
/// <param name="Passes">Passes in which it had rows.</param>
/// <param name="Rows">Rows (token and loop) computed for it.</param>
/// <param name="Guesses">Tokens that had been guessed when they became certain.</param>
/// <param name="GuessesKept">Of them, those that had been guessed right.</param>
/// <param name="WritingPasses">Of the passes, those in which it wrote a reply and no prompt was under way.</param>
/// <param name="PlainSeconds">What its tokens would have taken one after another, at what passes of one row cost here.</param>
/// <param name="Seconds">Its share, by rows, of the passes in which it wrote, at what passes of so many rows cost here.</param>
public readonly record struct SequenceCounters(
    long Passes, long Rows, long Guesses, long GuessesKept, long WritingPasses, double PlainSeconds, double Seconds);
