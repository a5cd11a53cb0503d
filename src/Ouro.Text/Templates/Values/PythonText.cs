using System.Globalization;
using System.Text;

namespace Ouro.Text.Templates;

/// <summary>How Python prints numbers and classes characters, where .NET differs.</summary>
static class PythonText
{
    const int SmallestPlainExponent = -4;
    const int LargestPlainExponent = 15;

    /// <summary>What <c>str.isspace</c> says: .NET's white space and the four information separators.</summary>
    public static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';

    /// <summary>The shortest digits that give the number back, with an exponent from 1e16 on and below 1e-4.</summary>
    public static string Number(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";

        // "E16" would round-trip but is not the shortest; "R" is the shortest but chooses other exponents.
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var mark = shortest.IndexOf('E', StringComparison.Ordinal);
        var stated = mark < 0 ? 0 : int.Parse(shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = (mark < 0 ? shortest : shortest[..mark]).TrimStart('-');
        var sign = shortest[0] == '-' ? "-" : "";

        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? mantissa.Length : point;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var leading = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');
        if (digits.Length == 0)
            return sign + "0.0";

        return sign + Layout(digits, stated + whole - leading - 1);
    }

    /// <param name="digits">Without zeros at either end.</param>
    /// <param name="exponent">Of the first digit.</param>
    static string Layout(string digits, int exponent)
    {
        if (exponent is < SmallestPlainExponent or > LargestPlainExponent)
        {
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return string.Create(CultureInfo.InvariantCulture, $"{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{int.Abs(exponent):00}");
        }

        if (exponent < 0)
            return "0." + new string('0', -exponent - 1) + digits;

        var padded = digits.PadRight(exponent + 2, '0');
        return padded[..(exponent + 1)] + "." + padded[(exponent + 1)..];
    }

    /// <summary>A text as Python's <c>repr</c> writes it.</summary>
    public static void Quote(string text, StringBuilder output)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        output.Append(quote);
        for (var at = 0; at < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var width) != System.Buffers.OperationStatus.Done)
                output.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[at]:x4}");
            else if (rune.Value == quote || rune.Value == '\\')
                output.Append('\\').Append((char)rune.Value);
            else
                AppendEscaped(rune, output);

            at += width;
        }

        output.Append(quote);
    }

    static void AppendEscaped(Rune rune, StringBuilder output)
    {
        switch (rune.Value)
        {
            case '\n': output.Append("\\n"); break;
            case '\r': output.Append("\\r"); break;
            case '\t': output.Append("\\t"); break;
            case var _ when IsPrintable(rune): output.Append(rune); break;
            case <= 0xFF: output.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"); break;
            case <= 0xFFFF: output.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"); break;
            default: output.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"); break;
        }
    }

    static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
