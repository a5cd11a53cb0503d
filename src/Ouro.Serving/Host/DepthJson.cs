using System.Text.Json;
using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>How many loops the tokens of replies took, and what that cost: our own part of every API.</summary>
static class DepthJson
{
    /// <summary>Writes <c>depth</c>; nothing if there is no reply.</summary>
    /// <param name="digits">Digits behind the point of the mean.</param>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ReplySummary> summaries, int digits)
    {
        if (summaries.Count == 0)
            return;

        var loops = summaries.Max(summary => summary.Loops);
        var histogram = new long[loops];
        foreach (var summary in summaries)
        {
            for (var i = 0; i < Math.Min(loops, summary.Depths.Count); i++)
                histogram[i] += summary.Depths[i];
        }

        var tokens = histogram.Sum();
        json.WriteStartObject("depth");
        json.WriteNumber("mean", tokens == 0 ? 0 : Math.Round(histogram.Select((count, i) => (double)count * (i + 1)).Sum() / tokens, digits));
        json.WriteNumber("loops", loops);
        json.WriteStartArray("histogram");
        foreach (var count in histogram)
            json.WriteNumberValue(count);
        json.WriteEndArray();
        json.WriteNumber("passes", summaries.Sum(summary => summary.Counters.Passes));
        json.WriteNumber("rows", summaries.Sum(summary => summary.Counters.Rows));
        json.WriteNumber("drafts", summaries.Sum(summary => summary.Counters.Guesses));
        json.WriteNumber("drafts_kept", summaries.Sum(summary => summary.Counters.GuessesKept));
        json.WriteEndObject();
    }
}
