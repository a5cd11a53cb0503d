using Ouro.Model;
using Ouro.Serving.Store;
using Spectre.Console;

namespace Ouro.Cli;

/// <summary>A bar with percentage, rate and time left while something goes over a model's bytes; nothing where nobody looks.</summary>
static class ProgressBar
{
    public static T Show<T>(string title, Func<IProgress<TensorProgress>?, T> work)
    {
        if (Console.IsErrorRedirected)
            return work(null);

        return Front.Messages.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .Start(context => work(new Bar(context.AddTask(Markup.Escape(title)))));
    }

    /// <summary>The same for so many pieces of work, one report each.</summary>
    public static T Count<T>(string title, int pieces, Func<IProgress<int>?, T> work)
    {
        if (Console.IsErrorRedirected)
            return work(null);

        return Front.Messages.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new Pieces(context.AddTask(Markup.Escape(title), maxValue: pieces))));
    }

    /// <summary>The same for work in several steps, one bar each; bars of downloads show how fast they are.</summary>
    public static Task<T> Steps<T>(Func<IProgress<StoreProgress>?, Task<T>> work)
    {
        if (Console.IsErrorRedirected)
            return work(null);

        return Front.Messages.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Stairs(context)));
    }

    sealed class Stairs(ProgressContext context) : IProgress<StoreProgress>
    {
        readonly Lock _lock = new();
        StoreProgress _last;
        ProgressTask? _task;

        public void Report(StoreProgress value)
        {
            lock (_lock)
            {
                if (_task is null || value.Status != _last.Status || value.Digest != _last.Digest || value.Total != _last.Total)
                {
                    _task?.StopTask();
                    _task = context.AddTask(Markup.Escape(value.Status), maxValue: Math.Max(1, value.Total ?? 1));
                    _task.IsIndeterminate = value.Total is null;
                }

                _last = value;
                _task.Value = value.Completed ?? 0;
            }
        }
    }

    sealed class Pieces(ProgressTask task) : IProgress<int>
    {
        public void Report(int value) => task.Value = value;
    }

    /// <summary>Reports come from several threads and may overtake each other; the bar goes back only where another pass over the bytes starts.</summary>
    sealed class Bar(ProgressTask task) : IProgress<TensorProgress>
    {
        readonly Lock _lock = new();

        public void Report(TensorProgress value)
        {
            lock (_lock)
            {
                task.MaxValue = value.BytesTotal;
                task.Value = value.BytesDone < task.Value / 2 ? value.BytesDone : Math.Max(task.Value, value.BytesDone);
            }
        }
    }
}
