using Ouro.Generation;

namespace Ouro.Cli.Bench;

/// <summary>Decisions that trained weights would make, replayed on weights that cannot: random ones guess nothing right and exit anywhere.</summary>
/// <remarks>
/// Each place in a text has its own decision, the same whenever it is asked for. Passes, read-outs and sampling are real. The numbers behind the
/// decisions are multiples of an irrational number modulo 1, which fill the interval evenly, so that a short reply has the mean that was asked for.
/// </remarks>
static class AssumedReplies
{
    /// <summary>A number in [0, 1) for a place in a text.</summary>
    public static double ForExit(int position) => Fraction(position * 0.6180339887498949);

    /// <inheritdoc cref="ForExit"/>
    public static double ForGuess(int position) => Fraction(position * 0.41421356237309515);

    /// <inheritdoc cref="ForExit"/>
    public static double ForToken(int position) => Fraction(position * 0.7320508075688772);

    static double Fraction(double number) => number - Math.Floor(number);
}

/// <summary>Exits at depths with a given mean: after every loop but the last with the same chance.</summary>
sealed record AssumedDepth : ExitRule
{
    readonly double _stopChance;

    /// <param name="loops">Most loops.</param>
    /// <param name="mean">From 1 to <paramref name="loops"/>.</param>
    public AssumedDepth(int loops, double mean)
        : base(loops)
    {
        // The mean falls with the chance to stop, so halving an interval finds it.
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < 60; i++)
        {
            var chance = (low + high) / 2;
            (low, high) = Mean(chance, loops) > mean ? (chance, high) : (low, chance);
        }

        _stopChance = high;
    }

    public override bool IsFixedDepth => false;

    public override bool Reads(in LoopOutcome outcome)
        => outcome.LoopsRun >= Loops || AssumedReplies.ForExit(outcome.Position) < 1 - Math.Pow(1 - _stopChance, outcome.LoopsRun);

    static double Mean(double stopChance, int loops)
    {
        var (mean, reached) = (0.0, 1.0);
        for (var loop = 1; loop <= loops; loop++, reached *= 1 - stopChance)
            mean += reached;
        return mean;
    }
}

/// <summary>Says something at every place, and guesses it with a given chance; a wrong guess is found out by the loop that decides.</summary>
sealed class AssumedChooser(ITokenChooser sampler, int vocabulary, double acceptance) : ITokenChooser
{
    public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false)
    {
        _ = sampler.Choose(logits, history, position, isGuess);   // it takes its time
        var said = (int)(AssumedReplies.ForToken(position) * vocabulary);
        return isGuess && AssumedReplies.ForGuess(position) >= acceptance ? (said + 1) % vocabulary : said;
    }
}
