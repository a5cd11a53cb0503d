using System.Text;
using Ouro.Text;

namespace Ouro.Laws.Text;

/// <summary>Vocabularies and random texts that several laws share. All seeds are fixed.</summary>
static class TextSamples
{
    // Whitespace of every kind, things that look like it (U+180E, U+200B, U+FEFF), numbers of every kind and plane, letters of two planes,
    // marks, contractions, half surrogate pairs, bytes without a token, and spellings of special tokens.
    static readonly string[] Fragments =
    [
        " ", "  ", "\n", "\r\n", "\t", "\u0085", "\u00A0", "\u1680", "\u2003", "\u2028", "\u202F", "\u3000", "\u180E", "\u200B", "\uFEFF",
        "'s", "'re", "'ll", "'LL", "'", "''", "the", " Word", "é", "e\u0301", "ß", "ſ", "你", "한", "א", "हिन्दी", "\U00020000", "\U0001D400",
        "1", "42", "²", "½", "Ⅷ", "٣", "㊿", "\U0001D7D8", "\U00010140", "!", "--", "_", "{}", "…", "😀", "👍🏽", "\uD83D", "\uDE00",
        "\u0004", "\0", "\u001F", "\u007F", "\U00040000", "\uE000", "\u0378", "<|im_start|>", "<think>", "</think>", "<|im",
    ];

    static readonly Lazy<Tokenizer> RealTokenizer = new(() => new Tokenizer(TokenizerJson.Read(File("../../../src/Ouro.Text/ouro.tokenizer.json"))));
    static readonly Lazy<Vocabulary> TinyVocabulary = new(() => TokenizerJson.Read(File("tiny-bf16")));

    /// <summary>The published tokenizer.</summary>
    public static Tokenizer Real => RealTokenizer.Value;

    /// <summary>A few hundred tokens, with the same special tokens and roles.</summary>
    public static Vocabulary Tiny => TinyVocabulary.Value;

    public static string File(string golden) => Repository.Path($"tests/Ouro.Golden/data/{golden}");

    public static Random Random(int seed) => new(seed);

    public static string Text(Random random, int fragments)
    {
        var text = new StringBuilder();
        for (var i = 0; i < fragments; i++)
            text.Append(random.Next(3) == 0 ? ((char)random.Next(0x10000)).ToString() : Fragments[random.Next(Fragments.Length)]);

        return text.ToString();
    }

    public static int[] Ids(Random random, int count, int below)
        => [.. Enumerable.Range(0, count).Select(_ => random.Next(below))];

    /// <summary>Cuts a text at random places; some chunks are empty.</summary>
    public static IEnumerable<string> Chunks(Random random, string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = int.Min(text.Length, start + random.Next(4));
            yield return text[start..end];
            start = end;
        }
    }

    /// <summary>What a stream gives for each item, and at the end.</summary>
    public static List<T> Streamed<TItem, T>(IEnumerable<TItem> items, Func<TItem, T> add, Func<T> flush)
    {
        List<T> parts = [.. items.Select(add)];
        parts.Add(flush());
        return parts;
    }

    /// <summary>All 256 single bytes, then the special tokens <paramref name="specials"/>, then the products of <paramref name="merges"/>.</summary>
    public static Vocabulary Bytes(string[] merges, PreTokenizerKind kind = PreTokenizerKind.Gpt2, params string[] specials)
    {
        string[] tokens =
        [
            .. Enumerable.Range(0, 256).Select(value => ByteLevel.CharacterOf((byte)value).ToString()),
            .. specials,
            .. merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)).Distinct(),
        ];
        var kinds = Enumerable.Repeat(TokenKind.Normal, tokens.Length).ToArray();
        Array.Fill(kinds, TokenKind.Special, 256, specials.Length);
        return new Vocabulary("test", tokens, kinds, merges, kind, new SpecialIds(), chatTemplate: null);
    }
}
