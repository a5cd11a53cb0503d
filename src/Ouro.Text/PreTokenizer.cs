namespace Ouro.Text;

/// <summary>Cuts text into the pieces within which tokens are merged.</summary>
/// <remarks>
/// Definition: GPT-2's pattern, tried left to right at each place,
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>;
/// <see cref="PreTokenizerKind.DigitsThenGpt2"/> applies it between numeric characters, each of which is a piece of its own.
/// The scanner below reads each character once or twice; tests hold it to the pattern.
/// </remarks>
static class PreTokenizer
{
    /// <summary>The end of the piece that begins at <paramref name="start"/>, which must be a cut and lie inside the text.</summary>
    public static int PieceEnd(ReadOnlySpan<char> text, int start, PreTokenizerKind kind)
    {
        var first = CharacterClasses.At(text, start, out var width);
        var next = start + width;
        return first switch
        {
            CharacterClass.Space => SpaceEnd(text, start, kind),
            CharacterClass.Number when kind == PreTokenizerKind.DigitsThenGpt2 => next,
            CharacterClass.Other when text[start] == '\'' && ContractionLength(text[next..]) is > 0 and var length => next + length,
            _ => CharacterClasses.RunEnd(text, next, first),
        };
    }

    static int SpaceEnd(ReadOnlySpan<char> text, int start, PreTokenizerKind kind)
    {
        var end = CharacterClasses.RunEnd(text, start + 1, CharacterClass.Space);
        if (end == text.Length)
            return end;

        var follower = CharacterClasses.At(text, end, out var width);
        if (follower == CharacterClass.Number && kind == PreTokenizerKind.DigitsThenGpt2)
            return end;   // the digit has been cut off before, so the run ends its text

        // The last of several stays behind for the word after it; a single one joins that word if it is U+0020, else it stands alone.
        if (end - start > 1)
            return end - 1;
        return text[start] == ' ' ? CharacterClasses.RunEnd(text, end + width, follower) : end;
    }

    /// <summary>Letters of the contraction after an apostrophe; 0 if there is none.</summary>
    static int ContractionLength(ReadOnlySpan<char> afterApostrophe) => afterApostrophe switch
    {
        ['s' or 't' or 'm' or 'd', ..] => 1,
        ['r' or 'v', 'e', ..] or ['l', 'l', ..] => 2,
        _ => 0,
    };
}
