using System.Diagnostics;
using System.Globalization;
using Ouro.Generation;
using Spectre.Console;

namespace Ouro.Cli;

/// <summary>What <c>--verbose</c> says behind a reply.</summary>
sealed class ReplyReport(Engine engine, Session session, int promptTokens, long seed)
{
    /// <summary>Seconds of writing below which the program's own start would count for more than what guessing saves.</summary>
    const double ShortestTelling = 0.5;

    readonly long _started = Stopwatch.GetTimestamp();
    readonly SequenceCounters _before = session.Counters;
    readonly SortedDictionary<int, int> _tokensByDepth = [];
    TimeSpan _prompt;
    TimeSpan _firstToken;
    int _kept;
    int _tokens;

    /// <summary>The prompt has been computed, but for the tokens kept from the turn before.</summary>
    public void PromptDone(int kept) => (_prompt, _kept) = (Stopwatch.GetElapsedTime(_started), kept);

    /// <summary>One more token of the reply.</summary>
    public void Add(GeneratedToken token)
    {
        if (_tokens++ == 0)
            _firstToken = Stopwatch.GetElapsedTime(_started);
        _tokensByDepth[token.Depth] = _tokensByDepth.GetValueOrDefault(token.Depth) + 1;
    }

    /// <summary>The depth of a reply in a line, for a conversation.</summary>
    public void PrintDepth()
    {
        if (_tokens > 0)
            Front.Messages.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[dim]{_tokens} token{(_tokens == 1 ? "" : "s")}, {MeanDepth:0.0} of {session.Rule.Loops} loops each[/]");
    }

    public void Print()
    {
        // The first token follows from the prompt alone, so the rate counts what came after it.
        var writing = Stopwatch.GetElapsedTime(_started) - _firstToken;
        Line("load", $"{Seconds(engine.LoadTime)}");
        Line("prompt", $"{promptTokens} tokens{(_kept > 0 ? $", {_kept} of them kept from before" : "")}, in {Seconds(_prompt)} ({Rate(promptTokens - _kept, _prompt)})");
        Line("first token", $"{Seconds(_firstToken)} after the prompt was given");
        Line("reply", $"{_tokens} tokens; {Rate(_tokens - 1, writing)} after the first");
        if (_tokens > 0)
        {
            Line("depth", $"{MeanDepth.ToString("0.00", CultureInfo.InvariantCulture)} loops a token on average, of at most {session.Rule.Loops}: "
                + string.Join(", ", _tokensByDepth.Select(entry => $"loop {entry.Key} x {entry.Value}")));
        }

        PrintPasses();
        Line("memory", $"{Sizes.Text(engine.WeightBytes)} of weights, {Sizes.Text(session.KvBytes)} of keys and values in {session.KvType}");
        Line("threads", $"{engine.ThreadCount}, activations {engine.Model.Activations.ToString().ToLowerInvariant()}");
        Line("seed", $"{seed}");
    }

    double MeanDepth => _tokensByDepth.Sum(entry => (double)entry.Key * entry.Value) / Math.Max(1, _tokens);

    void PrintPasses()
    {
        var (now, text) = (session.Counters, CultureInfo.InvariantCulture);
        var (passes, rows) = (now.Passes - _before.Passes, now.Rows - _before.Rows);
        var (guesses, kept) = (now.Guesses - _before.Guesses, now.GuessesKept - _before.GuessesKept);
        Line("passes", $"{passes}, of {(passes > 0 ? ((double)rows / passes).ToString("0.0", text) : "0")} rows on average, the prompt's included");
        if (_tokens > 1 && now.WritingPasses > _before.WritingPasses)
            Line("a token", $"{((double)(now.WritingPasses - _before.WritingPasses) / _tokens).ToString("0.00", text)} passes");
        if (guesses > 0)
        {
            var (seconds, plain) = (now.Seconds - _before.Seconds, now.PlainSeconds - _before.PlainSeconds);
            var saved = seconds < ShortestTelling ? ""
                : seconds <= plain ? $"; {(1 - seconds / plain).ToString("P0", text)} of the time saved" : $"; {(seconds / plain - 1).ToString("P0", text)} more time than without";
            Line("guesses", $"{kept} of {guesses} held{saved}");
        }
    }

    /// <summary>One line of a report.</summary>
    public static void Line(string name, string text) => Console.Error.WriteLine($"{name,-12} {text}");

    static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s";

    static string Rate(int tokens, TimeSpan time)
        => tokens > 0 && time > TimeSpan.Zero ? $"{(tokens / time.TotalSeconds).ToString("0.0", CultureInfo.InvariantCulture)} tokens/s" : "no rate";
}
