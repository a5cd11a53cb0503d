using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Ouro.Serving.Store;

/// <summary>Turns work that reports its progress into a stream of reports, as an answer over HTTP needs it.</summary>
public static class ProgressStream
{
    const int MostWaiting = 256;

    /// <summary>Runs the work and hands on what it reports; counts that nobody reads in time are left out, the order is kept.</summary>
    /// <param name="work">Ends by returning or by an exception, which comes out of the stream in its place.</param>
    /// <param name="cancel">Ends the work; so does leaving the stream before its end.</param>
    public static async IAsyncEnumerable<StoreProgress> RunAsync(
        Func<IProgress<StoreProgress>, CancellationToken, Task> work, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var reports = Channel.CreateUnbounded<StoreProgress>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var running = Task.Run(() => work(new Reporter(reports), stop.Token), CancellationToken.None);
        _ = running.ContinueWith(_ => reports.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            await foreach (var report in reports.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                yield return report;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await running.ConfigureAwait(false);   // its exception, if there is one
    }

    sealed class Reporter(Channel<StoreProgress> reports) : IProgress<StoreProgress>
    {
        readonly Lock _turn = new();
        string _status = "";

        public void Report(StoreProgress value)
        {
            lock (_turn)
            {
                // A change of status and a finished count are always told; counts in between only while somebody keeps up.
                if (value.Status == _status && value.Completed != value.Total && reports.Reader.Count >= MostWaiting)
                    return;

                _status = value.Status;
                reports.Writer.TryWrite(value);
            }
        }
    }
}
