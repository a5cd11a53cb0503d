using System.CommandLine;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model.Conversion;
using Spectre.Console;

namespace Ouro.Cli.Bench;

/// <summary><c>ouro bench</c>: how fast this machine runs a model, beside how fast it reads memory.</summary>
static class BenchCommand
{
    const string ShapeByDefault = "ouro-1.4b";
    const string TypeByDefault = "q4_k_m";

    public static Command Create()
    {
        var model = EngineOptions.ModelArgument();
        model.Arity = ArgumentArity.ZeroOrOne;
        model.Description += " Without one, random weights.";
        var shape = new Option<string?>("--shape")
        {
            Description = $"The shape of random weights: {string.Join(", ", ModelShape.Names)}, or LAYERSxWIDTHxHEADS[xFEEDFORWARD[xVOCABULARY[xLOOPS]]] [default: {ShapeByDefault}]",
        };
        var types = ListOption.Types("--type", "The types of random weights, one model after the other.", TypeByDefault, "-t");
        var threads = ListOption.Whole("--threads", "Threads that compute.", 1, 1024, [Environment.ProcessorCount], "one per processor");
        var rows = ListOption.Whole("--rows", "Tokens that are decoded together.", 1, 512, [1, 2, 4, 8]);
        var prefill = SettingOptions.Between("--prefill", "Tokens of a prompt; 0 leaves it out.", 0, 1 << 20, 512);
        var depth = ListOption.Whole("--depth", "Tokens of context that a new token looks back at.", 0, (int)Setting.NumCtx.High, [0, 512]);
        var loops = ListOption.Whole("--loops", "Passes that each token takes.", 1, (int)Setting.NumIterations.High, [], "1 and the depth the model was trained for");
        var kvType = SettingOptions.KvType(ElementType.F16);
        var seconds = SettingOptions.Between("--seconds", $"Seconds for each line of the table; 0 repeats {BenchRun.Rounds} times.", 0, 3600, 2);
        var cache = new Option<string?>("--cache") { Description = "A folder that keeps models with random weights for the next time; without one they are made anew.", HelpName = "folder" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object: " + BenchJson.Fields };
        var baseline = new Option<string?>("--baseline") { Description = "What an earlier run printed with --json: every line says how many times as fast this one is.", HelpName = "file" };

        var command = new Command("bench", "Measures decoding and prefill, beside the rate at which this machine reads memory.")
        {
            model, shape, types.Option, threads.Option, rows.Option, prefill, depth.Option, loops.Option, kvType.Option, SettingOptions.Activations.Option, seconds, cache, json, baseline,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(model) is { Tokens.Count: > 0 } && (result.GetResult(shape) ?? (object?)result.GetResult(types.Option) ?? result.GetResult(cache)) is not null)
                result.AddError("--shape, --type and --cache are about random weights; leave them out, or the MODEL.");
        });
        var replies = new ReplyBenchOptions();
        replies.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            if (replies.Of(parsed, parsed.GetValue(depth.Option) ?? [], loops.Of(parsed)) is { } plan)
            {
                var replyBench = new ReplyBench(plan, threads.Of(parsed), SettingOptions.Activations.Of(parsed), kvType.Of(parsed), TimeSpan.FromSeconds(parsed.GetValue(seconds)));
                return WriteReplies(
                    replyBench, parsed.GetValue(model), parsed.GetValue(shape) ?? ShapeByDefault, types.Of(parsed), parsed.GetValue(cache), parsed.GetValue(json), cancel);
            }

            var bench = new Bench(
                threads.Of(parsed), rows.Of(parsed), parsed.GetValue(prefill), depth.Of(parsed), loops.Of(parsed),
                SettingOptions.Activations.Of(parsed), kvType.Of(parsed), TimeSpan.FromSeconds(parsed.GetValue(seconds)));
            var before = parsed.GetValue(baseline) is { } path ? Baseline.Read(path) : null;
            var print = new Printer(parsed.GetValue(json), before, bench.Time);
            var isComplete = parsed.GetValue(model) is { } file
                ? bench.Run(OwnModel.PathOf(file), Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(file))), type: null, print.Add, cancel)
                : OfRandomWeights(bench, parsed.GetValue(shape) ?? ShapeByDefault, types.Of(parsed), parsed.GetValue(cache), print.Add, cancel);
            print.Finish(!isComplete);
            return isComplete ? 0 : Front.Interrupted;
        }, CancellationToken.None));
        return command;
    }

    static int WriteReplies(ReplyBench bench, string? model, string shape, WeightMix[] types, string? cache, bool asJson, CancellationToken cancel)
    {
        using var files = new SyntheticFiles(cache);
        var runs = new List<System.Text.Json.Nodes.JsonObject>();
        var isComplete = true;
        foreach (var type in model is null ? types : new WeightMix?[] { null })
        {
            var lines = new List<ReplyBench.Line>();
            var name = model is null ? $"{shape.ToLowerInvariant()} {type!.Name}" : Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)));
            try
            {
                bench.Run(model is null ? files.Make(shape, type!, threads: 0, cancel) : OwnModel.PathOf(model), lines.Add, cancel);
            }
            catch (OperationCanceledException)
            {
                isComplete = false;
            }

            runs.Add(bench.Json(name, lines));
            if (!asJson && lines.Count > 0)
            {
                Front.Results.WriteLine(bench.Title(name));
                Front.Results.Write(ReplyBench.Table(lines));
            }

            if (!isComplete)
                break;
        }

        if (asJson)
            JsonText.Print(new() { ["machine"] = Machine.Json(TimeProvider.System.GetUtcNow()), ["interrupted"] = !isComplete, ["models"] = JsonText.Objects(runs) });
        if (!isComplete)
            Console.Error.WriteLine("interrupted");
        return isComplete ? 0 : Front.Interrupted;
    }

    static bool OfRandomWeights(Bench bench, string shape, WeightMix[] types, string? cache, Action<BenchRun> done, CancellationToken cancel)
    {
        using var files = new SyntheticFiles(cache);
        foreach (var type in types)
        {
            string path;
            try
            {
                path = files.Make(shape, type, threads: 0, cancel);
            }
            catch (OperationCanceledException)
            {
                return false;
            }

            if (!bench.Run(path, $"{shape.ToLowerInvariant()} {type.Name}", type.Name, done, cancel))
                return false;
            files.Release(path);
        }

        return true;
    }

    /// <summary>Shows each model's table when it is there, or everything as JSON at the end.</summary>
    sealed class Printer(bool asJson, Baseline? baseline, TimeSpan time)
    {
        readonly List<BenchRun> _runs = [];

        public void Add(BenchRun run)
        {
            if (!run.Measured.Any())
                return;
            if (!asJson)
            {
                if (_runs.Count > 0)
                    Front.Results.WriteLine();
                BenchTable.Write(run, baseline, Front.Results);
            }

            _runs.Add(run);
        }

        public void Finish(bool interrupted)
        {
            if (asJson)
                JsonText.Print(BenchJson.Of(TimeProvider.System.GetUtcNow(), _runs, baseline, interrupted));
            else if (_runs.Count > 0)
                Front.Results.WriteLine(BenchTable.Legend(time, baseline is not null));

            if (baseline is not null && _runs.Count > 0 && !_runs.Any(run => run.Measured.Any(measurement => baseline.Ratio(run, measurement) is not null)))
                Front.Warn($"{baseline.Path} has nothing that was measured now: model, threads, rows, context, loops and types must be the same.");
            if (interrupted)
                Console.Error.WriteLine(_runs.Count > 0 ? "interrupted; what was measured until then is shown" : "interrupted");
        }
    }
}
