using System.Globalization;
using Ouro.Generation;

namespace Ouro.Serving.Store;

/// <summary>The settings that a model brings along: what holds where a command or request does not say otherwise. Immutable.</summary>
/// <param name="All">In the order in which they were written; names are those of <see cref="Setting"/>, never aliases.</param>
public sealed record StoredParameters(IReadOnlyList<ModelParameter> All)
{
    /// <summary>No settings at all.</summary>
    public static StoredParameters None { get; } = new([]);

    /// <summary>The number that the model brings for a setting; null if it brings none.</summary>
    public double? Number(Setting setting) => Word(setting.Name) switch
    {
        null => null,
        var word when word.Equals("auto", StringComparison.OrdinalIgnoreCase) => -1,
        var word when word.Equals("off", StringComparison.OrdinalIgnoreCase) => 0,
        var word => double.Parse(word, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    /// <summary>The same for a setting of whole numbers.</summary>
    public int? Whole(Setting setting) => (int?)Number(setting);

    /// <summary>The seed; null takes a new one each time.</summary>
    public long? Seed => Word("seed") is { } word ? long.Parse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : null;

    /// <summary>Texts that end an answer.</summary>
    public IReadOnlyList<string> Stops => [.. All.Where(parameter => parameter.Name == "stop").Select(parameter => parameter.Value)];

    /// <summary>What was written for a setting, such as <c>kv_policy</c>; null if nothing was.</summary>
    public string? Word(string name) => All.LastOrDefault(parameter => parameter.Name == name)?.Value;

    /// <summary>These, but for the names that others say something about.</summary>
    internal StoredParameters Under(IReadOnlyList<ModelParameter> others)
        => new([.. All.Where(parameter => !others.Any(other => other.Name == parameter.Name)), .. others]);
}
