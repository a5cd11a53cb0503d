using System.CommandLine;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Cli.Bench;

/// <summary>The options of <c>ouro bench</c> that are about whole replies.</summary>
sealed class ReplyBenchOptions
{
    const int ShortPrompt = 16;

    readonly ListOption<int> _sequences = ListOption.Whole(
        "--sequences", "Write whole replies instead, so many at once, beside plain decoding at fixed depth.", 1, 256, [], "none");
    readonly Option<int> _tokens = SettingOptions.Between("--tokens", "With --sequences: tokens that each text writes.", 1, 4096, 48);
    readonly Option<double?> _threshold = SettingOptions.Number(Setting.ExitThreshold);
    readonly Option<int> _draftLoops = SettingOptions.DraftLoops();
    readonly Choice<KvPolicy> _policy = SettingOptions.KvPolicies();
    readonly Option<double?> _acceptance = SettingOptions.Number(AssumeAcceptance, "no assumption");
    readonly Option<double?> _depth = SettingOptions.Number(AssumeDepth, "no assumption");

    static Setting AssumeAcceptance { get; } = new(
        "assume_acceptance", "With --sequences: replay guesses that hold with this chance, since random weights guess nothing right; passes are real.", 0, 0, 1);

    static Setting AssumeDepth { get; } = new(
        "assume_depth", "With --sequences: replay exits with this mean depth, since random weights exit anywhere; passes are real.", 0, 1, 4096);

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _sequences.Option, _tokens, _threshold, _draftLoops, _policy.Option, _acceptance, _depth })
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_sequences.Option) is not null)
                return;
            foreach (var option in new Option[] { _tokens, _threshold, _draftLoops, _policy.Option, _acceptance, _depth })
            {
                if (result.GetResult(option) is { Implicit: false })
                    result.AddError($"{option.Name} is about replies; say how many are written at once with --sequences, such as --sequences 1,4.");
            }
        });
    }

    /// <summary>What was asked for; null without --sequences.</summary>
    /// <param name="contexts">Tokens of prompt; none for a short one.</param>
    /// <param name="loops">Most loops; none for the depth that the model was trained for.</param>
    public ReplyPlan? Of(ParseResult parsed, int[] contexts, int[] loops)
        => _sequences.Of(parsed) is not { Length: > 0 } sequences ? null : new ReplyPlan(
            sequences, contexts.Length == 0 ? [ShortPrompt] : [.. contexts.Select(context => Math.Max(1, context)).Distinct()], parsed.GetValue(_tokens), loops.FirstOrDefault(),
            parsed.GetValue(_threshold) ?? 1, parsed.GetValue(_draftLoops), _policy.Of(parsed),
            parsed.GetValue(_acceptance), parsed.GetValue(_depth));
}
