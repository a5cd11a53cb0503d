using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Chat;

/// <summary>A setting that does not exist, or a value that it cannot have. The message is one sentence for a person.</summary>
public sealed class SettingException(string message) : Exception(message);

/// <summary>What somebody set about replies: any of <see cref="Setting.All"/>, the seed, stop strings, and how keys and values are kept. What was not set is not in it.</summary>
/// <remarks>Immutable. A Modelfile's parameters, a request's options and a person's <c>/set</c> are all of this kind, laid over each other with <see cref="Over"/>.</remarks>
public sealed record ReplySettings
{
    /// <summary>Most stop strings.</summary>
    public const int MostStops = 64;

    const int LongestStop = 1024;

    /// <summary>What tokens leave behind, by the words for it; the first is the default.</summary>
    public static IReadOnlyList<(string Word, KvPolicy Value)> Policies { get; } =
    [
        ("exact", KvPolicy.Exact), ("last-exited", KvPolicy.LastExited), ("last-loop", KvPolicy.LastLoop), ("first-loop", KvPolicy.FirstLoop), ("average", KvPolicy.Average),
    ];

    /// <summary>What keys and values are stored as, by the words for it.</summary>
    public static IReadOnlyList<(string Word, ElementType Value)> KvTypes { get; } =
        [("f32", ElementType.F32), ("f16", ElementType.F16), ("q8_0", ElementType.Q8_0)];

    /// <summary>Nothing is set.</summary>
    public static readonly ReplySettings None = new();

    ImmutableDictionary<string, double> Numbers { get; init; } = ImmutableDictionary<string, double>.Empty;

    /// <summary>The seed; null draws one for each reply.</summary>
    public long? Seed { get; init; }

    /// <summary>Strings that end a reply; null if nothing was said about them.</summary>
    public ImmutableArray<string>? Stops { get; init; }

    /// <summary>What tokens leave behind; null if nothing was said.</summary>
    public KvPolicy? Policy { get; init; }

    /// <summary>What keys and values are stored as; null if nothing was said.</summary>
    public ElementType? KvType { get; init; }

    /// <summary>Every name that <see cref="With(string, string)"/> knows, aliases left out.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Setting.All.Select(setting => setting.Name), "seed", "stop", "kv_policy", "kv_type"];

    /// <summary>True if a name, or alias, means something here.</summary>
    public static bool Knows(string name) => Setting.Find(name) is not null || Names.Contains(name);

    /// <summary>What was set, or the setting's default.</summary>
    public double Of(Setting setting) => Find(setting) ?? setting.Default;

    /// <summary>What was set, or null.</summary>
    public double? Find(Setting setting) => Numbers.TryGetValue(setting.Name, out var value) ? value : null;

    /// <summary>These settings with one number more.</summary>
    /// <exception cref="SettingException">The value is out of range.</exception>
    public ReplySettings With(Setting setting, double value)
        => setting.Problem(value) is { } problem ? throw new SettingException(problem) : this with { Numbers = Numbers.SetItem(setting.Name, value) };

    /// <summary>These settings with one more, from words, as a Modelfile has them. <c>stop</c> adds to the stop strings.</summary>
    /// <exception cref="SettingException">There is no such setting, or it cannot have this value.</exception>
    public ReplySettings With(string name, string text)
    {
        switch (name)
        {
            case "stop":
                return AddStop(text);
            case "seed":
                return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed)
                    ? this with { Seed = seed }
                    : throw new SettingException($"seed is {Shown(text)}, but it must be a whole number of 64 bits.");
            case "kv_policy":
                return this with { Policy = Word(name, text, Policies) };
            case "kv_type":
                return this with { KvType = Word(name, text, KvTypes) };
        }

        var setting = Setting.Find(name) ?? throw Unknown(name);
        if (setting == Setting.DraftLoops && text is "auto" or "off")
            return With(setting, text == "auto" ? -1 : 0);
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? With(setting, value)
            : throw new SettingException($"{name} is {Shown(text)}, but it must be {setting.Range}.");
    }

    /// <summary>These settings with one more, as a request has it: numbers, words, and for <c>stop</c> a string or a list of them, which replaces the stop strings.</summary>
    /// <exception cref="SettingException">There is no such setting, or it cannot have this value.</exception>
    public ReplySettings With(string name, JsonElement value)
    {
        if (name == "stop")
            return WithStops(value);
        return value.ValueKind switch
        {
            JsonValueKind.Null => Knows(name) ? this : throw Unknown(name),
            JsonValueKind.Number when name == "seed" => value.TryGetInt64(out var seed) ? this with { Seed = seed } : With(name, value.GetRawText()),
            JsonValueKind.Number => With(name, value.GetDouble().ToString("R", CultureInfo.InvariantCulture)),
            JsonValueKind.String => With(name, value.GetString()!),
            _ => Knows(name) ? throw new SettingException($"{name} is a JSON {Kind(value)}, but it must be a number or a word.") : throw Unknown(name),
        };
    }

    /// <summary>These settings where they say something, others where they do not.</summary>
    public ReplySettings Over(ReplySettings defaults) => new()
    {
        Numbers = defaults.Numbers.SetItems(Numbers),
        Seed = Seed ?? defaults.Seed,
        Stops = Stops ?? defaults.Stops,
        Policy = Policy ?? defaults.Policy,
        KvType = KvType ?? defaults.KvType,
    };

    /// <summary>These settings without one.</summary>
    public ReplySettings Without(string name) => name switch
    {
        "seed" => this with { Seed = null },
        "stop" => this with { Stops = null },
        "kv_policy" => this with { Policy = null },
        "kv_type" => this with { KvType = null },
        _ => this with { Numbers = Numbers.Remove((Setting.Find(name) ?? throw Unknown(name)).Name) },
    };

    /// <summary>What was set, as words: name and value, in the order of <see cref="Names"/>; a line for each stop string.</summary>
    public IEnumerable<(string Name, string Value)> Entries()
    {
        foreach (var setting in Setting.All)
        {
            if (Find(setting) is { } value)
                yield return (setting.Name, value.ToString("R", CultureInfo.InvariantCulture));
        }

        if (Seed is { } seed)
            yield return ("seed", seed.ToString(CultureInfo.InvariantCulture));
        foreach (var stop in Stops ?? [])
            yield return ("stop", stop);
        if (Policy is { } policy)
            yield return ("kv_policy", Policies.First(choice => choice.Value == policy).Word);
        if (KvType is { } type)
            yield return ("kv_type", KvTypes.First(choice => choice.Value == type).Word);
    }

    /// <summary>How tokens are chosen.</summary>
    /// <param name="seed">The seed where none was set.</param>
    public SamplingOptions Sampling(long seed) => new()
    {
        Temperature = Of(Setting.Temperature),
        TopK = (int)Of(Setting.TopK),
        TopP = Of(Setting.TopP),
        MinP = Of(Setting.MinP),
        RepeatPenalty = Of(Setting.RepeatPenalty),
        RepeatLastN = (int)Of(Setting.RepeatLastN),
        Seed = Seed ?? seed,
    };

    /// <summary>When answers are read.</summary>
    public ExitRule Rule(OuroConfig config)
        => new(
            Of(Setting.NumIterations) is > 0 and var loops ? (int)loops : config.Loops,
            Find(Setting.ExitThreshold) ?? config.ExitThreshold,
            (int)Of(Setting.MinLoops))
        {
            Confidence = Of(Setting.ExitConfidence),
            StateChange = Of(Setting.ExitStateChange),
        };

    /// <summary>The most tokens of prompt and reply together: what was set, else the default, or the model's if that is less.</summary>
    public int ContextTokens(OuroConfig config)
        => Find(Setting.NumCtx) is { } set ? (int)set : Math.Min((int)Setting.NumCtx.Default, config.ContextTokens);

    /// <summary>The most tokens of a reply.</summary>
    public int Limit => Of(Setting.NumPredict) is >= 0 and var limit ? (int)limit : int.MaxValue;

    /// <summary>What is odd about these settings for a model, a sentence each; they are obeyed all the same.</summary>
    public IEnumerable<string> Oddities(OuroConfig config, bool hasGate)
    {
        if (Of(Setting.NumIterations) is var loops && loops > config.Loops)
            yield return $"num_iterations is {loops:0}, but the model was trained for {config.Loops} loops; quality falls beyond that.";
        if (Find(Setting.NumCtx) is { } context && context > config.ContextTokens)
            yield return $"num_ctx is {context:0}, but the model was trained for {config.ContextTokens:0} tokens; quality falls beyond that.";
        if (Of(Setting.MinLoops) is var least && Rule(config).Loops is var most && least > most)
            yield return $"min_loops is {least:0}, but there are {most} loops: every token runs all of them.";
        if (Of(Setting.DraftLoops) is var draft && draft >= Rule(config).Loops)
            yield return $"draft_loops is {draft:0}, but there are {Rule(config).Loops} loops: nothing is guessed ahead.";
        if (!hasGate && Find(Setting.ExitThreshold) is < 1)
            yield return "exit_threshold has no effect, since this model's file has no early-exit gate; 'ouro repair' can put the gate back.";
    }

    /// <summary>How a text is computed.</summary>
    /// <param name="contextTokens">Room to reserve for it.</param>
    public SequenceOptions Text(OuroConfig config, int contextTokens) => new(Rule(config), contextTokens)
    {
        Policy = Policy ?? KvPolicy.Exact,
        KvType = KvType ?? ElementType.F16,
        DraftLoops = (int)Of(Setting.DraftLoops),
    };

    ReplySettings WithStops(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                return this;
            case JsonValueKind.String:
                return (this with { Stops = [] }).AddStop(value.GetString()!);
            case JsonValueKind.Array when value.GetArrayLength() <= MostStops:
                var result = this with { Stops = [] };
                foreach (var stop in value.EnumerateArray())
                {
                    result = stop.ValueKind == JsonValueKind.String
                        ? result.AddStop(stop.GetString()!)
                        : throw new SettingException($"stop holds a JSON {Kind(stop)}, but it must be a string or a list of strings.");
                }

                return result;
            default:
                throw new SettingException($"stop is a JSON {Kind(value)}, but it must be a string or a list of at most {MostStops} strings.");
        }
    }

    ReplySettings AddStop(string text)
        => text.Length is 0 or > LongestStop ? throw new SettingException($"a stop string has {text.Length:N0} characters, but it must have 1 to {LongestStop:N0}.")
            : Stops is { Length: >= MostStops } ? throw new SettingException($"there are more than {MostStops} stop strings.")
            : this with { Stops = [.. Stops ?? [], text] };

    static T Word<T>(string name, string text, IReadOnlyList<(string Word, T Value)> choices)
    {
        var word = text.ToLowerInvariant().Replace('_', name == "kv_policy" ? '-' : '_');
        foreach (var choice in choices)
        {
            if (choice.Word == word)
                return choice.Value;
        }

        throw new SettingException($"{name} is {Shown(text)}, but it must be one of {string.Join(", ", choices.Select(choice => choice.Word).Order(StringComparer.Ordinal))}.");
    }

    static SettingException Unknown(string name) => new($"there is no setting {Shown(name)}; there are {string.Join(", ", Names)}.");

    static string Shown(string text) => (text.Length <= 40 ? text : text[..40] + "...").Quoted;

    static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        var kind => kind.ToString().ToLowerInvariant(),
    };
}
