using Ouro.Chat;
using Ouro.Generation;

namespace Ouro.Serving.Store;

/// <summary>The settings that a model brings along: what holds where a command or request does not say otherwise. Immutable.</summary>
/// <param name="All">In the order in which they were written; names are those of <see cref="Setting"/>, never aliases.</param>
public sealed record StoredParameters(IReadOnlyList<ModelParameter> All)
{
    /// <summary>No settings at all.</summary>
    public static StoredParameters None { get; } = new([]);

    /// <summary>The same as settings of a reply, stop strings left out.</summary>
    public ReplySettings Settings
        => All.Where(parameter => parameter.Name != "stop").Aggregate(ReplySettings.None, (settings, parameter) => settings.With(parameter.Name, parameter.Value.ToLowerInvariant()));

    /// <summary>The number that the model brings for a setting; null if it brings none.</summary>
    public double? Number(Setting setting) => Settings.Find(setting);

    /// <summary>The same for a setting of whole numbers.</summary>
    public int? Whole(Setting setting) => (int?)Number(setting);

    /// <summary>The seed; null takes a new one each time.</summary>
    public long? Seed => Settings.Seed;

    /// <summary>Texts that end an answer.</summary>
    public IReadOnlyList<string> Stops => [.. All.Where(parameter => parameter.Name == "stop").Select(parameter => parameter.Value)];

    /// <summary>What was written for a setting, such as <c>kv_policy</c>; null if nothing was.</summary>
    public string? Word(string name) => All.LastOrDefault(parameter => parameter.Name == name)?.Value;

    /// <summary>These, but for the names that others say something about.</summary>
    internal StoredParameters Under(IReadOnlyList<ModelParameter> others)
        => new([.. All.Where(parameter => !others.Any(other => other.Name == parameter.Name)), .. others]);
}
