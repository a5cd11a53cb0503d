using System.Globalization;

namespace Ouro.Chat;

/// <summary>Numbers between bounds as patterns of their digits, in the syntax that <see cref="Pattern"/> reads.</summary>
/// <remarks>Exact: every number that a pattern spells lies within the bounds. Bounded numbers are written without an exponent, and zero without a sign.</remarks>
static class NumberRange
{
    /// <summary>Whole numbers of at most 15 digits.</summary>
    public const string AnyInteger = "-?[1-9][0-9]{0,14}|0";

    /// <summary>Numbers that every reader takes.</summary>
    public const string AnyNumber = @"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,12})?(?:[eE][+-]?[0-9]{1,2})?";

    /// <summary>All numbers stay below this, in either direction; of whole ones, where nothing else is said.</summary>
    public const long Limit = 1_000_000_000_000_000;

    // Nine further digits keep a number within what a decimal holds.
    const string MoreDigits = "[0-9]{0,9}";
    const string AnyFraction = @"(?:\.[0-9]{1,9})?";

    /// <summary>Whole numbers from <paramref name="low"/> to <paramref name="high"/>; null if there are none.</summary>
    public static string? Integers(long low, long high)
    {
        if (low > high)
            return null;

        var parts = new List<string>();
        if (low < 0)
            parts.Add($"-(?:{Positive(high < 0 ? -(Int128)high : 1, -(Int128)low)})");
        if (high >= 0)
            parts.Add(NonNegative(Math.Max(0, low), high));
        return string.Join('|', parts);
    }

    /// <summary>Numbers between bounds, of which absent ones are <see cref="Limit"/>; null if there are none.</summary>
    public static string? Numbers(decimal? low, bool isLowOut, decimal? high, bool isHighOut)
    {
        if (low is not { } least || least < -Limit)
            (least, isLowOut) = (-Limit, true);
        if (high is not { } most || most > Limit)
            (most, isHighOut) = (Limit, true);

        var parts = new List<string>();
        if (least < 0 && (most < 0 ? Magnitudes(-most, isHighOut, -least, isLowOut) : Magnitudes(0, true, -least, isLowOut)) is { } negative)
            parts.Add($"-(?:{negative})");
        if (most >= 0 && (least < 0 ? Magnitudes(0, false, most, isHighOut) : Magnitudes(least, isLowOut, most, isHighOut)) is { } positive)
            parts.Add(positive);
        return parts.Count > 0 ? string.Join('|', parts) : null;
    }

    static string? Magnitudes(decimal low, bool isLowOut, decimal high, bool isHighOut)
    {
        if (low > high)
            return null;

        var (first, last) = ((long)decimal.Floor(low), (long)decimal.Floor(high));
        if (first == last)
            return Behind(first, Fraction(FractionOf(low), isLowOut, FractionOf(high), isHighOut));

        var parts = new List<string?> { Behind(first, Fraction(FractionOf(low), isLowOut, null, false)) };
        if (last - first > 1)
            parts.Add($"(?:{NonNegative(first + 1, last - 1)}){AnyFraction}");
        parts.Add(Behind(last, Fraction("", false, FractionOf(high), isHighOut)));
        return string.Join('|', parts.Where(part => part is not null)) is { Length: > 0 } joined ? joined : null;
    }

    static string? Behind(long whole, string? fraction) => fraction is null ? null : whole.ToString(CultureInfo.InvariantCulture) + fraction;

    /// <summary>The digits behind the point, without zeros at the end.</summary>
    static string FractionOf(decimal value)
    {
        var text = (value - decimal.Floor(value)).ToString("0.############################", CultureInfo.InvariantCulture);
        return text.Length > 2 ? text[2..] : "";
    }

    /// <summary>A point and digits, or nothing, so that the fraction lies between two others; null if that cannot be.</summary>
    static string? Fraction(string low, bool isLowOut, string? high, bool isHighOut)
    {
        var canBeAbsent = low.Length == 0 && !isLowOut && (high is null || high.Length > 0 || !isHighOut);
        return Digits(low, isLowOut, high, isHighOut, some: true) is { } digits ? $@"(?:\.(?:{digits})){(canBeAbsent ? "?" : "")}" : canBeAbsent ? "" : null;
    }

    /// <summary>Digits behind equal ones, so that the fraction lies between two others, of which the rest is given; null if that cannot be.</summary>
    /// <param name="low">Null if it is surely above.</param>
    /// <param name="high">Null if it is surely below.</param>
    /// <param name="some">True if there must be a digit.</param>
    static string? Digits(string? low, bool isLowOut, string? high, bool isHighOut, bool some)
    {
        if (low is { Length: 0 } && !isLowOut)
            low = null;
        if (high is { Length: 0 })
            return isHighOut || low is not null ? null : some ? "0{1,3}" : "0{0,3}";
        if (high is null && low is null)
            return some ? "[0-9]{1,9}" : MoreDigits;
        if (high is null && low is { Length: 0 })
            return $"0{{0,8}}[1-9]{MoreDigits}";

        var parts = new List<string>();
        if (!some && low is null)
            parts.Add("");

        var first = low is { Length: > 0 } ? low[0] : '0';
        var last = high is null ? '9' : high[0];
        var freeFrom = low is null ? first : (char)(first + 1);
        var freeTo = high is null ? last : (char)(last - 1);
        if (freeFrom <= freeTo)
            parts.Add($"[{freeFrom}-{freeTo}]{MoreDigits}");
        for (var digit = first; digit <= last; digit++)
        {
            if (digit >= freeFrom && digit <= freeTo)
                continue;

            var nextLow = digit >= freeFrom ? null : low is { Length: > 0 } ? low[1..] : low;
            var nextHigh = digit <= freeTo ? null : high![1..];
            if (Digits(nextLow, isLowOut, nextHigh, isHighOut, some: false) is { } rest)
                parts.Add($"{digit}(?:{rest})");
        }

        return parts.Count > 0 ? string.Join('|', parts) : null;
    }

    static string NonNegative(long low, long high)
        => low > 0 ? Positive(low, high) : high > 0 ? $"0|{Positive(1, high)}" : "0";

    /// <summary>Whole numbers from 1 up, length by length.</summary>
    static string Positive(Int128 low, Int128 high)
    {
        var parts = new List<string>();
        for (Int128 from = 1; from <= high; from *= 10)
        {
            var (first, last) = (Int128.Max(from, low), Int128.Min(from * 10 - 1, high));
            if (first <= last)
                parts.Add(SameLength(first.ToString(CultureInfo.InvariantCulture), last.ToString(CultureInfo.InvariantCulture)));
        }

        return string.Join('|', parts);
    }

    /// <summary>Numbers between two others of the same number of digits.</summary>
    static string SameLength(string low, string high)
    {
        if (low.Length == 0)
            return "";
        if (low.TrimStart('0').Length == 0 && high.TrimStart('9').Length == 0)
            return $"[0-9]{{{low.Length}}}";
        if (low[0] == high[0])
            return low[0] + SameLength(low[1..], high[1..]);

        var (zeros, nines) = (new string('0', low.Length - 1), new string('9', low.Length - 1));
        var parts = new List<string> { low[0] + SameLength(low[1..], nines) };
        if (high[0] - low[0] > 1)
            parts.Add($"[{(char)(low[0] + 1)}-{(char)(high[0] - 1)}]" + SameLength(zeros, nines));
        parts.Add(high[0] + SameLength(zeros, high[1..]));
        return $"(?:{string.Join('|', parts)})";
    }
}
