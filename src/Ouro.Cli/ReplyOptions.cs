using System.CommandLine;
using Ouro.Chat;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Cli;

/// <summary>Options that are numbers of a reply.</summary>
sealed class NumberOptions
{
    readonly List<(Setting Setting, Option Option, Func<ParseResult, double?> Value)> _all = [];

    /// <summary>Offers one more setting.</summary>
    /// <param name="shown">What the help calls its default; null for the number.</param>
    public NumberOptions With(Setting setting, string? shown = null)
    {
        if (setting.IsWhole)
        {
            var option = SettingOptions.Whole(setting, shown);
            _all.Add((setting, option, parsed => parsed.GetValue(option)));
        }
        else
        {
            var option = SettingOptions.Number(setting, shown);
            _all.Add((setting, option, parsed => parsed.GetValue(option)));
        }

        return this;
    }

    public void AddTo(Command command) => _all.ForEach(entry => command.Options.Add(entry.Option));

    /// <summary>What was given, laid over other settings.</summary>
    public ReplySettings Over(ParseResult parsed, ReplySettings settings)
        => _all.Aggregate(settings, (all, entry) => entry.Value(parsed) is { } value ? all.With(entry.Setting, value) : all);
}

/// <summary>The options of commands that write: how a text is computed, the depth dial first.</summary>
/// <param name="draftsByDefault">False where counts of passes and rows are to be the same on every machine.</param>
sealed class ReplyOptions(EngineOptions engineOptions, bool draftsByDefault = true)
{
    readonly NumberOptions _numbers = new NumberOptions()
        .With(Setting.NumIterations, "the depth the model was trained for").With(Setting.ExitThreshold, "the file's, else 1")
        .With(Setting.MinLoops).With(Setting.ExitConfidence).With(Setting.ExitStateChange);

    readonly Choice<KvPolicy> _policy = SettingOptions.KvPolicies();
    readonly Option<int> _draftLoops = SettingOptions.DraftLoops(draftsByDefault);

    public void AddTo(Command command)
    {
        _numbers.AddTo(command);
        command.Options.Add(_policy.Option);
        command.Options.Add(_draftLoops);
    }

    /// <summary>What was given.</summary>
    public ReplySettings Settings(ParseResult parsed)
    {
        var settings = _numbers.Over(parsed, ReplySettings.None);
        if (_policy.IsGiven(parsed))
            settings = settings with { Policy = _policy.Of(parsed) };
        if (engineOptions.KvTypeIfGiven(parsed) is { } type)
            settings = settings with { KvType = type };
        return parsed.GetResult(_draftLoops) is { Implicit: false } ? settings.With(Setting.DraftLoops, parsed.GetValue(_draftLoops)) : settings;
    }

    /// <summary>What was given, and this command's own defaults, for a text of so many tokens.</summary>
    public SequenceOptions Text(ParseResult parsed, Engine engine, int contextTokens)
    {
        var settings = Settings(parsed);
        WarnAbout(settings, engine.Model);
        var options = settings.Text(engine.Model.Config, contextTokens);
        return options with { KvType = engineOptions.KvType(parsed), DraftLoops = parsed.GetValue(_draftLoops) };
    }

    /// <summary>Warns where something odd is asked for.</summary>
    public static void WarnAbout(ReplySettings settings, OuroModel model)
    {
        foreach (var oddity in settings.Oddities(model.Config, hasGate: true))
            Front.Warn(oddity);
        if (model.HasGate)
            return;

        var rule = settings.Rule(model.Config);
        var rest = rule.AsksReadOut || rule.AsksState ? "only the other rules let tokens exit early" : "every token runs at full depth";
        Front.Warn($"this file has no early-exit gate, so {rest}. 'ouro repair' can put the gate back.");
    }
}
