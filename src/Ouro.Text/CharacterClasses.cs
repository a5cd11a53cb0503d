using System.Globalization;

namespace Ouro.Text;

/// <summary>The four kinds of character that pre-tokenizers tell apart.</summary>
enum CharacterClass : byte
{
    /// <summary>Neither of the others: punctuation, symbols, marks, controls, and half a surrogate pair (which stands for U+FFFD).</summary>
    Other,

    /// <summary>Unicode L.</summary>
    Letter,

    /// <summary>Unicode N.</summary>
    Number,

    /// <summary>Unicode White_Space; always one UTF-16 unit.</summary>
    Space,
}

static class CharacterClasses
{
    static readonly CharacterClass[] Ascii = [.. Enumerable.Range(0, 128).Select(character => OfUnit((char)character))];

    /// <param name="width">UTF-16 units of the character: 2 for a surrogate pair, else 1.</param>
    public static CharacterClass At(ReadOnlySpan<char> text, int index, out int width)
    {
        var unit = text[index];
        width = 1;
        if (unit < 128)
            return Ascii[unit];
        if (!char.IsSurrogate(unit))
            return OfUnit(unit);
        if (index + 1 == text.Length || !char.IsSurrogatePair(unit, text[index + 1]))
            return CharacterClass.Other;

        width = 2;
        return OfCategory(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(unit, text[index + 1])));
    }

    /// <summary>The end of the run of <paramref name="wanted"/> that covers <paramref name="start"/>; <paramref name="start"/> itself if there is none.</summary>
    public static int RunEnd(ReadOnlySpan<char> text, int start, CharacterClass wanted)
    {
        while (start < text.Length && At(text, start, out var width) == wanted)
            start += width;

        return start;
    }

    static CharacterClass OfUnit(char unit)
        => char.IsWhiteSpace(unit) ? CharacterClass.Space : OfCategory(CharUnicodeInfo.GetUnicodeCategory(unit));

    static CharacterClass OfCategory(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => CharacterClass.Letter,   // Lu, Ll, Lt, Lm, Lo come first
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => CharacterClass.Other,
    };
}
