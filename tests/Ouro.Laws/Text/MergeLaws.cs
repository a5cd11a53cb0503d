using System.Text;
using Ouro.Text;

namespace Ouro.Laws.Text;

public sealed class MergeLaws
{
    /// <summary>Queue moves per byte and per doubling of the length. A byte is queued at most three times, and an entry moves up and down at most log2 n places.</summary>
    const int MovesPerByteAndDoubling = 6;

    [Fact]
    public void Fast_merging_gives_the_tokens_of_the_definition()
    {
        var definition = new Definition(TextSamples.Real.Vocabulary);
        var random = TextSamples.Random(3);
        for (var i = 0; i < 3_000; i++)
        {
            var text = TextSamples.Text(random, random.Next(1, 15));

            Merge(TextSamples.Real, text).ShouldBe(definition.Merge(text), text);
        }
    }

    [Fact]
    public void Fast_merging_gives_the_tokens_of_the_definition_for_any_order_of_merges()
    {
        var random = TextSamples.Random(4);
        for (var i = 0; i < 300; i++)
        {
            var tokenizer = new Tokenizer(TextSamples.Bytes(RandomMerges(random, 40)));
            var definition = new Definition(tokenizer.Vocabulary);
            for (var j = 0; j < 10; j++)
            {
                var text = string.Concat(TextSamples.Ids(random, random.Next(1, 40), 3).Select(letter => (char)('a' + letter)));

                Merge(tokenizer, text).ShouldBe(definition.Merge(text), text);
            }
        }
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(30_000)]
    [InlineData(1_000_000)]
    public void Work_on_a_piece_without_a_cut_grows_like_n_log_n(int length)
    {
        var random = TextSamples.Random(5);
        string[] pieces =
        [
            new('a', length), new(' ', length), string.Concat(Enumerable.Repeat("!?", length / 2)),
            string.Concat(TextSamples.Ids(random, length, 26).Select(letter => (char)('a' + letter))),
        ];

        foreach (var piece in pieces)
        {
            var merger = TextSamples.Real.NewMerger();
            merger.Append(piece, []);

            merger.QueueMoves.ShouldBeLessThan((long)(MovesPerByteAndDoubling * length * Math.Log2(length)), piece[..4]);
        }
    }

    [Fact]
    public void Of_two_equal_pairs_the_left_one_merges_first()
        => new Tokenizer(TextSamples.Bytes(["a a"])).Encode("aaa").ShouldBe([256, 'a']);   // ids below 256 are bytes

    static List<int> Merge(Tokenizer tokenizer, string piece)
    {
        var ids = new List<int>();
        tokenizer.NewMerger().Append(piece, ids);
        return ids;
    }

    /// <summary>Merges over the letters a, b, c whose order is shuffled, so that a late product may have an early rank.</summary>
    static string[] RandomMerges(Random random, int count)
    {
        var known = new List<string> { "a", "b", "c" };
        var merges = new HashSet<string>();
        while (merges.Count < count)
        {
            var (left, right) = (known[random.Next(known.Count)], known[random.Next(known.Count)]);
            if (left.Length + right.Length <= 6 && merges.Add($"{left} {right}") && !known.Contains(left + right))
                known.Add(left + right);
        }

        var shuffled = merges.ToArray();
        random.Shuffle(shuffled);
        return shuffled;
    }

    /// <summary>The definition: of all neighbours that may merge, merge the pair of lowest rank, the leftmost of several; repeat until none may.</summary>
    sealed class Definition
    {
        const int NoRank = int.MaxValue;

        readonly Vocabulary _vocabulary;
        readonly Dictionary<(int, int), int> _ranks = [];

        public Definition(Vocabulary vocabulary)
        {
            _vocabulary = vocabulary;
            foreach (var merge in vocabulary.Merges)
                _ranks.Add((merge.Left, merge.Right), _ranks.Count);
        }

        public List<int> Merge(string text)
        {
            var ids = Encoding.UTF8.GetBytes(text)
                .Select(value => _vocabulary.Find(ByteLevel.CharacterOf(value).ToString())).OfType<int>().ToList();

            while (Enumerable.Range(0, int.Max(1, ids.Count - 1)).MinBy(left => RankAt(ids, left)) is var place && RankAt(ids, place) != NoRank)
            {
                ids[place] = _vocabulary.Merges[RankAt(ids, place)].Product;
                ids.RemoveAt(place + 1);
            }

            return ids;
        }

        int RankAt(List<int> ids, int left) => left + 1 < ids.Count ? _ranks.GetValueOrDefault((ids[left], ids[left + 1]), NoRank) : NoRank;
    }
}
