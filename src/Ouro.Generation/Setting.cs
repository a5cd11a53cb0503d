using System.Globalization;

namespace Ouro.Generation;

/// <summary>One thing that a person can set about a reply, described once: help texts, protocols and pages are printed from here.</summary>
/// <param name="Name">As in a Modelfile or a request; on the command line with dashes.</param>
/// <param name="Meaning">One sentence.</param>
/// <param name="Default">What holds if nobody says anything.</param>
/// <param name="Low">The least allowed value.</param>
/// <param name="High">The greatest allowed value.</param>
/// <param name="IsWhole">True if only whole numbers make sense.</param>
/// <param name="Aliases">Other names that people know it by.</param>
public sealed record Setting(string Name, string Meaning, double Default, double Low, double High, bool IsWhole = false, params string[] Aliases)
{
    /// <summary>Most loops per token; the file's trained depth by default.</summary>
    public static readonly Setting NumIterations = new(
        "num_iterations", "Most loops per token; 0 takes the depth the model was trained for.", 0, 0, 4096, true, "num_loops", "total_ut_steps");

    /// <summary>The exit threshold q; the file's by default.</summary>
    public static readonly Setting ExitThreshold = new(
        "exit_threshold", "A token is read at the first loop where the chance of having stopped reaches this; 1 never exits early.", 1, 1e-6, 1);

    /// <summary>Fewest loops per token.</summary>
    public static readonly Setting MinLoops = new("min_loops", "No token is read before this loop.", 1, 1, 4096, true);

    /// <summary>Exit by the read-out.</summary>
    public static readonly Setting ExitConfidence = new(
        "exit_confidence", "A token is read at the first loop where its likeliest continuation has this probability; 1 never.", 1, 1e-6, 1);

    /// <summary>Exit by the state.</summary>
    public static readonly Setting ExitStateChange = new(
        "exit_state_change", "A token is read at the first loop that changes its state by no more than this share; 0 never.", 0, 0, 1e6);

    /// <summary>The loop from which drafts are taken.</summary>
    public static readonly Setting DraftLoops = new(
        "draft_loops", "The loop from which the next token is guessed ahead of its turn, which never changes the text; 0 is off, -1 finds out what pays.",
        -1, -1, 4096, true);

    /// <summary>Temperature.</summary>
    public static readonly Setting Temperature = new("temperature", "Divides the logits; 0 always takes the likeliest token.", 0.8, 0, 10);

    /// <summary>Top-k.</summary>
    public static readonly Setting TopK = new("top_k", "Chooses among this many of the likeliest tokens; 0 among all.", 40, 0, 1 << 24, true);

    /// <summary>Top-p.</summary>
    public static readonly Setting TopP = new("top_p", "Chooses among the fewest likeliest tokens that together have this probability.", 0.9, 1e-6, 1);

    /// <summary>Min-p.</summary>
    public static readonly Setting MinP = new("min_p", "Leaves out tokens below this share of the likeliest one's probability.", 0, 0, 1);

    /// <summary>Repetition penalty.</summary>
    public static readonly Setting RepeatPenalty = new(
        "repeat_penalty", "Divides positive logits (multiplies negative ones) of tokens seen lately; 1 changes nothing.", 1.1, 0.1, 10);

    /// <summary>How far back the penalty looks.</summary>
    public static readonly Setting RepeatLastN = new("repeat_last_n", "How many of the last tokens the penalty looks at; 0 none.", 64, 0, 1 << 28, true);

    /// <summary>Longest reply.</summary>
    public static readonly Setting NumPredict = new("num_predict", "Most tokens in the reply; -1 as many as the context holds.", -1, -1, 1 << 28, true);

    /// <summary>Context length.</summary>
    public static readonly Setting NumCtx = new("num_ctx", "Most tokens of prompt and reply together.", 4096, 1, 1 << 28, true);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        NumIterations, ExitThreshold, MinLoops, ExitConfidence, ExitStateChange, DraftLoops,
        Temperature, TopK, TopP, MinP, RepeatPenalty, RepeatLastN, NumPredict, NumCtx,
    ];

    /// <summary>The setting of a name or alias, or null.</summary>
    public static Setting? Find(string name) => All.FirstOrDefault(setting => setting.Name == name || setting.Aliases.Contains(name));

    /// <summary>What values it can have, in words.</summary>
    public string Range => string.Create(CultureInfo.InvariantCulture, $"a {(IsWhole ? "whole " : "")}number from {Low} to {High}");

    /// <summary>Says what is wrong with a value, or null.</summary>
    public string? Problem(double value)
        => value >= Low && value <= High && (!IsWhole || double.IsInteger(value))
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{Name} is {value}, but it must be {Range}.");

    /// <summary>Returns a value that is allowed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not; the message is fit for a person.</exception>
    public double Check(double value) => Problem(value) is { } problem ? throw new ArgumentOutOfRangeException(Name, problem) : value;
}
