using System.Globalization;

namespace Ouro.Benchmarks.Claims;

/// <summary>The same number under several seeds.</summary>
sealed record Sample(IReadOnlyList<double> Values)
{
    public double Mean => Values.Average();

    public double Low => Values.Min();

    public double High => Values.Max();

    /// <summary>From the lowest to the highest.</summary>
    public double Spread => High - Low;

    public static Sample Of<T>(IEnumerable<T> seeds, Func<T, double> number) => new([.. seeds.Select(number)]);

    /// <summary>The mean, and behind it from where to where it goes.</summary>
    public string Text(string format, double unit = 1)
    {
        var (mean, low, high) = (Shown(Mean), Shown(Low), Shown(High));
        return Values.Count > 1 && low != high ? $"{mean} ({low} to {high})" : mean;

        string Shown(double value) => (value / unit).ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>In percent, with one digit behind the point.</summary>
    public string Percent() => Text("0.0", 0.01);

    /// <summary>Whether this is above another by more than either differs between seeds.</summary>
    public bool IsAbove(Sample other) => Mean - other.Mean > Math.Max(Spread, other.Spread);
}
