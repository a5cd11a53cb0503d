using System.Diagnostics;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Cli.Bench;

/// <summary>What writing replies took, over some repetitions.</summary>
/// <param name="TokensPerSecond">Of all texts together, in the best repetition.</param>
/// <param name="MedianLatency">Seconds between two tokens of one text.</param>
/// <param name="HighLatency">What 95 of 100 of them stay below.</param>
/// <param name="PassesPerToken">Passes in which a text had rows, for each of its tokens.</param>
/// <param name="RowsPerPass">Rows in a pass.</param>
/// <param name="GuessesKept">The share of guesses that held; 0 if none were made.</param>
/// <param name="MeanDepth">Loops after which tokens were read.</param>
/// <param name="OwnShare">The share of the time that is not spent in the model: gathering rows, exits, sampling, bookkeeping.</param>
/// <param name="AllocatedPerToken">Bytes of managed memory.</param>
sealed record ReplyResult(
    double TokensPerSecond, double MedianLatency, double HighLatency, double PassesPerToken, double RowsPerPass,
    double GuessesKept, double MeanDepth, double OwnShare, double AllocatedPerToken);

/// <summary>Some texts that write replies together, again and again.</summary>
sealed class ReplyRun : IDisposable
{
    readonly ReplyPlan _plan;
    readonly Scheduler _scheduler;
    readonly Sequence[] _sequences;
    readonly int[][] _prompts;
    readonly ITokenChooser _chooser;
    readonly List<double> _latencies;
    readonly long[] _lastToken;
    double _best = double.PositiveInfinity, _seconds, _own;
    long _depths, _tokens, _passes, _rows, _guesses, _kept, _textPasses, _allocated;

    public ReplyRun(OuroModel model, ReplyPlan plan, int sequences, int context, ElementType kvType)
    {
        _plan = plan;
        _scheduler = new Scheduler(model);
        _chooser = plan.Chooser(model.Config.Vocabulary);
        var options = plan.Options(model.Config, kvType, context);
        _sequences = [.. Enumerable.Range(0, sequences).Select(_ => _scheduler.Open(options))];
        _prompts = [.. _sequences.Select((_, text) => Enumerable.Range(0, context).Select(i => (int)((i + 31L * text) * 7919 % model.Config.Vocabulary)).ToArray())];
        _latencies = new List<double>(1 << 16);
        _lastToken = new long[sequences];
    }

    /// <summary>What was measured; null before the first repetition.</summary>
    public ReplyResult? Result => _tokens == 0 ? null : new ReplyResult(
        _plan.Tokens * _sequences.Length / _best, At(0.5), At(0.95), (double)_textPasses / _tokens, (double)_rows / _passes,
        _guesses > 0 ? (double)_kept / _guesses : 0, (double)_depths / _tokens, _own / _seconds, (double)_allocated / _tokens);

    /// <summary>Writes all replies once.</summary>
    /// <param name="isTimed">False for a warm-up.</param>
    public void Repeat(bool isTimed, CancellationToken cancel)
    {
        for (var i = 0; i < _sequences.Length; i++)
            _sequences[i].Become(_prompts[i]);
        while (_sequences.Any(sequence => !sequence.IsRead))
            _scheduler.Step(cancel);

        var (stepSeconds, own) = (_scheduler.Seconds, _scheduler.OwnSeconds);
        var (passes, rows, before) = (_scheduler.Passes, _scheduler.Rows, Total());
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        Array.Fill(_lastToken, started);
        foreach (var sequence in _sequences)
            sequence.Write(_chooser, _plan.Tokens);
        var (depths, tokens) = Write(isTimed, cancel);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (!isTimed)
            return;

        _best = Math.Min(_best, seconds);
        (_seconds, _own) = (_seconds + _scheduler.Seconds - stepSeconds, _own + _scheduler.OwnSeconds - own);
        _allocated += GC.GetTotalAllocatedBytes(precise: true) - allocated;
        var after = Total();
        (_depths, _tokens) = (_depths + depths, _tokens + tokens);
        (_passes, _rows) = (_passes + _scheduler.Passes - passes, _rows + _scheduler.Rows - rows);
        (_textPasses, _guesses, _kept) = (_textPasses + after.Passes - before.Passes, _guesses + after.Guesses - before.Guesses, _kept + after.Kept - before.Kept);
    }

    public void Dispose() => _scheduler.Dispose();

    (long Depths, long Tokens) Write(bool isTimed, CancellationToken cancel)
    {
        var (depths, tokens, isWriting) = (0L, 0L, true);
        while (isWriting)
        {
            isWriting = false;
            for (var i = 0; i < _sequences.Length; i++)
            {
                while (_sequences[i].TryTake(out var token))
                {
                    var now = Stopwatch.GetTimestamp();
                    if (isTimed)
                        _latencies.Add(Stopwatch.GetElapsedTime(_lastToken[i], now).TotalSeconds);
                    _lastToken[i] = now;
                    (depths, tokens) = (depths + token.Depth, tokens + 1);
                }

                isWriting |= _sequences[i].IsWriting;
            }

            if (isWriting)
                _scheduler.Step(cancel);
        }

        return (depths, tokens);
    }

    (long Passes, long Guesses, long Kept) Total()
    {
        var total = (Passes: 0L, Guesses: 0L, Kept: 0L);
        foreach (var sequence in _sequences)
        {
            var counters = sequence.Counters;
            total = (total.Passes + counters.Passes, total.Guesses + counters.Guesses, total.Kept + counters.GuessesKept);
        }

        return total;
    }

    double At(double share) => _latencies.Order().ElementAt((int)(share * (_latencies.Count - 1)));
}
