using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Ouro.Serving;

/// <summary>How long a model stays loaded, as Ollama's clients write it: <c>5m</c>, <c>1h30m</c>, <c>90</c> (seconds), <c>0</c>; what is negative means for ever.</summary>
public static class KeepAlive
{
    const string Expectation = "expected a time such as 5m, 1h30m or 90 (seconds), 0 to unload at once, or -1 for ever";

    static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>For ever.</summary>
    public static readonly TimeSpan Forever = Timeout.InfiniteTimeSpan;

    /// <summary>Reads words.</summary>
    /// <exception cref="FormatException">They are no time; the message is one sentence.</exception>
    public static TimeSpan Parse(string text)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
            return Of(seconds, text);

        var rest = text.AsSpan().Trim();
        var isNegative = rest.StartsWith("-");
        rest = rest.TrimStart("+-");
        var total = 0.0;
        var parts = 0;
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits < 1 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
                throw Wrong(text);

            rest = rest[digits..];
            var letters = rest.IndexOfAny(Digits) is >= 0 and var next ? next : rest.Length;
            total += value * SecondsOf(rest[..letters], text);
            rest = rest[letters..];
            parts++;
        }

        return parts == 0 ? throw Wrong(text) : Of(isNegative ? -total : total, text);
    }

    /// <summary>Reads a field of a request: words or a number of seconds; null if it is not there.</summary>
    /// <exception cref="FormatException">It is no time; the message is one sentence.</exception>
    public static TimeSpan? Read(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => null,
        JsonValueKind.Number => Of(value.GetDouble(), value.GetRawText()),
        JsonValueKind.String when value.GetString() is { Length: > 0 } text => Parse(text),
        JsonValueKind.String => null,
        _ => throw Wrong(value.GetRawText()),
    };

    static double SecondsOf(ReadOnlySpan<char> unit, string text) => unit switch
    {
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        "ms" => 1e-3,
        "us" or "µs" => 1e-6,
        "ns" => 1e-9,
        _ => throw Wrong(text),
    };

    static TimeSpan Of(double seconds, string text)
        => double.IsNaN(seconds) ? throw Wrong(text)
            : seconds < 0 || seconds > TimeSpan.FromDays(36_500).TotalSeconds ? Forever
            : TimeSpan.FromSeconds(seconds);

    static FormatException Wrong(string text) => new($"keep_alive is '{(text.Length <= 40 ? text : text[..40] + "...")}', but {Expectation}.");
}
