using System.Text;

namespace Ouro.Text;

/// <summary>Learns a byte-level BPE vocabulary from texts.</summary>
/// <remarks>
/// Texts are cut by <see cref="PreTokenizerKind.DigitsThenGpt2"/>, as for the published models. Then, again and again, the pair of neighbouring
/// tokens that occurs most often becomes a token: of several the one with the lowest left id, then the lowest right id. In a run of equal
/// tokens every place counts ("aaa" holds the pair twice), but only pairs that do not overlap merge, from the left. A pair whose product is
/// already a token is passed over, so each token is made in one way only. Ids: the special tokens, then single bytes in the order of their
/// spelling, then products in the order they were learnt. The result depends on the texts and settings alone.
/// </remarks>
public sealed record BpeTrainer
{
    const int NeverWorthMerging = 2;

    /// <summary>The special tokens, by id from 0.</summary>
    public static IReadOnlyList<string> Specials { get; } =
        [KnownTokens.EndOfText, KnownTokens.TurnStart, KnownTokens.TurnEnd, KnownTokens.Think, KnownTokens.ThinkEnd];

    /// <summary>Tokens wanted in all, with special tokens and bytes; at least 300, so that these fit. Fewer come out if no pair occurs twice any more.</summary>
    public int VocabularySize
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 300);
            field = value;
        }
    } = 512;

    /// <summary>Whether each of the 256 bytes is a token, so that any text can be encoded; if not, printable ASCII, newline, and the bytes that occur.</summary>
    public bool AllBytes { get; init; } = true;

    /// <summary>Learns from texts, which are read once. Spellings of special tokens in them count as plain text.</summary>
    /// <exception cref="OperationCanceledException">Asked for.</exception>
    public Vocabulary Train(IEnumerable<string> texts, CancellationToken cancel = default)
    {
        var pieces = new Dictionary<string, long>();
        foreach (var text in texts)
        {
            cancel.ThrowIfCancellationRequested();
            CountPieces(text, pieces);
        }

        var tokens = new List<string>(Specials);
        var idOfByte = AddBytes(pieces.Keys, tokens);
        var words = pieces.OrderBy(piece => piece.Key, StringComparer.Ordinal)
            .Select(piece => new Word([.. Encoding.UTF8.GetBytes(piece.Key).Select(value => idOfByte[value])], piece.Value));
        var merges = Learn(new PairCounts([.. words]), tokens, cancel);

        var kinds = Enumerable.Repeat(TokenKind.Normal, tokens.Count).ToArray();
        Array.Fill(kinds, TokenKind.Special, 0, Specials.Count);
        return new Vocabulary(
            "the trained vocabulary", [.. tokens], kinds, merges, PreTokenizerKind.DigitsThenGpt2,
            new SpecialIds(Bos: 0, Eos: 0, Unknown: 0), OuroVocabulary.ChatTemplate);
    }

    static void CountPieces(string text, Dictionary<string, long> pieces)
    {
        var lookup = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var start = 0; start < text.Length;)
        {
            var end = PreTokenizer.PieceEnd(text, start, PreTokenizerKind.DigitsThenGpt2);
            var piece = text.AsSpan(start, end - start);
            lookup[piece] = lookup.TryGetValue(piece, out var count) ? count + 1 : 1;
            start = end;
        }
    }

    /// <summary>Gives the bytes their ids.</summary>
    /// <returns>By byte.</returns>
    int[] AddBytes(IEnumerable<string> pieces, List<string> tokens)
    {
        var wanted = new bool[256];
        if (AllBytes)
            Array.Fill(wanted, true);
        else
            foreach (var value in pieces.SelectMany(Encoding.UTF8.GetBytes))
                wanted[value] = true;

        for (var value = (int)' '; value <= '~'; value++)
            wanted[value] = true;
        wanted['\n'] = true;

        var ids = new int[256];
        foreach (var value in Enumerable.Range(0, 256).Where(value => wanted[value]).OrderBy(value => ByteLevel.CharacterOf((byte)value)))
        {
            ids[value] = tokens.Count;
            tokens.Add(ByteLevel.CharacterOf((byte)value).ToString());
        }

        return ids;
    }

    List<string> Learn(PairCounts pairs, List<string> tokens, CancellationToken cancel)
    {
        var merges = new List<string>();
        var known = new HashSet<string>(tokens);
        while (tokens.Count < VocabularySize && pairs.TryMostFrequent(out var pair, out var count) && count >= NeverWorthMerging)
        {
            cancel.ThrowIfCancellationRequested();
            var (left, right) = (tokens[pair.Left], tokens[pair.Right]);
            if (!known.Add(left + right))
            {
                pairs.Forbid(pair);
                continue;
            }

            pairs.Merge(pair, product: tokens.Count);
            tokens.Add(left + right);
            merges.Add($"{left} {right}");
        }

        return merges;
    }

    /// <summary>A distinct piece of text as it stands after the merges so far, and how often it occurs.</summary>
    sealed class Word(List<int> ids, long count)
    {
        public List<int> Ids { get; } = ids;

        public long Count { get; } = count;
    }

    /// <summary>How often each pair occurs, and in which words, kept up to date while words change.</summary>
    sealed class PairCounts
    {
        readonly Word[] _words;
        readonly Dictionary<(int Left, int Right), long> _counts = [];
        readonly Dictionary<(int Left, int Right), HashSet<int>> _places = [];
        readonly HashSet<(int Left, int Right)> _forbidden = [];

        public PairCounts(Word[] words)
        {
            _words = words;
            for (var word = 0; word < words.Length; word++)
                Count(word, sign: 1);
        }

        public bool TryMostFrequent(out (int Left, int Right) best, out long count)
        {
            (best, count) = (default, 0);
            foreach (var (pair, times) in _counts)
                if ((times > count || (times == count && pair.CompareTo(best) < 0)) && !_forbidden.Contains(pair))
                    (best, count) = (pair, times);

            return count > 0;
        }

        public void Forbid((int Left, int Right) pair) => _forbidden.Add(pair);

        public void Merge((int Left, int Right) pair, int product)
        {
            foreach (var word in _places[pair].ToArray())
            {
                Count(word, sign: -1);
                Replace(_words[word].Ids, pair, product);
                Count(word, sign: 1);
            }
        }

        static void Replace(List<int> ids, (int Left, int Right) pair, int product)
        {
            var written = 0;
            for (var read = 0; read < ids.Count; read++)
            {
                var merges = read + 1 < ids.Count && ids[read] == pair.Left && ids[read + 1] == pair.Right;
                ids[written++] = merges ? product : ids[read];
                if (merges)
                    read++;
            }

            ids.RemoveRange(written, ids.Count - written);
        }

        void Count(int word, int sign)
        {
            var (ids, times) = (_words[word].Ids, _words[word].Count * sign);
            for (var i = 0; i + 1 < ids.Count; i++)
            {
                var pair = (ids[i], ids[i + 1]);
                var count = _counts.GetValueOrDefault(pair) + times;
                if (count == 0)
                {
                    _counts.Remove(pair);
                    _places.Remove(pair);
                    continue;
                }

                _counts[pair] = count;
                if (!_places.TryGetValue(pair, out var places))
                    _places.Add(pair, places = []);
                if (sign > 0)
                    places.Add(word);
                else
                    places.Remove(word);
            }
        }
    }
}
