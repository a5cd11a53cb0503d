using Ouro.Model;

namespace Ouro.Generation;

/// <summary>What decides at which loop a token's answer is read.</summary>
/// <remarks>
/// Chances accrue from loop 1. The token is read at the first loop where the cumulative exit chance reaches <see cref="Threshold"/>, but not
/// before <see cref="MinLoops"/>, and at the last loop at the latest. Source: arXiv:2510.25741, section 3.2 (Q-exit).
/// </remarks>
public sealed record ExitRule
{
    /// <param name="loops">Most loops, at least 1; this loop takes the exit chance that remains.</param>
    /// <param name="threshold">q in (0, 1]; at 1 no comparison is made at all, since rounding can reach 1.</param>
    /// <param name="minLoops">Fewest loops, at least 1; what exceeds <paramref name="loops"/> counts as that.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range; the message is fit for a person.</exception>
    public ExitRule(int loops, double threshold = 1, int minLoops = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(loops, 1);
        Setting.NumIterations.Check(loops);
        Loops = loops;
        Threshold = Setting.ExitThreshold.Check(threshold);
        MinLoops = Math.Min((int)Setting.MinLoops.Check(minLoops), loops);
    }

    /// <summary>Most loops.</summary>
    public int Loops { get; }

    /// <summary>q in (0, 1].</summary>
    public double Threshold { get; }

    /// <summary>Fewest loops.</summary>
    public int MinLoops { get; }

    /// <summary>True if no token can be read before the last loop, so that nobody needs to ask the gate.</summary>
    public bool IsFixedDepth => Threshold >= 1 || MinLoops == Loops;

    /// <summary>This rule, or full depth for a model that has lost its gate, since nothing can say there that a token is ready.</summary>
    internal ExitRule For(OuroModel model) => model.HasGate ? this : new ExitRule(Loops);

    /// <summary>True if a token is read after this many loops, given the chance of having stopped by then.</summary>
    public bool Reads(int loopsRun, double cumulative)
        => loopsRun >= Loops || (loopsRun >= MinLoops && Threshold < 1 && cumulative >= Threshold);
}

/// <summary>From the gate's logits, loop by loop, to the distribution of the loop at which a token exits.</summary>
/// <remarks>
/// stop_t = sigmoid(logit_t); exit_t = stop_t * product over s before t of (1 - stop_s); the last loop takes what remains.
/// Source: arXiv:2510.25741, section 3.2. Computed in double precision.
/// </remarks>
public struct ExitChances
{
    /// <summary>Starts with the whole chance remaining.</summary>
    public ExitChances() => Remaining = 1;

    /// <summary>The chance of not having stopped so far.</summary>
    public double Remaining { get; private set; }

    /// <summary>The gate's chance to stop at the loop added last, given that it was reached.</summary>
    public double Stop { get; private set; }

    /// <summary>The chance to exit at the loop added last.</summary>
    public double Exit { get; private set; }

    /// <summary>The chance to have exited by the loop added last.</summary>
    public double Cumulative { get; private set; }

    /// <summary>Adds the next loop.</summary>
    /// <param name="gateLogit">The gate's logit after that loop.</param>
    /// <param name="isLast">True if this loop takes whatever remains.</param>
    public void Add(double gateLogit, bool isLast)
    {
        Stop = 1 / (1 + Math.Exp(-gateLogit));
        Exit = isLast ? Remaining : Stop * Remaining;
        Cumulative = isLast ? 1 : Cumulative + Exit;
        Remaining = isLast ? 0 : Remaining * (1 - Stop);
    }
}
