using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Cli.Bench;

/// <summary>How replies are written while they are timed.</summary>
/// <param name="Sequences">Texts at once, each count measured.</param>
/// <param name="Contexts">Tokens of prompt before the reply, each count measured.</param>
/// <param name="Tokens">Tokens that every text writes.</param>
/// <param name="Loops">Most loops; 0 for the depth that the model was trained for.</param>
/// <param name="Threshold">The gate's threshold.</param>
/// <param name="DraftLoops">As <see cref="Setting.DraftLoops"/>.</param>
/// <param name="Policy">What tokens leave behind.</param>
/// <param name="Acceptance">The chance that a guess holds, if that is assumed.</param>
/// <param name="Depth">The mean depth, if that is assumed.</param>
sealed record ReplyPlan(
    int[] Sequences, int[] Contexts, int Tokens, int Loops, double Threshold, int DraftLoops, KvPolicy Policy, double? Acceptance, double? Depth)
{
    /// <summary>True if decisions are replayed, not made.</summary>
    public bool IsAssumed => Acceptance is not null || Depth is not null;

    /// <summary>The same engine at fixed depth, one token after the other.</summary>
    public ReplyPlan Plain => this with { Threshold = 1, DraftLoops = 0, Policy = KvPolicy.Exact, Depth = null };

    /// <summary>How one of the texts is computed.</summary>
    public SequenceOptions Options(OuroConfig config, Formats.ElementType kvType, int context)
    {
        var loops = Loops > 0 ? Loops : config.Loops;
        var rule = Depth is { } mean ? new AssumedDepth(loops, mean) : new ExitRule(loops, Threshold);
        return new SequenceOptions(rule, context + Tokens) { Policy = Policy, KvType = kvType, DraftLoops = DraftLoops };
    }

    /// <summary>What chooses tokens: greedily, or what is assumed.</summary>
    public ITokenChooser Chooser(int vocabulary)
    {
        var sampler = new Sampler(SamplingOptions.Greedy, vocabulary);
        return IsAssumed ? new AssumedChooser(sampler, vocabulary, Acceptance ?? 0) : sampler;
    }

    /// <summary>In a few words.</summary>
    public override string ToString()
    {
        if (DraftLoops == 0 && Depth is null && Threshold >= 1)
            return "plain";

        var draft = DraftLoops switch { -1 => "auto", 0 => "off", var loop => $"{loop}" };
        var exit = Depth is { } mean ? FormattableString.Invariant($"depth {mean:0.0#} (assumed)") : FormattableString.Invariant($"q {Threshold}");
        var policy = Policy == KvPolicy.Exact ? "" : $", {Policy}";
        return $"draft {draft}{(Acceptance is { } chance ? FormattableString.Invariant($", acceptance {chance:0.00} (assumed)") : "")}, {exit}{policy}";
    }
}
