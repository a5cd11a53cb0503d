using Ouro.Formats;
using Ouro.Tensors;
using Spectre.Console;

namespace Ouro.Cli.Bench;

/// <summary>What is to be measured of each model, and how long.</summary>
/// <param name="Loops">None for 1 and the depth that the model was trained for.</param>
/// <param name="Time">For each workload.</param>
sealed record Bench(
    int[] Threads, int[] Rows, int Prefill, int[] Depths, int[] Loops, ActivationType Activations, ElementType KvType, TimeSpan Time)
{
    /// <summary>Opens a model, measures it and shows how far it is.</summary>
    /// <param name="done">Gets the run while its model is still open.</param>
    /// <returns>False if it was cancelled; <paramref name="done"/> has got what was measured by then.</returns>
    public bool Run(string path, string name, string? type, Action<BenchRun> done, CancellationToken cancel)
    {
        using var model = MeasuredModel.Open(path, Activations, KvType);
        int[] loops = Loops.Length > 0 ? Loops : [.. new[] { 1, model.Config.Loops }.Distinct()];
        var run = new BenchRun(name, type, model, Workload.Plan(Threads, Rows, Prefill, Depths, loops));
        var isComplete = WithProgress(run, next => run.Run(Time, next, cancel));
        done(run);
        return isComplete;
    }

    static bool WithProgress(BenchRun run, Func<Action<Workload>, bool> work)
    {
        if (Console.IsErrorRedirected)
            return work(_ => { });

        // Drawn between turns only: a thread that draws would take time and memory of what is measured.
        return Front.Messages.Progress().AutoClear(true).AutoRefresh(false)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context =>
            {
                var task = context.AddTask(Markup.Escape(Front.Plain(run.Name)), maxValue: run.Turns);
                return work(next =>
                {
                    task.Description = Markup.Escape($"{Front.Plain(run.Name)}: {next}");
                    context.Refresh();
                    task.Increment(1);
                });
            });
    }
}
