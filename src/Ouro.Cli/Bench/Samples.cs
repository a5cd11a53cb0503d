using System.Diagnostics;

namespace Ouro.Cli.Bench;

/// <summary>The seconds that many repetitions of the same work took.</summary>
/// <remarks>The best is the work itself; what a repetition takes longer than that is mostly neighbours. The median says how much that was.</remarks>
sealed class Samples
{
    const int FewestRepetitions = 5;

    readonly List<double> _seconds = new(1 << 12);   // its growth must not count as an allocation of the work

    public double Best => _seconds.Min();

    public double Median => _seconds.Order().ElementAt(_seconds.Count / 2);

    public double Mean => _seconds.Average();

    public int Count => _seconds.Count;

    /// <summary>Repeats <paramref name="works"/> in turn for about <paramref name="time"/>, so that all meet the same neighbours.</summary>
    /// <returns>One for each of the works, in their order.</returns>
    public static Samples[] Alternate(TimeSpan time, params Action[] works)
    {
        foreach (var work in works)
            work();

        var samples = works.Select(_ => new Samples()).ToArray();
        var started = Stopwatch.GetTimestamp();
        while (samples[0].Count < FewestRepetitions || Stopwatch.GetElapsedTime(started) < time)
            for (var i = 0; i < works.Length; i++)
                samples[i].Take(works[i]);

        return samples;
    }

    public static Samples Repeat(TimeSpan time, Action work) => Alternate(time, work)[0];

    /// <summary>Repeats work for about this long, once at least.</summary>
    /// <exception cref="OperationCanceledException">Asked for; the repetition that was cut short does not count.</exception>
    public void TakeFor(TimeSpan time, Action<CancellationToken> work, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        do
        {
            cancel.ThrowIfCancellationRequested();
            var began = Stopwatch.GetTimestamp();
            work(cancel);
            Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(started) < time);
    }

    /// <summary>A repetition that somebody else timed.</summary>
    public void Add(double seconds) => _seconds.Add(seconds);

    /// <summary>Does the work once.</summary>
    public void Take(Action work)
    {
        var started = Stopwatch.GetTimestamp();
        work();
        Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }
}
