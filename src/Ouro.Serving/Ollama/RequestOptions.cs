using System.Text.Json;
using Ouro.Chat;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Serving.Ollama;

/// <summary>What a request says about how to reply: settings that are known, and warnings about the rest.</summary>
/// <param name="Settings">Those of the request alone.</param>
/// <param name="Warnings">One sentence each.</param>
sealed record RequestOptions(ReplySettings Settings, IReadOnlyList<string> Warnings)
{
    const int MostWarnings = 20;

    /// <summary>Options of Ollama's that say how to compute, where we find out ourselves.</summary>
    static readonly HashSet<string> WithoutEffect =
    [
        "num_keep", "num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap", "use_mlock", "low_vram", "numa", "f16_kv", "vocab_only", "logits_all",
        "embedding_only", "num_gqa", "penalize_newline",
    ];

    /// <summary>Reads the field <c>options</c>.</summary>
    /// <exception cref="SettingException">A setting that is known has a value that it cannot have.</exception>
    public static RequestOptions Read(Fields request)
    {
        var settings = ReplySettings.None;
        var warnings = new List<string>();
        if (request.Object("options") is not { } options)
            return new RequestOptions(settings, warnings);

        foreach (var option in options.Element.EnumerateObject())
        {
            if (ReplySettings.Knows(option.Name))
                settings = IsUsual(option) ? settings.Without(option.Name) : settings.With(option.Name, option.Value);
            else if (warnings.Count < MostWarnings)
                warnings.Add(WithoutEffect.Contains(option.Name) ? $"{option.Name} has no effect here." : $"there is no option {option.Name.Quoted}; it was ignored.");
        }

        return new RequestOptions(settings, warnings);
    }

    /// <summary>The settings of a reply: the request's, else the model's, else the server's.</summary>
    public ReplySettings Over(CatalogModel entry, ServingOptions server)
    {
        var settings = Settings.Over(entry.Settings);
        return server.ContextTokens is { } context && settings.Find(Setting.NumCtx) is null ? settings.With(Setting.NumCtx, context) : settings;
    }

    /// <summary>These warnings, and those about a model that is asked for more than it was trained for.</summary>
    public IReadOnlyList<string> WarningsFor(ReplySettings settings, OuroConfig config, bool hasGate) => [.. Warnings, .. settings.Oddities(config, hasGate)];

    /// <summary>Ollama's ways of saying "as if nothing were set".</summary>
    static bool IsUsual(JsonProperty option)
        => option.Value.ValueKind == JsonValueKind.Number && option.Value.TryGetInt64(out var number)
            && (option.Name, number) is ("seed", -1) or ("num_predict", -2);
}
