namespace Ouro.Text.Templates;

/// <summary>Where the characters of a text begin, as Python counts them: a surrogate pair is one.</summary>
readonly struct CharacterMap
{
    readonly int[]? _offsets;   // null where every UTF-16 unit is a character

    public CharacterMap(TemplateRun run, string text)
    {
        run.ChargeComparison(text.Length);
        Count = text.Length;
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return;

        run.ChargeText(text.Length);
        List<int> offsets = [];
        for (var at = 0; at < text.Length; at += char.IsSurrogatePair(text, at) ? 2 : 1)
            offsets.Add(at);

        Count = offsets.Count;
        _offsets = [.. offsets, text.Length];
    }

    /// <summary>How many characters there are.</summary>
    public int Count { get; }

    /// <summary>The UTF-16 offset of a character; of the one after the last, the length.</summary>
    public int this[int character] => _offsets is null ? character : _offsets[character];
}
