using Ouro.Generation;

namespace Ouro.Cli.Bench;

/// <summary>Decisions that trained weights would make, replayed on weights that cannot: random ones guess nothing right and exit anywhere.</summary>
/// <remarks>Each place in a text has its own decision, the same whenever it is asked for. Passes, read-outs and sampling are real.</remarks>
static class AssumedReplies
{
    /// <summary>A number in [0, 1) that belongs to a place and a purpose.</summary>
    public static double Uniform(int position, int purpose)
    {
        var bits = (ulong)(uint)position * 0x9E3779B97F4A7C15 + (ulong)(uint)purpose * 0xD1B54A32D192ED03;
        bits = (bits ^ (bits >> 32)) * 0xD6E8FEB86659FD93;
        bits = (bits ^ (bits >> 32)) * 0xD6E8FEB86659FD93;
        return ((bits ^ (bits >> 32)) >> 11) / (double)(1UL << 53);
    }
}

/// <summary>Exits at depths with a given mean: after every loop but the last with the same chance.</summary>
sealed record AssumedDepth : ExitRule
{
    const int Purpose = 1;
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
        => outcome.LoopsRun >= Loops || AssumedReplies.Uniform(outcome.Position, Purpose + outcome.LoopsRun) < _stopChance;

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
    const int WhatIsSaid = 1001;
    const int WhetherGuessed = 1002;

    public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false)
    {
        _ = sampler.Choose(logits, history, position, isGuess);   // it takes its time
        var said = (int)(AssumedReplies.Uniform(position, WhatIsSaid) * vocabulary);
        return isGuess && AssumedReplies.Uniform(position, WhetherGuessed) >= acceptance ? (said + 1) % vocabulary : said;
    }
}
