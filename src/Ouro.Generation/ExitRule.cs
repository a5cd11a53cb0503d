using Ouro.Model;

namespace Ouro.Generation;

/// <summary>What is known about a token after a loop.</summary>
/// <param name="Position">Its place in the text, from 0.</param>
/// <param name="LoopsRun">Loops that it has run.</param>
/// <param name="Cumulative">The gate's chance of having stopped by now.</param>
/// <param name="StateChange">|state - state before the loop| / |state|; infinite where nobody asked for it.</param>
/// <param name="Confidence">The probability of the likeliest next token; 0 where nobody has read it.</param>
public readonly record struct LoopOutcome(
    int Position, int LoopsRun, double Cumulative, double StateChange = double.PositiveInfinity, double Confidence = 0)
{
    /// <summary>|after - before| / |after|, infinite for a state of zeros.</summary>
    internal static double Change(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        var (difference, size) = (0.0, 0.0);
        for (var i = 0; i < after.Length; i++)
        {
            var step = (double)after[i] - before[i];
            difference += step * step;
            size += (double)after[i] * after[i];
        }

        return size > 0 ? Math.Sqrt(difference / size) : double.PositiveInfinity;
    }
}

/// <summary>What decides at which loop a token's answer is read.</summary>
/// <remarks>
/// Chances accrue from loop 1. The token is read at the first loop where the cumulative exit chance reaches <see cref="Threshold"/>, or the
/// read-out is as sure as <see cref="Confidence"/>, or the state changed as little as <see cref="StateChange"/>; but not before
/// <see cref="MinLoops"/>, and at the last loop at the latest. Source: arXiv:2510.25741, section 3.2 (Q-exit); the other two are
/// training-free rules that analyses hold against the gate (arXiv:2607.20519, arXiv:2502.05171).
/// </remarks>
public record ExitRule
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
    public double Threshold { get; private init; }

    /// <summary>Fewest loops.</summary>
    public int MinLoops { get; }

    /// <inheritdoc cref="Setting.ExitConfidence"/>
    public double Confidence { get; init => field = Setting.ExitConfidence.Check(value); } = Setting.ExitConfidence.Default;

    /// <inheritdoc cref="Setting.ExitStateChange"/>
    public double StateChange { get; init => field = Setting.ExitStateChange.Check(value); } = Setting.ExitStateChange.Default;

    /// <summary>True if no token can be read before the last loop.</summary>
    public virtual bool IsFixedDepth => MinLoops == Loops || !(AsksGate || AsksReadOut || AsksState);

    /// <summary>True if the gate may decide.</summary>
    public bool AsksGate => Threshold < 1 && MinLoops < Loops;

    /// <summary>True if the probability of the likeliest token may decide, so that every loop must be read out.</summary>
    public bool AsksReadOut => Confidence < 1 && MinLoops < Loops;

    /// <summary>True if the change of the state may decide.</summary>
    public bool AsksState => StateChange > 0 && MinLoops < Loops;

    /// <summary>True if a token is read after this loop.</summary>
    public virtual bool Reads(in LoopOutcome outcome)
        => outcome.LoopsRun >= Loops || (outcome.LoopsRun >= MinLoops
            && ((AsksGate && outcome.Cumulative >= Threshold)
                || (AsksReadOut && outcome.Confidence >= Confidence)
                || (AsksState && outcome.StateChange <= StateChange)));

    /// <summary>This rule without the gate if the model has lost it, since nothing can say there that a token is ready.</summary>
    internal ExitRule For(OuroModel model) => model.HasGate ? this : this with { Threshold = 1 };
}
