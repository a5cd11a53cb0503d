namespace Ouro.Model.Conversion;

/// <summary>Text from a file on its way into a message.</summary>
static class FileText
{
    const int LongestShown = 100;

    /// <summary>The text on one line, at most a hundred characters, without anything that could steer a terminal.</summary>
    public static string Short(string text)
    {
        var shown = text.Length <= LongestShown ? text : text[..LongestShown] + "...";
        return string.Concat(shown.Select(symbol => char.IsControl(symbol) || symbol is '\u2028' or '\u2029' ? '\uFFFD' : symbol));
    }

    /// <summary>The first names of a list in quotes.</summary>
    public static string Names(IReadOnlyCollection<string> names)
        => string.Join(", ", names.Take(3).Select(name => $"'{Short(name)}'")) + (names.Count > 3 ? ", ..." : "");
}
