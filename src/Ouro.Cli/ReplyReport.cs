using System.Diagnostics;
using System.Globalization;
using Ouro.Generation;

namespace Ouro.Cli;

/// <summary>What <c>--verbose</c> says behind a reply.</summary>
sealed class ReplyReport(Engine engine, Session session, int promptTokens, long seed)
{
    readonly long _started = Stopwatch.GetTimestamp();
    readonly long _passesBefore = session.Passes;
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
            var mean = _tokensByDepth.Sum(entry => (double)entry.Key * entry.Value) / _tokens;
            Line("depth", $"{mean.ToString("0.00", CultureInfo.InvariantCulture)} loops a token on average, of {session.Rule.Loops} run: "
                + string.Join(", ", _tokensByDepth.Select(entry => $"loop {entry.Key} x {entry.Value}")));
        }

        Line("passes", $"{session.Passes - _passesBefore}");
        Line("memory", $"{Sizes.Text(engine.WeightBytes)} of weights, {Sizes.Text(session.KvBytes)} of keys and values in {session.KvType}");
        Line("threads", $"{engine.ThreadCount}, activations {engine.Model.Activations.ToString().ToLowerInvariant()}");
        Line("seed", $"{seed}");
    }

    /// <summary>One line of a report.</summary>
    public static void Line(string name, string text) => Console.Error.WriteLine($"{name,-12} {text}");

    static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s";

    static string Rate(int tokens, TimeSpan time)
        => tokens > 0 && time > TimeSpan.Zero ? $"{(tokens / time.TotalSeconds).ToString("0.0", CultureInfo.InvariantCulture)} tokens/s" : "no rate";
}
