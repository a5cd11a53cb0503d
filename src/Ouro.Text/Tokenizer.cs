using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Ouro.Text;

/// <summary>What becomes of text that spells an added token, such as <c>&lt;|im_start|&gt;</c>.</summary>
public enum SpecialText
{
    /// <summary>It is text like any other: right for everything that a user typed or a tool returned.</summary>
    Plain,

    /// <summary>It becomes that token: right for templates and for training data only.</summary>
    Parsed,
}

/// <summary>Which special tokens decoding shows. User-defined tokens are always shown.</summary>
public enum ShownSpecials
{
    /// <summary>All, by their names.</summary>
    All,

    /// <summary>None.</summary>
    None,

    /// <summary><c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c> only.</summary>
    Think,
}

/// <summary>Text to token ids and back: byte-level BPE as Ouro uses it. Immutable, and safe for any number of threads.</summary>
/// <remarks>
/// Input is UTF-16; half a surrogate pair counts as U+FFFD. Nothing is added in front or behind. Bytes that no token spells are dropped
/// before merging (in the Ouro vocabulary: six control characters, and the first byte of U+40000 to U+BFFFF), as the official library does.
/// </remarks>
public sealed class Tokenizer
{
    static readonly Range[] WholeText = [Range.All];

    readonly PreTokenizerKind _preTokenizer;
    readonly int[] _idOfByte;
    readonly TokenBytes _bytes;
    readonly AddedTokens _added;
    readonly WordCache _cache = new();
    PairMerger? _spareMerger;   // taken and given back whole, so two threads never share it

    /// <param name="vocabulary">Kept, not copied; it is immutable.</param>
    public Tokenizer(Vocabulary vocabulary)
    {
        Vocabulary = vocabulary;
        _preTokenizer = vocabulary.PreTokenizer;
        _bytes = new TokenBytes(vocabulary);
        _idOfByte = SingleByteIds(vocabulary);
        _added = new AddedTokens(vocabulary);
    }

    /// <summary>The tokens, merges and special ids this tokenizer works by.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>The bytes that a token stands for; for special and user-defined tokens the UTF-8 of their names.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary has no such id.</exception>
    public ReadOnlySpan<byte> BytesOf(int id) => _bytes[id];

    /// <summary>The tokens of <paramref name="text"/>.</summary>
    public int[] Encode(ReadOnlySpan<char> text, SpecialText special = SpecialText.Plain)
    {
        var ids = new List<int>(text.Length / 4 + 4);
        Encode(text, ids, special);
        return [.. ids];
    }

    /// <summary>Appends the tokens of <paramref name="text"/> to <paramref name="ids"/>.</summary>
    public void Encode(ReadOnlySpan<char> text, List<int> ids, SpecialText special = SpecialText.Plain)
        => Encode(text, special == SpecialText.Parsed ? WholeText : [], ids);

    /// <summary>Appends the tokens of a text of which some stretches alone may spell added tokens.</summary>
    /// <param name="parsed">In order, without overlaps. An added token must lie within one of them; words may cross their borders.</param>
    internal void Encode(ReadOnlySpan<char> text, IReadOnlyList<Range> parsed, List<int> ids)
    {
        var merger = Interlocked.Exchange(ref _spareMerger, null) ?? new PairMerger(_idOfByte, Vocabulary.MergeTable);

        var encoded = 0;
        foreach (var stretch in parsed)
        {
            var (at, length) = stretch.GetOffsetAndLength(text.Length);
            var end = at + length;
            while (_added.TryFind(text[at..end], out var start, out var tokenLength, out var id))
            {
                AppendPlain(text[encoded..(at + start)], ids, merger);
                ids.Add(id);
                encoded = at += start + tokenLength;
            }
        }

        AppendPlain(text[encoded..], ids, merger);
        if (merger.IsWorthKeeping)
            Volatile.Write(ref _spareMerger, merger);
    }

    /// <summary>The text of <paramref name="ids"/>; bytes that are not UTF-8 become U+FFFD, one for each longest beginning of a character.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary has no such id.</exception>
    public string Decode(ReadOnlySpan<int> ids, ShownSpecials shown = ShownSpecials.All)
    {
        var bytes = new ArrayBufferWriter<byte>(ids.Length * 4 + 1);
        foreach (var id in ids)
            if (Shows(id, shown))
                bytes.Write(_bytes[id]);

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    internal bool Shows(int id, ShownSpecials shown)
    {
        if (shown == ShownSpecials.All || (uint)id >= (uint)Vocabulary.Count || Vocabulary.Kinds[id] != TokenKind.Special)
            return true;

        return shown == ShownSpecials.Think && Vocabulary.Tokens[id] is KnownTokens.Think or KnownTokens.ThinkEnd;
    }

    internal PairMerger NewMerger() => new(_idOfByte, Vocabulary.MergeTable);

    void AppendPlain(ReadOnlySpan<char> text, List<int> ids, PairMerger merger)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = PreTokenizer.PieceEnd(text, start, _preTokenizer);
            AppendPiece(text[start..end], ids, merger);
            start = end;
        }
    }

    void AppendPiece(ReadOnlySpan<char> piece, List<int> ids, PairMerger merger)
    {
        if (piece.Length > WordCache.LongestWord)
        {
            merger.Append(piece, ids);
            return;
        }

        if (_cache.TryGet(piece, out var known))
        {
            ids.AddRange(known);
            return;
        }

        var before = ids.Count;
        merger.Append(piece, ids);
        _cache.Put(piece, CollectionsMarshal.AsSpan(ids)[before..]);
    }

    /// <summary>By byte: the token that is this byte alone, or -1. Special tokens do not count, so no text can become one.</summary>
    static int[] SingleByteIds(Vocabulary vocabulary)
    {
        var ids = new int[256];
        for (var value = 0; value < ids.Length; value++)
            ids[value] = vocabulary.Find(ByteLevel.CharacterOf((byte)value).ToString()) is { } id && vocabulary.Kinds[id] == TokenKind.Normal
                ? id
                : -1;

        return ids;
    }
}
