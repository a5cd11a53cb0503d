using Ouro.Model;
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
