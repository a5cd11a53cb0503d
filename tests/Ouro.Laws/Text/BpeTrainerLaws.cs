using Ouro.Text;

namespace Ouro.Laws.Text;

public sealed class BpeTrainerLaws : IDisposable
{
    static readonly string[] Texts =
    [
        "the cat sat on the mat. the rat sat too, at the hat.", "3 + 4 = 7. 12 - 7 = 5.", "aaa aaaa aaaaa bababa", "Ann's ball\n\n  is  red",
        "the thing that they gather there", "été naïve 你好 😀",
        string.Join(' ', "what where which when who whose how many much often colour capital number second grandmother".Split(' ').SelectMany(word => new[] { word, word, word })),
    ];

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ouro-bpe-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Ids_are_the_special_tokens_then_all_bytes_then_products()
    {
        var vocabulary = Train(300);

        vocabulary.Tokens[..5].ToArray().ShouldBe(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]);
        vocabulary.Kinds[..6].ToArray().ShouldBe([.. Enumerable.Repeat(TokenKind.Special, 5), TokenKind.Normal]);
        vocabulary.Tokens[5..261].ToArray().ShouldAllBe(token => token.Length == 1);
        vocabulary.Merges.ToArray().Select(merge => merge.Product).ShouldBe(Enumerable.Range(261, 39));
        vocabulary.StopIds.ShouldBe([0, 2]);
        vocabulary.ChatTemplate.ShouldBe(OuroVocabulary.Instance.ChatTemplate);
        vocabulary.Specials.ShouldBe(OuroVocabulary.Instance.Specials);
    }

    [Fact]
    public void Any_text_comes_back_from_its_tokens()
    {
        var tokenizer = new Tokenizer(Train(400));
        var random = TextSamples.Random(40);
        for (var i = 0; i < 500; i++)
        {
            var text = TextSamples.Text(random, 8);

            tokenizer.Decode(tokenizer.Encode(text)).ShouldBe(System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text)));
        }
    }

    [Fact]
    public void Without_all_bytes_there_are_printable_ones_newline_and_those_seen()
    {
        var vocabulary = (new BpeTrainer { AllBytes = false, VocabularySize = 300 }).Train(["aa\u00E9"]);

        (vocabulary.Count - vocabulary.Merges.Length).ShouldBe(5 + 95 + 1 + 2);
        new Tokenizer(vocabulary).Decode(new Tokenizer(vocabulary).Encode("~ \n\u00E9")).ShouldBe("~ \n\u00E9");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_vocabulary_is_that_of_the_definition(int seed)
    {
        var random = TextSamples.Random(seed);
        string[] texts =
        [
            .. Texts,
            .. Enumerable.Range(0, 10).Select(_ => string.Concat(TextSamples.Ids(random, 40, 4).Select(letter => "abc "[letter]))),
        ];
        var vocabulary = (new BpeTrainer { VocabularySize = 330 }).Train(texts);

        vocabulary.Merges.ToArray().Select(merge => (merge.Left, merge.Right)).ShouldBe(Definition(texts, vocabulary.Tokens[..261].ToArray(), 330));
    }

    [Fact]
    public void Training_does_not_depend_on_the_order_of_texts()
        => (new BpeTrainer { VocabularySize = 330 }).Train(Texts.Reverse()).Tokens.ToArray().ShouldBe(Train(330).Tokens.ToArray());

    [Fact]
    public void A_text_too_poor_for_the_size_gives_a_smaller_vocabulary()
        => (new BpeTrainer()).Train(["abab"]).Count.ShouldBe(5 + 256 + 1);

    [Fact]
    public void Written_files_read_back_equal()
    {
        var vocabulary = Train(330);
        TokenizerJson.Write(_folder.FullName, vocabulary);

        var read = TokenizerJson.Read(_folder.FullName);

        read.Tokens.ToArray().ShouldBe(vocabulary.Tokens.ToArray());
        read.Kinds.ToArray().ShouldBe(vocabulary.Kinds.ToArray());
        read.Merges.ToArray().ShouldBe(vocabulary.Merges.ToArray());
        read.Specials.ShouldBe(vocabulary.Specials);
        read.ChatTemplate.ShouldBe(vocabulary.ChatTemplate);
        TokenizerJson.Sha256(read).ShouldBe(TokenizerJson.Sha256(vocabulary));
        TokenizerJson.Sha256(read).ShouldNotBe(TokenizerJson.Sha256(Train(329)));
    }

    static Vocabulary Train(int size) => (new BpeTrainer { VocabularySize = size }).Train(Texts);

    /// <summary>Counts everything again for every merge.</summary>
    static List<(int, int)> Definition(string[] texts, string[] start, int size)
    {
        var tokens = start.ToList();
        var merges = new List<(int, int)>();
        var pieces = texts.SelectMany(Pieces).ToList();
        while (tokens.Count < size)
        {
            var pairs = pieces.SelectMany(piece => piece.Zip(piece.Skip(1))).CountBy(pair => pair)
                .Where(pair => pair.Value > 1 && !tokens.Contains(tokens[pair.Key.First] + tokens[pair.Key.Second]))
                .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key.First).ThenBy(pair => pair.Key.Second).ToList();
            if (pairs.Count == 0)
                break;

            var (left, right) = pairs[0].Key;
            merges.Add((left, right));
            tokens.Add(tokens[left] + tokens[right]);
            foreach (var piece in pieces)
                for (var i = 0; i + 1 < piece.Count; i++)
                    if (piece[i] == left && piece[i + 1] == right)
                        (piece[i], _) = (tokens.Count - 1, RemoveAt(piece, i + 1));
        }

        return merges;

        IEnumerable<List<int>> Pieces(string text)
        {
            for (var at = 0; at < text.Length;)
            {
                var end = PreTokenizer.PieceEnd(text, at, PreTokenizerKind.DigitsThenGpt2);
                yield return [.. System.Text.Encoding.UTF8.GetBytes(text[at..end]).Select(value => tokens.IndexOf(ByteLevel.CharacterOf(value).ToString()))];
                at = end;
            }
        }

        static bool RemoveAt(List<int> list, int index)
        {
            list.RemoveAt(index);
            return true;
        }
    }
}
