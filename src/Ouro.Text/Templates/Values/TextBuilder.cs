using System.Text;

namespace Ouro.Text.Templates;

/// <summary>Joins texts and keeps their origins; every character is counted before it is copied.</summary>
sealed class TextBuilder(TemplateRun run)
{
    readonly StringBuilder _text = new();
    readonly List<int> _flips = [];
    bool _endsInData;

    public int Length => _text.Length;

    public void Append(ReadOnlySpan<char> text, bool isData)
    {
        if (text.IsEmpty)
            return;

        run.ChargeText(_text.Length + (long)text.Length, text.Length);
        if (isData != _endsInData)
            _flips.Add(_text.Length);
        _endsInData = isData;
        _text.Append(text);
    }

    public void Append(TextValue text) => Append(text, 0, text.Text.Length);

    /// <summary>Appends the part from <paramref name="start"/> to before <paramref name="end"/>, in UTF-16 units.</summary>
    public void Append(TextValue text, int start, int end)
    {
        foreach (var stretch in text.Runs(start, end))
            Append(text.Text.AsSpan()[stretch.Start..stretch.End], stretch.IsData);
    }

    public TextValue ToText() => _text.Length == 0 ? TextValue.Empty : new TextValue(_text.ToString(), [.. _flips]);
}
