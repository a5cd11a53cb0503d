using System.Diagnostics;

namespace Ouro.Benchmarks;

/// <summary>How many cores the host lends: now and then it runs two virtual processors on one, and whatever is measured then is half as fast.</summary>
static class HostCores
{
    /// <summary>The share of all threads that must really compute at once.</summary>
    const double Enough = 0.92;

    static readonly TimeSpan Look = TimeSpan.FromSeconds(0.2);
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>Waits, a minute at most, until every thread has a core of its own.</summary>
    /// <returns>How many times as much they compute together as one alone, at the end of the wait.</returns>
    public static double Wait(int threads, CancellationToken cancel)
    {
        if (threads == 1)
            return 1;

        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var cores = MultiplyAddRate.Best(threads, Look) / MultiplyAddRate.Best(1, Look);
            if (cores >= Enough * threads || Stopwatch.GetElapsedTime(started) > LongestWait)
                return cores;

            cancel.WaitHandle.WaitOne(Pause);
        }
    }
}
