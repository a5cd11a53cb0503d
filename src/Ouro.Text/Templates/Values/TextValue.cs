namespace Ouro.Text.Templates;

/// <summary>A text in which every character is known to come from the template or from data.</summary>
/// <remarks>The origin is kept as the places where it changes, so that texts of one origin, nearly all, cost nothing more.</remarks>
sealed class TextValue : TemplateValue
{
    static readonly int[] AllTemplate = [];
    static readonly int[] AllData = [0];

    // Ascending places at which the origin flips; what stands before the first is the template's.
    readonly int[] _flips;

    public TextValue(string text, bool isData)
        : this(text, isData && text.Length > 0 ? AllData : AllTemplate)
    {
    }

    /// <param name="flips">Kept, not copied; within the text.</param>
    public TextValue(string text, int[] flips) => (Text, _flips) = (text, flips);

    public static TextValue Empty { get; } = new("", AllTemplate);

    public string Text { get; }

    internal override string Kind => "a text";

    internal override bool IsTrue => Text.Length > 0;

    internal override bool IsData => _flips.Length > 0;

    /// <summary>The part from <paramref name="start"/> to before <paramref name="end"/>, in UTF-16 units.</summary>
    public TextValue Slice(int start, int end)
    {
        if (start >= end)
            return Empty;
        if (start == 0 && end == Text.Length)
            return this;

        var text = Text[start..end];
        if (_flips is [] or [0])
            return new TextValue(text, _flips);

        List<int> flips = IsDataAt(start) ? [0] : [];
        foreach (var flip in _flips.AsSpan()[FlipsUpTo(start)..FlipsUpTo(end - 1)])
            flips.Add(flip - start);

        return new TextValue(text, [.. flips]);
    }

    /// <summary>The same text with other characters, one for one.</summary>
    public TextValue WithText(string text) => new(text, _flips);

    /// <summary>Whether any character of a range, which is not empty, is data; in UTF-16 units.</summary>
    public bool HasDataWithin(int start, int end) => IsDataAt(start) || FlipsUpTo(end - 1) > FlipsUpTo(start);

    /// <summary>The stretches of one origin within a range, in order; in UTF-16 units.</summary>
    public IEnumerable<(int Start, int End, bool IsData)> Runs(int start, int end)
    {
        if (start >= end)
            yield break;

        var isData = IsDataAt(start);
        for (var next = FlipsUpTo(start); next < _flips.Length && _flips[next] < end; next++)
        {
            yield return (start, _flips[next], isData);
            (start, isData) = (_flips[next], !isData);
        }

        yield return (start, end, isData);
    }

    bool IsDataAt(int place) => FlipsUpTo(place) % 2 == 1;

    /// <summary>How many flips stand at or before a place.</summary>
    int FlipsUpTo(int place)
    {
        var found = Array.BinarySearch(_flips, place);
        return found >= 0 ? found + 1 : ~found;
    }
}
