using Ouro.Model;

namespace Ouro.Training.Recipes;

/// <summary>A larger stack made of the layers of a smaller one.</summary>
/// <param name="Layers">Layers afterwards, a multiple of those before.</param>
/// <param name="Order">How the copies lie.</param>
public sealed record Upcycling(int Layers, UpcycleOrder Order);

/// <summary>One part of a recipe: what is minimised, on what, for how long and at which rate. Immutable; one that exists is usable.</summary>
/// <remarks>Defaults are the published ones of Ouro (arXiv:2510.25741, table 1) where they are given.</remarks>
public sealed record Stage
{
    internal static readonly RecipeNumber TokensNumber = new("tokens", double.NaN, 1, 1e15, IsWhole: true);
    internal static readonly RecipeNumber RowsNumber = new("rows", 8192, 1, 1 << 28, IsWhole: true);
    internal static readonly RecipeNumber MicroRowsNumber = new("micro_rows", 2048, 1, 1 << 20, IsWhole: true);
    internal static readonly RecipeNumber LongestNumber = new("longest", 512, 2, 1 << 20, IsWhole: true);
    internal static readonly RecipeNumber LoopsNumber = new("loops", 4, 1, 4096, IsWhole: true);
    internal static readonly RecipeNumber WeightDecayNumber = new("weight_decay", 0.1, 0, 1);
    internal static readonly RecipeNumber ClipNumber = new("clip", 1, 1e-6, 1e6);
    internal static readonly RecipeNumber BetaNumber = new("beta", 0.05, 0, 100);
    internal static readonly RecipeNumber KNumber = new("k", 50, 1e-3, 1e6);
    internal static readonly RecipeNumber GammaNumber = new("gamma", 0.005, -100, 100);
    internal static readonly RecipeNumber LoopNumber = new("loop", double.NaN, 1, 4096, IsWhole: true);
    internal static readonly RecipeNumber WeightNumber = new("weight", 1, 1e-9, 1e9);
    internal static readonly RecipeNumber GateBiasNumber = new("gate_bias", double.NaN, -100, 100);

    /// <summary>What people call it; no other stage of the recipe has this name.</summary>
    public required string Name { get; init; }

    /// <summary>What is minimised.</summary>
    public required Objective Objective { get; init; }

    /// <summary>Loops of the model from this stage on; null keeps those before.</summary>
    public int? Loops { get; init => field = value is { } loops ? LoopsNumber.Check(loops) : null; }

    /// <summary>Tokens to learn from; rounded up to whole steps. A little fewer come, since batches of whole documents are rarely quite full.</summary>
    public required long Tokens { get; init => field = TokensNumber.Check(value); }

    /// <summary>Tokens that make one step of the optimiser; a multiple of <see cref="MicroRows"/>.</summary>
    public int Rows { get; init => field = RowsNumber.Check(value); } = (int)RowsNumber.Default;

    /// <summary>Tokens that go through the model at once: less memory, the same result but for rounding.</summary>
    public int MicroRows { get; init => field = MicroRowsNumber.Check(value); } = (int)MicroRowsNumber.Default;

    /// <summary>Most tokens of one document.</summary>
    public int Longest { get; init => field = LongestNumber.Check(value); } = (int)LongestNumber.Default;

    /// <summary>The learning rate of each step.</summary>
    public required LearningRate LearningRate { get; init; }

    /// <summary>What AdamW takes away from a weight in a step, as a share of the learning rate.</summary>
    public double WeightDecay { get; init => field = WeightDecayNumber.Check(value); } = WeightDecayNumber.Default;

    /// <summary>Longest gradient; a longer one is shortened to it.</summary>
    public double Clip { get; init => field = ClipNumber.Check(value); } = ClipNumber.Default;

    /// <summary>How often examples come from each source, relative to each other; names are those of <see cref="Recipe.Sources"/>.</summary>
    public required IReadOnlyDictionary<string, double> Mix { get; init; }

    /// <summary>Done before the first step.</summary>
    public Upcycling? Upcycling { get; init; }

    /// <summary>Set before the first step; null leaves the gate as it is.</summary>
    public double? GateBias { get; init => field = value is { } bias ? GateBiasNumber.Check(bias) : null; }

    /// <summary>The rotary base from this stage on; null keeps the one before.</summary>
    public double? RopeBase { get; init => field = value is { } number ? ModelMeasures.RopeBase.Check(number) : null; }

    /// <summary>The longest text from this stage on, in tokens; null keeps the one before.</summary>
    public int? Context { get; init => field = value is { } number ? ModelMeasures.Context.Check(number) : null; }

    /// <summary>
    /// Activation checkpointing: compute the inside of a layer again on the way back instead of keeping it. Less memory, more time; the same bits with
    /// <see cref="StorageType.F32"/>, while <see cref="StorageType.BF16"/> rounds the state that the layer is computed from.
    /// </summary>
    public bool Recompute { get; init; } = new TrainingOptions().Recompute;

    /// <summary>What activations that are kept are stored as.</summary>
    public StorageType Storage { get; init; }

    /// <summary>Passes of micro-batches in a step.</summary>
    public int MicroBatches => Rows / MicroRows;

    /// <summary>Steps in which the stage's tokens, times a scale, are used up.</summary>
    public long StepsAt(double scale) => Math.Max(1, (long)Math.Ceiling(Tokens * scale / Rows));

    /// <summary>The model's measures after this stage has changed them.</summary>
    /// <exception cref="RecipeException">The stage does not fit the model; the message has no place.</exception>
    public OuroConfig Changed(OuroConfig before)
    {
        var after = before with
        {
            Layers = Upcycling?.Layers ?? before.Layers,
            Loops = Loops ?? before.Loops,
            RopeTheta = RopeBase ?? before.RopeTheta,
            ContextTokens = Context ?? before.ContextTokens,
        };
        if (after.Layers % before.Layers != 0)
            throw new RecipeException($"stage '{Name}' makes {after.Layers} layers of {before.Layers}, but a multiple is expected: every layer is copied equally often.");
        if (Longest > after.ContextTokens)
            throw new RecipeException($"stage '{Name}' has documents of up to {Longest} tokens, but the model's context is {after.ContextTokens}; lower 'longest' or raise 'context'.");
        if (Objective is Objective.FixedDepth { Loop: var loop } && loop > after.Loops)
            throw new RecipeException($"stage '{Name}' asks for the loss of loop {loop}, but the model has {after.Loops} loops then; lower 'loop' or raise 'loops'.");
        if (Objective is Objective.Gate && after.Loops < 2)
            throw new RecipeException($"stage '{Name}' trains the gate, which needs at least 2 loops to choose from; raise 'loops'.");
        return after;
    }
}
