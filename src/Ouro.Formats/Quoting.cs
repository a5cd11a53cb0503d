using System.Globalization;
using System.Text;

namespace Ouro.Formats;

/// <summary>Shows text from a file inside a message: on one line, harmless to a terminal, and not longer than a message can bear.</summary>
public static class Quoting
{
    const int LongestShown = 64;

    /// <summary>The text in single quotes; what is not a visible character or U+0020 becomes <c>\uXXXX</c>, a long text ends in "...".</summary>
    public static string Quote(ReadOnlySpan<char> text)
    {
        var shown = new StringBuilder("'");
        foreach (var rune in text[..Math.Min(text.Length, LongestShown)].EnumerateRunes())
        {
            if (IsVisible(rune))
                shown.Append(rune);
            else
                shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
        }

        return shown.Append(text.Length > LongestShown ? "...'" : "'").ToString();
    }

    /// <summary>The first three of several names, each quoted.</summary>
    public static string QuoteFew(IReadOnlyCollection<string> names)
        => string.Join(", ", names.Take(3).Select(name => name.Quoted)) + (names.Count > 3 ? ", ..." : "");

    extension(string text)
    {
        /// <inheritdoc cref="Quote"/>
        public string Quoted => Quote(text);
    }

    // Controls can steer a terminal, format characters can turn a line round, separators can end it.
    static bool IsVisible(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
