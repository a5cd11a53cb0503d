namespace Ouro.Generation;

/// <summary>How the next token is chosen from the logits. An object that exists is usable.</summary>
public sealed record SamplingOptions
{
    /// <summary>Always the likeliest token, no penalty.</summary>
    public static readonly SamplingOptions Greedy = new() { Temperature = 0, RepeatPenalty = 1 };

    /// <inheritdoc cref="Setting.Temperature"/>
    public double Temperature { get; init => field = Setting.Temperature.Check(value); } = Setting.Temperature.Default;

    /// <inheritdoc cref="Setting.TopK"/>
    public int TopK { get; init => field = (int)Setting.TopK.Check(value); } = (int)Setting.TopK.Default;

    /// <inheritdoc cref="Setting.TopP"/>
    public double TopP { get; init => field = Setting.TopP.Check(value); } = Setting.TopP.Default;

    /// <inheritdoc cref="Setting.MinP"/>
    public double MinP { get; init => field = Setting.MinP.Check(value); } = Setting.MinP.Default;

    /// <inheritdoc cref="Setting.RepeatPenalty"/>
    public double RepeatPenalty { get; init => field = Setting.RepeatPenalty.Check(value); } = Setting.RepeatPenalty.Default;

    /// <inheritdoc cref="Setting.RepeatLastN"/>
    public int RepeatLastN { get; init => field = (int)Setting.RepeatLastN.Check(value); } = (int)Setting.RepeatLastN.Default;

    /// <summary>The same seed and prompt give the same text.</summary>
    public long Seed { get; init; }
}
