using System.CommandLine;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Serving.Store;

namespace Ouro.Cli;

/// <summary>The depth dial: the options that become an <see cref="ExitRule"/>.</summary>
sealed class LoopOptions
{
    readonly Option<int?> _loops = SettingOptions.Whole(Setting.NumIterations, "the depth the model was trained for");
    readonly Option<double?> _threshold = SettingOptions.Number(Setting.ExitThreshold, "the file's, else 1");
    readonly Option<int?> _minLoops = SettingOptions.Whole(Setting.MinLoops);
    readonly Option<double?> _confidence = SettingOptions.Number(Setting.ExitConfidence);
    readonly Option<double?> _stateChange = SettingOptions.Number(Setting.ExitStateChange);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_loops);
        command.Options.Add(_threshold);
        command.Options.Add(_minLoops);
        command.Options.Add(_confidence);
        command.Options.Add(_stateChange);
    }

    /// <summary>The rule that was asked for, with a warning where it asks for something odd.</summary>
    /// <param name="brought">What the model brings along, for where nothing was asked.</param>
    public ExitRule Rule(ParseResult parsed, OuroModel model, StoredParameters brought)
    {
        var trained = model.Config.Loops;
        var loops = (parsed.GetValue(_loops) ?? brought.Whole(Setting.NumIterations)) is int asked and > 0 ? asked : trained;
        if (loops > trained)
            Front.Warn($"{loops} loops are more than the {trained} that the model was trained for; quality falls beyond that.");

        var rule = new ExitRule(loops, parsed.GetValue(_threshold) ?? brought.Number(Setting.ExitThreshold) ?? model.Config.ExitThreshold,
            parsed.GetValue(_minLoops) ?? brought.Whole(Setting.MinLoops) ?? 1)
        {
            Confidence = parsed.GetValue(_confidence) ?? brought.Number(Setting.ExitConfidence) ?? Setting.ExitConfidence.Default,
            StateChange = parsed.GetValue(_stateChange) ?? brought.Number(Setting.ExitStateChange) ?? Setting.ExitStateChange.Default,
        };
        if (!model.HasGate)
        {
            Front.Warn("this file has no early-exit gate, so "
                + (rule.AsksReadOut || rule.AsksState ? "only the other rules let tokens exit early" : "every token runs at full depth") + ". 'ouro repair' can put the gate back.");
        }

        return rule;
    }
}

/// <summary>The options of commands that write: how a text is computed.</summary>
/// <param name="draftsByDefault">False where counts of passes and rows are to be the same on every machine.</param>
sealed class SequenceOptionsReader(EngineOptions engineOptions, bool draftsByDefault = true)
{
    readonly LoopOptions _loops = new();
    readonly Choice<KvPolicy> _policy = SettingOptions.KvPolicies();
    readonly Option<int> _draftLoops = SettingOptions.DraftLoops(draftsByDefault);

    public void AddTo(Command command)
    {
        _loops.AddTo(command);
        command.Options.Add(_policy.Option);
        command.Options.Add(_draftLoops);
    }

    /// <summary>What was asked for.</summary>
    /// <param name="brought">What the model brings along, for where nothing was asked; nothing if null.</param>
    public SequenceOptions Of(ParseResult parsed, Engine engine, int contextTokens, StoredParameters? brought = null)
    {
        brought ??= StoredParameters.None;
        var isDraftAsked = parsed.GetResult(_draftLoops) is { Implicit: false };
        return new(_loops.Rule(parsed, engine.Model, brought), contextTokens)
        {
            Policy = _policy.Of(parsed, brought.Word("kv_policy")?.Replace('_', '-')),
            KvType = engineOptions.KvType(parsed, brought.Word("kv_type")),
            DraftLoops = (isDraftAsked ? null : brought.Whole(Setting.DraftLoops)) ?? parsed.GetValue(_draftLoops),
        };
    }
}
