using System.Globalization;
using Ouro.Chat;
using Ouro.Tensors;
using Spectre.Console;

namespace Ouro.Cli.Replies;

/// <summary>What <c>--verbose</c> says behind a reply.</summary>
sealed class ReplyReport(Engine engine, ReplySettings settings, ReplySummary summary)
{
    /// <summary>Seconds of writing below which the program's own start would count for more than what guessing saves.</summary>
    const double ShortestTelling = 0.5;

    /// <summary>The depth of a reply in a line, for a conversation: with colours, also how many tokens each depth had.</summary>
    public static void PrintDepth(ReplySummary summary, DepthColors? colors)
    {
        if (summary.Tokens == 0)
            return;

        var line = string.Create(CultureInfo.InvariantCulture, $"{summary.Tokens} token{(summary.Tokens == 1 ? "" : "s")}, {summary.MeanDepth:0.0} of {summary.Loops} loops each");
        if (colors is null)
        {
            Front.Messages.MarkupLineInterpolated($"[dim]{line}[/]");
            return;
        }

        var depths = DepthsOf(summary).Select(entry => $"[{colors.At(entry.Depth).ToMarkup()}]loop {entry.Depth} x {entry.Count}[/]");
        Front.Messages.MarkupLine($"[dim]{line}:[/] {string.Join("[dim],[/] ", depths)}");
    }

    public void Print()
    {
        var read = summary.Waited + summary.PromptTime;
        Line("load", Seconds(engine.LoadTime));
        Line("prompt", $"{summary.PromptTokens} tokens{(summary.CachedTokens > 0 ? $", {summary.CachedTokens} of them kept from before" : "")}, in {Seconds(read)} "
            + $"({Rate(summary.PromptTokens - summary.CachedTokens, read)})");
        // The first token follows from the prompt alone, so the rate counts what came after it.
        Line("reply", $"{summary.Tokens} tokens; {Rate(summary.Tokens - 1, summary.WriteTime)} after the first");
        if (summary.Tokens > 0)
        {
            Line("depth", $"{summary.MeanDepth.ToString("0.00", CultureInfo.InvariantCulture)} loops a token on average, of at most {summary.Loops}: "
                + string.Join(", ", DepthsOf(summary).Select(entry => $"loop {entry.Depth} x {entry.Count}")));
        }

        PrintPasses();
        Line("memory", $"{Sizes.Text(engine.WeightBytes)} of weights, {Sizes.Text(Shape.BytesFor(summary.PromptTokens + summary.Tokens))} of keys and values in {Shape.Type}");
        Line("threads", $"{engine.ThreadCount}, activations {engine.Model.Activations.ToString().ToLowerInvariant()}");
        Line("seed", $"{summary.Seed}");
    }

    /// <summary>The depths that tokens had, and how many had each.</summary>
    static IEnumerable<(int Depth, int Count)> DepthsOf(ReplySummary summary)
        => summary.Depths.Select((count, i) => (Depth: i + 1, Count: count)).Where(entry => entry.Count > 0);

    KvShape Shape => engine.KvShape(settings.Text(engine.Model.Config, summary.PromptTokens));

    void PrintPasses()
    {
        var (now, text) = (summary.Counters, CultureInfo.InvariantCulture);
        Line("passes", $"{now.Passes}, of {(now.Passes > 0 ? ((double)now.Rows / now.Passes).ToString("0.0", text) : "0")} rows on average, the prompt's included");
        if (summary.Tokens > 1 && now.WritingPasses > 0)
            Line("a token", $"{((double)now.WritingPasses / summary.Tokens).ToString("0.00", text)} passes");
        if (now.Guesses > 0)
        {
            // An estimate that is far off was made while other programs had the processors.
            var saved = now.Seconds < ShortestTelling || now.Seconds > 10 * now.PlainSeconds ? ""
                : now.Seconds <= now.PlainSeconds ? $"; {(1 - now.Seconds / now.PlainSeconds).ToString("P0", text)} of the time saved"
                : $"; {(now.Seconds / now.PlainSeconds - 1).ToString("P0", text)} more time than without";
            Line("guesses", $"{now.GuessesKept} of {now.Guesses} held{saved}");
        }
    }

    /// <summary>One line of a report.</summary>
    public static void Line(string name, string text) => Console.Error.WriteLine($"{name,-12} {text}");

    static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s";

    static string Rate(int tokens, TimeSpan time)
        => tokens > 0 && time > TimeSpan.Zero ? $"{(tokens / time.TotalSeconds).ToString("0.0", CultureInfo.InvariantCulture)} tokens/s" : "no rate";
}
