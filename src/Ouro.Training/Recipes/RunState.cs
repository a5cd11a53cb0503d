using System.Text.Json.Serialization;
using Ouro.Model;

namespace Ouro.Training.Recipes;

/// <summary>Where a run stands: everything but parameters and moments that going on needs.</summary>
sealed record RunState
{
    /// <summary><see cref="Recipe.Fingerprint"/> of the recipe that it belongs to.</summary>
    public required string Recipe { get; init; }

    /// <summary>The model's measures before the first stage.</summary>
    public required StartMeasures Start { get; init; }

    /// <summary>The stage under way, from 0; the number of stages when all are done.</summary>
    public required int Stage { get; init; }

    /// <summary>Steps done in that stage; at 0 nothing has been done for it, not even its changes to the model.</summary>
    public required long Step { get; init; }

    /// <summary>Tokens that the model has learnt from in all stages.</summary>
    public required long Tokens { get; init; }

    /// <summary>Work done in all stages, in tokens times layers times loops.</summary>
    public required double Work { get; init; }

    /// <summary>Steps that the optimiser has done since its moments were zero.</summary>
    public required long OptimizerSteps { get; init; }

    /// <summary>Examples taken of each source, in the recipe's order.</summary>
    public required long[] Taken { get; init; }

    /// <summary>Bytes of the log.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Seconds of computing so far.</summary>
    public required double Seconds { get; init; }
}

/// <summary>Those measures of a model that stages may change, so that going on needs nothing of what the run began with.</summary>
sealed record StartMeasures(int Layers, int Loops, double RopeBase, int Context)
{
    public static StartMeasures Of(OuroConfig config) => new(config.Layers, config.Loops, config.RopeTheta, config.ContextTokens);

    /// <summary>What a model that stages have changed was before them.</summary>
    public OuroConfig Before(OuroConfig config) => config with { Layers = Layers, Loops = Loops, RopeTheta = RopeBase, ContextTokens = Context };
}

/// <summary>One line of the log: means over the targets since the line before.</summary>
/// <param name="Stage">The stage's name.</param>
/// <param name="Step">Steps done in the stage.</param>
/// <param name="Tokens">Tokens learnt from in all stages.</param>
/// <param name="Loss">What was minimised, in nats a target.</param>
/// <param name="LossByLoop">Cross-entropy after each loop, in nats.</param>
/// <param name="ExitChanceByLoop">Chance to exit after each loop; they sum to 1.</param>
/// <param name="Entropy">Of the exit chances, in nats.</param>
/// <param name="LearningRate">Of the last step.</param>
/// <param name="GradientNorm">Of the last step, before clipping.</param>
/// <param name="TokensPerSecond">Since the line before.</param>
/// <param name="Seconds">Of computing since the run began.</param>
sealed record LogLine(
    string Stage, long Step, long Tokens, double Loss, double[] LossByLoop, double[] ExitChanceByLoop, double Entropy,
    double LearningRate, double GradientNorm, double TokensPerSecond, double Seconds);

/// <summary>The two records of a run that lie on disk as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(RunState))]
[JsonSerializable(typeof(LogLine))]
sealed partial class RunJson : JsonSerializerContext
{
}
