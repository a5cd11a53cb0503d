using Ouro.Chat;
using Ouro.Generation;

namespace Ouro.Serving.Store;

/// <summary>The settings that a model brings along: what holds where a command or request does not say otherwise. Immutable.</summary>
/// <param name="All">In the order in which they were written; names are those of <see cref="Setting"/>, never aliases.</param>
public sealed record StoredParameters(IReadOnlyList<ModelParameter> All)
{
    /// <summary>No settings at all.</summary>
    public static StoredParameters None { get; } = new([]);

    /// <summary>The same as settings of a reply.</summary>
    /// <exception cref="SettingException">One of them cannot be; nothing in a store is so.</exception>
    public ReplySettings Settings => All.Aggregate(ReplySettings.None, (settings, parameter) => settings.With(parameter.Name, ParameterCheck.Worded(parameter.Name, parameter.Value)));

    /// <summary>These, but for the names that others say something about.</summary>
    internal StoredParameters Under(IReadOnlyList<ModelParameter> others)
        => new([.. All.Where(parameter => !others.Any(other => other.Name == parameter.Name)), .. others]);
}
