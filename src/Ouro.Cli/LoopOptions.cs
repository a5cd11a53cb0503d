using System.CommandLine;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Cli;

/// <summary>The depth dial: the options that become an <see cref="ExitRule"/>.</summary>
sealed class LoopOptions
{
    readonly Option<int?> _loops = SettingOptions.Whole(Setting.NumIterations, "the depth the model was trained for");
    readonly Option<double?> _threshold = SettingOptions.Number(Setting.ExitThreshold, "the file's, else 1");
    readonly Option<int?> _minLoops = SettingOptions.Whole(Setting.MinLoops);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_loops);
        command.Options.Add(_threshold);
        command.Options.Add(_minLoops);
    }

    /// <summary>The rule that was asked for, with a warning where it asks for something odd.</summary>
    public ExitRule Rule(ParseResult parsed, OuroModel model)
    {
        var trained = model.Config.Loops;
        var loops = parsed.GetValue(_loops) is int asked and > 0 ? asked : trained;
        if (loops > trained)
            Front.Warn($"{loops} loops are more than the {trained} that the model was trained for; quality falls beyond that.");

        if (!model.HasGate)
            Front.Warn("this file has no early-exit gate, so every token runs at full depth. 'ouro repair' can put the gate back.");
        return new ExitRule(loops, parsed.GetValue(_threshold) ?? model.Config.ExitThreshold, parsed.GetValue(_minLoops) ?? 1);
    }
}
