namespace Ouro.Training.Recipes;

/// <summary>What a run tells after each step.</summary>
public sealed record StepReport
{
    /// <summary>The stage's number, from 1.</summary>
    public required int Stage { get; init; }

    /// <summary>Stages in all.</summary>
    public required int Stages { get; init; }

    /// <summary>The stage's name.</summary>
    public required string StageName { get; init; }

    /// <summary>Steps done in the stage.</summary>
    public required long Step { get; init; }

    /// <summary>Steps of the stage.</summary>
    public required long Steps { get; init; }

    /// <summary>Tokens learnt from in all stages.</summary>
    public required long Tokens { get; init; }

    /// <summary>This step's losses.</summary>
    public required MeanLoss Loss { get; init; }

    /// <summary>This step's learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The gradient's length before clipping.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>Tokens a second of this step.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>How much of the whole run is done, from 0 to 1, counted in tokens times layers times loops.</summary>
    public required double Done { get; init; }

    /// <summary>Time that the rest takes at the speed since the run began or was resumed; null before the second step.</summary>
    public required TimeSpan? Left { get; init; }
}

/// <summary>Losses as means over targets, in nats.</summary>
/// <param name="Loss">What is minimised.</param>
/// <param name="ByLoop">Cross-entropy after each loop that was run; NaN where the objective does not read.</param>
/// <param name="ExitChances">Chance to exit after each loop.</param>
/// <param name="Entropy">Of the exit chances.</param>
public sealed record MeanLoss(double Loss, IReadOnlyList<double> ByLoop, IReadOnlyList<double> ExitChances, double Entropy)
{
    /// <summary>The means that a report holds.</summary>
    public static MeanLoss Of(LossReport report)
    {
        var loops = Enumerable.Range(1, report.Loops);
        return new MeanLoss(report.Loss, [.. loops.Select(report.LossAfter)], [.. loops.Select(report.ExitChanceAt)], report.Entropy);
    }
}

/// <summary>How a run is carried out; nothing of it changes the result.</summary>
public sealed record RunOptions
{
    /// <summary>Threads that compute; 0 takes one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>Forget what an earlier run in the same folder left.</summary>
    public bool Restart { get; init; }

    /// <summary>Longest time between checkpoints; zero writes one after each step.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Measures time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
