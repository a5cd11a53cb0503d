using System.Collections.Concurrent;
using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>What was served since the server started. Thread-safe.</summary>
public sealed class ServingMetrics
{
    static readonly double[] Seconds = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];
    static readonly double[] Loops = [1, 2, 3, 4, 5, 6, 8, 12, 16];

    readonly ConcurrentDictionary<(string Route, int Status), long> _requests = new();
    long _promptTokens, _cachedTokens, _replyTokens, _passes, _rows, _drafts, _draftsKept, _replies;

    /// <summary>Requests by route and status.</summary>
    internal IEnumerable<(string Route, int Status, long Count)> Requests
        => _requests.Select(entry => (entry.Key.Route, entry.Key.Status, entry.Value)).OrderBy(entry => entry.Route, StringComparer.Ordinal).ThenBy(entry => entry.Status);

    /// <summary>Plain counts: name, meaning, value.</summary>
    internal IEnumerable<(string Name, string Meaning, long Value)> Counts =>
    [
        ("ouro_replies_total", "Replies that were written to their end.", Volatile.Read(ref _replies)),
        ("ouro_prompt_tokens_total", "Tokens of prompts.", Volatile.Read(ref _promptTokens)),
        ("ouro_prompt_tokens_cached_total", "Tokens of prompts that were known from earlier texts.", Volatile.Read(ref _cachedTokens)),
        ("ouro_reply_tokens_total", "Tokens written.", Volatile.Read(ref _replyTokens)),
        ("ouro_reply_passes_total", "Passes that replies took part in, each reply counted by itself.", Volatile.Read(ref _passes)),
        ("ouro_reply_rows_total", "Rows that replies had in passes.", Volatile.Read(ref _rows)),
        ("ouro_drafts_total", "Tokens guessed ahead of their turn.", Volatile.Read(ref _drafts)),
        ("ouro_drafts_kept_total", "Guesses that turned out right.", Volatile.Read(ref _draftsKept)),
    ];

    /// <summary>From asking to the first token.</summary>
    internal Histogram FirstToken { get; } = new(Seconds);

    /// <summary>From asking to the end of a reply.</summary>
    internal Histogram Whole { get; } = new(Seconds);

    /// <summary>Loops after which tokens were read.</summary>
    internal Histogram Depth { get; } = new(Loops);

    /// <summary>Notes an answer.</summary>
    /// <param name="route">The pattern, of which there are few.</param>
    public void Answered(string route, int status) => _requests.AddOrUpdate((route, status), 1, (_, count) => count + 1);

    /// <summary>Notes a reply that came to its end.</summary>
    /// <param name="total">What it took from asking to the end.</param>
    public void Replied(ReplySummary summary, TimeSpan total)
    {
        Interlocked.Increment(ref _replies);
        Interlocked.Add(ref _promptTokens, summary.PromptTokens);
        Interlocked.Add(ref _cachedTokens, summary.CachedTokens);
        Interlocked.Add(ref _replyTokens, summary.Tokens);
        Interlocked.Add(ref _passes, summary.Counters.Passes);
        Interlocked.Add(ref _rows, summary.Counters.Rows);
        Interlocked.Add(ref _drafts, summary.Counters.Guesses);
        Interlocked.Add(ref _draftsKept, summary.Counters.GuessesKept);
        FirstToken.Add((summary.Waited + summary.PromptTime).TotalSeconds);
        Whole.Add(total.TotalSeconds);
        for (var loop = 0; loop < summary.Depths.Count; loop++)
            Depth.Add(loop + 1, summary.Depths[loop]);
    }
}

/// <summary>How often values fell below some bounds. Thread-safe.</summary>
sealed class Histogram(double[] bounds)
{
    readonly Lock _lock = new();
    readonly long[] _counts = new long[bounds.Length + 1];
    double _sum;

    /// <summary>Notes a value, several times if need be.</summary>
    public void Add(double value, long times = 1)
    {
        if (times == 0)
            return;

        var index = Array.FindIndex(bounds, bound => value <= bound);
        lock (_lock)
        {
            _counts[index < 0 ? bounds.Length : index] += times;
            _sum += value * times;
        }
    }

    /// <summary>Bounds with how many values lie at or below each, infinity last; the sum of all values.</summary>
    public (IReadOnlyList<(double Bound, long Count)> Buckets, double Sum) Read()
    {
        lock (_lock)
        {
            var buckets = new (double, long)[_counts.Length];
            var total = 0L;
            for (var i = 0; i < buckets.Length; i++)
                buckets[i] = (i < bounds.Length ? bounds[i] : double.PositiveInfinity, total += _counts[i]);
            return (buckets, _sum);
        }
    }
}
