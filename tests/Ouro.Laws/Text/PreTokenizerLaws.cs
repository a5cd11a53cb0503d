using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Ouro.Text;

namespace Ouro.Laws.Text;

public sealed partial class PreTokenizerLaws
{
    [Theory]
    [InlineData(PreTokenizerKind.Gpt2, 1)]
    [InlineData(PreTokenizerKind.DigitsThenGpt2, 2)]
    public void The_scanner_cuts_where_the_pattern_cuts(PreTokenizerKind kind, int seed)
    {
        var random = TextSamples.Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var text = TextSamples.Text(random, random.Next(1, 12));

            Scanned(text, kind).ShouldBe(Defined(text, kind), Escaped(text));
        }
    }

    [Fact]
    public void Every_character_alone_and_between_letters_is_cut_as_the_pattern_cuts_it()
    {
        foreach (var rune in Enumerable.Range(0, 0x110000).Where(Rune.IsValid).Where(value => value < 0x20000 || value % 61 == 0).Select(value => new Rune(value)))
            foreach (var kind in Enum.GetValues<PreTokenizerKind>())
            {
                var text = $"a {rune} {rune}a";
                if (!Scanned(text, kind).SequenceEqual(Defined(text, kind)))
                    Assert.Fail($"U+{rune.Value:X4} under {kind}");
            }
    }

    [Theory]
    [InlineData("2 + 2", "2| +| |2")]
    [InlineData("a  1", "a|  |1")]
    [InlineData("a  b", "a| | b")]
    [InlineData("x\n\ny", "x|\n|\n|y")]
    [InlineData("don't stop", "don|'t| stop")]
    [InlineData("''s", "''|s")]
    [InlineData(" 's", " '|s")]
    [InlineData("a\u180Eb\u200Bc", "a|\u180E|b|\u200B|c")]
    [InlineData("a\u0085\u2028b", "a|\u0085|\u2028|b")]
    public void Digits_stand_alone_and_a_space_joins_the_word_behind_it(string text, string pieces)
    {
        var cuts = Scanned(text, PreTokenizerKind.DigitsThenGpt2);

        string.Join('|', cuts.Prepend(0).Zip(cuts, (start, end) => text[start..end])).ShouldBe(pieces);
    }

    static List<int> Scanned(string text, PreTokenizerKind kind)
    {
        var ends = new List<int>();
        for (var start = 0; start < text.Length; start = ends[^1])
            ends.Add(PreTokenizer.PieceEnd(text, start, kind));

        return ends;
    }

    /// <summary>The definition: cut numeric characters off, then let the pattern cut what is between them.</summary>
    static List<int> Defined(string text, PreTokenizerKind kind)
    {
        var ends = new List<int>();
        var section = new List<Rune>();
        var width = 0;
        var sectionStart = 0;
        foreach (var rune in text.EnumerateRunes())   // half a surrogate pair comes as U+FFFD, of the same width
        {
            if (kind == PreTokenizerKind.DigitsThenGpt2 && Rune.IsNumber(rune))
            {
                CutByPattern(section, sectionStart, ends);
                ends.Add(width + rune.Utf16SequenceLength);
                section.Clear();
                sectionStart = width + rune.Utf16SequenceLength;
            }
            else
            {
                section.Add(rune);
            }

            width += rune.Utf16SequenceLength;
        }

        CutByPattern(section, sectionStart, ends);
        return ends;
    }

    static void CutByPattern(List<Rune> runes, int offset, List<int> ends)
    {
        var proxy = string.Concat(runes.Select(OneUnit));
        var read = 0;
        foreach (Match match in Gpt2().Matches(proxy))
        {
            match.Index.ShouldBe(read, "the pattern skips nothing");
            offset += runes.GetRange(read, match.Length).Sum(rune => rune.Utf16SequenceLength);
            read += match.Length;
            ends.Add(offset);
        }

        read.ShouldBe(runes.Count);
    }

    /// <summary>.NET's patterns see UTF-16 units, so a character outside the first plane is shown as one of the same class inside it.</summary>
    static char OneUnit(Rune rune)
    {
        if (rune.IsBmp)
            return (char)rune.Value;

        return Rune.IsLetter(rune) ? 'ª' : Rune.IsNumber(rune) ? '²' : '\uFFFD';
    }

    static string Escaped(string text)
        => string.Concat(text.Select(unit => ((int)unit).ToString("X4", CultureInfo.InvariantCulture) + " "));

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Gpt2();
}
