using System.CommandLine;
using System.Globalization;
using Ouro.Cli.Bench;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;
using Spectre.Console;

namespace Ouro.Cli.Eval;

/// <summary><c>ouro eval</c>: how many questions a model answers exactly, by depth and by exit threshold, and what that costs.</summary>
sealed class EvalCommand
{
    const string DefaultTask = "nano";

    readonly Option<string> _task = new("--task") { Description = $"Draw questions that training never shows, from {string.Join(" or ", Question.Tasks)} [default: {DefaultTask}]", DefaultValueFactory = _ => DefaultTask, HelpName = "name" };
    readonly Option<FileInfo> _data = new("--data") { Description = "Ask the questions of this file instead: JSON lines with \"question\" and \"answer\".", HelpName = "file" };
    readonly Option<int> _items = SettingOptions.Between("--items", "Questions to ask.", 1, 1_000_000, 1000);
    readonly Option<ulong?> _seed = SettingOptions.Seed<ulong>("Another seed draws other questions [default: 1].");
    readonly ListOption<int> _loops = ListOption.Whole("--loops", "Fixed depths to try.", 1, (int)Setting.NumIterations.High, [], "1 to the trained depth");
    readonly ListOption<double> _thresholds = new(
        "--exit-thresholds", "Exit thresholds to try at full depth.",
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var q) ? (q is > 0 and <= 1, q) : (false, 0),
        "numbers above 0 and at most 1 with commas between them, such as 0.5,0.9", [0.5, 0.7, 0.9], "0.5,0.7,0.9");
    readonly Choice<KvPolicy> _policy = SettingOptions.KvPolicies();
    readonly Option<int> _draftLoops = SettingOptions.DraftLoops();
    readonly Option<int> _together = SettingOptions.Between("--together", "Questions that are answered at once; they share passes.", 1, 128, 16);
    readonly Option<int> _longest = SettingOptions.Between("--num-predict", "Most tokens of an answer.", 1, 1 << 20, 48);
    readonly Option<bool> _json = new("--json") { Description = "Everything that was counted, for programs." };
    readonly EngineOptions _engineOptions = new(ElementType.F16, isOptional: true);

    public static Command Create() => new EvalCommand().Build();

    Command Build()
    {
        _task.AcceptOnlyFromAmong(Question.Tasks);
        _data.AcceptExistingOnly();
        var command = new Command("eval", "Asks a model questions and counts exact answers: by depth, by exit threshold, by kind and level.")
        {
            _task, _data, _items, _seed, _loops.Option, _thresholds.Option, _policy.Option, _draftLoops, _together, _longest, _json,
        };
        _engineOptions.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() => Run(parsed, cancel), cancel));
        return command;
    }

    int Run(ParseResult parsed, CancellationToken cancel)
    {
        using var engine = _engineOptions.Open(parsed);
        var items = parsed.GetValue(_items);
        var questions = parsed.GetValue(_data) is { } file ? Question.Read(file.FullName, items) : Question.Drawn(parsed.GetValue(_task)!, items, parsed.GetValue(_seed) ?? 1);
        var run = new EvalRun(engine, questions, parsed.GetValue(_together), parsed.GetValue(_longest));
        var settings = Settings(parsed, engine).ToArray();
        var results = new List<EvalResult>();
        foreach (var setting in settings)
            results.Add(ProgressBar.Count(setting.Name, questions.Length, progress => run.Run(setting, progress, cancel)));

        if (parsed.GetValue(_json))
        {
            using var output = Console.OpenStandardOutput();
            EvalTables.WriteJson(results, output);
            return 0;
        }

        Front.Results.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{questions.Length:N0} questions, greedy, the next token guessed ahead unless --draft-loops is off"));
        EvalTables.WriteSettings(results, Front.Results);
        var deepest = results.Where(result => result.Setting.Options.Rule.Threshold == 1).MaxBy(result => result.Setting.Options.Rule.Loops) ?? results[^1];
        Front.Results.WriteLine($"Exact by kind, {deepest.Setting.Name}:");
        EvalTables.WriteKinds(deepest, score => EvalTables.Percent(score.Share), Front.Results);
        if (results.Where(result => result.Setting.Options.Rule.Threshold < 1).MaxBy(result => result.Setting.Options.Rule.Threshold) is { } exiting)
        {
            Front.Results.WriteLine($"Mean depth by kind, {exiting.Setting.Name}:");
            EvalTables.WriteKinds(exiting, score => EvalTables.Number(score.MeanDepth), Front.Results);
        }

        return 0;
    }

    IEnumerable<EvalSetting> Settings(ParseResult parsed, Engine engine)
    {
        var trained = engine.Model.Config.Loops;
        SequenceOptions Options(int loops, double threshold) => new(new ExitRule(loops, threshold), ContextTokens: 1)
        {
            Policy = _policy.Of(parsed),
            KvType = _engineOptions.KvType(parsed),
            DraftLoops = parsed.GetValue(_draftLoops),
        };
        var loops = _loops.Of(parsed);
        foreach (var depth in loops.Length > 0 ? loops : [.. Enumerable.Range(1, trained)])
            yield return new EvalSetting($"{depth} loop{(depth == 1 ? "" : "s")}", Options(depth, 1));
        if (!engine.Model.HasGate)
            yield break;

        foreach (var threshold in _thresholds.Of(parsed))
            yield return new EvalSetting(string.Create(CultureInfo.InvariantCulture, $"exit threshold {threshold}"), Options(trained, threshold));
    }
}
