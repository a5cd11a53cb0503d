namespace Ouro.Training.Recipes;

/// <summary>How the learning rate goes after the warm-up.</summary>
public enum Schedule
{
    /// <summary>It stays at the peak.</summary>
    Constant,

    /// <summary>It falls along half a cosine from the peak to the final rate.</summary>
    Cosine,

    /// <summary>It stays at the peak and falls in a straight line to the final rate in the last part of the stage (warm-up, stable, decay).</summary>
    WarmupStableDecay,
}

/// <summary>The learning rate of every step of a stage: a straight warm-up from nothing to the peak, then the schedule.</summary>
/// <remarks>A pure function of the step, so that a run which resumes needs to know nothing of it.</remarks>
public sealed record LearningRate
{
    internal static readonly RecipeNumber PeakNumber = new("peak", double.NaN, 1e-12, 10);
    internal static readonly RecipeNumber FinalNumber = new("final", double.NaN, 0, 10);
    internal static readonly RecipeNumber WarmupNumber = new("warmup_steps", 0, 0, 1e9, IsWhole: true);
    internal static readonly RecipeNumber DecayNumber = new("decay_share", 0.2, 0, 1);

    /// <summary>The greatest rate.</summary>
    public required double Peak { get; init => field = PeakNumber.Check(value); }

    /// <summary>The rate of the last step, where the schedule falls; not used by <see cref="Schedule.Constant"/>.</summary>
    public double Final { get; init => field = FinalNumber.Check(value); }

    /// <summary>Steps that the warm-up takes; the last of them has the peak.</summary>
    public long WarmupSteps { get; init => field = WarmupNumber.Check(value); }

    /// <summary>How the rate goes on.</summary>
    public Schedule Schedule { get; init; }

    /// <summary>For <see cref="Schedule.WarmupStableDecay"/>: the part of the stage's steps, from 0 to 1, in which the rate falls.</summary>
    public double DecayShare { get; init => field = DecayNumber.Check(value); } = DecayNumber.Default;

    /// <summary>The rate of a step.</summary>
    /// <param name="step">Counted from 0 within the stage.</param>
    /// <param name="steps">Steps of the whole stage, more than <paramref name="step"/>.</param>
    public double At(long step, long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, steps);
        if (step < WarmupSteps)
            return Peak * (step + 1) / WarmupSteps;

        return Schedule switch
        {
            Schedule.Constant => Peak,
            Schedule.Cosine => Final + ((Peak - Final) * (1 + Math.Cos(Math.PI * Share(step, Math.Max(0, WarmupSteps - 1), steps))) / 2),
            Schedule.WarmupStableDecay => Peak + ((Final - Peak) * Share(step, LastStable(steps), steps)),
            _ => throw new InvalidOperationException($"Unknown schedule {Schedule}."),
        };
    }

    long LastStable(long steps) => Math.Max(Math.Max(0, WarmupSteps - 1), steps - 1 - (long)Math.Round(DecayShare * steps));

    /// <summary>0 at the step where the fall begins and before it, 1 at the last step.</summary>
    static double Share(long step, long from, long steps) => step <= from ? 0 : (double)(step - from) / (steps - 1 - from);
}
