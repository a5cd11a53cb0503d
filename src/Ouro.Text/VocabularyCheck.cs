using System.Buffers;
using System.Text;
using Ouro.Formats;

namespace Ouro.Text;

/// <summary>What must hold before a vocabulary may be used; each finding is one sentence for a person.</summary>
readonly struct VocabularyCheck(string path, string[] tokens, TokenKind[] kinds)
{
    public TokenIndex IndexTokens()
    {
        if (tokens.Length == 0)
            throw Broken("the vocabulary holds no tokens.");
        if (kinds.Length != tokens.Length)
            throw Broken($"the vocabulary has {tokens.Length:N0} tokens but {kinds.Length:N0} token types; there must be one for each.");

        var ids = new TokenIndex(tokens);
        for (var id = 0; id < tokens.Length; id++)
        {
            CheckToken(id);
            if (!ids.TryAdd(id))
                throw Broken($"tokens {ids.Find(tokens[id])} and {id} are both {Quoting.Quote(tokens[id])}; each spelling may be used once.");
        }

        return ids;
    }

    public (Merge[], MergeTable) ResolveMerges(IReadOnlyList<string> texts, TokenIndex ids)
    {
        var merges = new Merge[texts.Count];
        var table = new MergeTable(texts.Count);
        var product = -1;   // trainers number products in the order of merges, so the next one is a good guess
        for (var rank = 0; rank < merges.Length; rank++)
        {
            var text = texts[rank];
            var space = text.IndexOf(' ');
            if (space <= 0 || space == text.Length - 1 || text.AsSpan(space + 1).Contains(' '))
                throw Broken($"merge {rank} is {Quoting.Quote(text)}; expected two tokens with one space between them.");

            var left = text.AsSpan(0, space);
            var right = text.AsSpan(space + 1);
            product = IsPair(product + 1, left, right) ? product + 1 : Resolve(ids, string.Concat(left, right), rank);
            var merge = new Merge(Resolve(ids, left, rank), Resolve(ids, right, rank), product);
            if (!table.TryAdd(merge, rank))
                throw Broken($"merge {rank} repeats merge {table.RankOf(merge.Left, merge.Right)}, {Quoting.Quote(text)}; a pair may be merged in one way only.");

            merges[rank] = merge;
        }

        return (merges, table);
    }

    public void SpecialIds(SpecialIds specials)
    {
        (string Name, int? Id)[] roles =
            [("bos", specials.Bos), ("eos", specials.Eos), ("padding", specials.Padding), ("unknown", specials.Unknown)];
        foreach (var (name, id) in roles)
            if (id < 0 || id >= tokens.Length)
                throw Broken($"the {name} token is {id}, but ids run from 0 to {tokens.Length - 1}.");
    }

    void CheckToken(int id)
    {
        var token = tokens[id];
        if (token.Length == 0)
            throw Broken($"token {id} is empty.");
        if (!Enum.IsDefined(kinds[id]))
            throw Broken($"token {id}, {Quoting.Quote(token)}, has the unknown type {(int)kinds[id]}.");

        if (kinds[id] != TokenKind.Normal)
        {
            if (HasLoneSurrogate(token))
                throw Broken($"token {id}, {Quoting.Quote(token)}, is not valid Unicode text.");
            return;
        }

        foreach (var character in token)
            if (!ByteLevel.TryByteOf(character, out _))
                throw Broken(
                    $"token {id}, {Quoting.Quote(token)}, holds U+{(int)character:X4}, which spells no byte; " +
                    "only byte-level vocabularies can be used, and added tokens must be marked as such.");
    }

    static bool HasLoneSurrogate(string text)
    {
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var width) != OperationStatus.Done)
                return true;
            rest = rest[width..];
        }

        return false;
    }

    bool IsPair(int id, ReadOnlySpan<char> left, ReadOnlySpan<char> right)
        => id < tokens.Length && kinds[id] != TokenKind.Special && tokens[id] is var token
            && token.Length == left.Length + right.Length && token.AsSpan().StartsWith(left) && token.AsSpan().EndsWith(right);

    int Resolve(TokenIndex ids, ReadOnlySpan<char> token, int rank)
    {
        var id = ids.Find(token);
        if (id == TokenIndex.Missing)
            throw Broken($"merge {rank} needs the token {Quoting.Quote(token)}, which the vocabulary does not have.");

        // Merging must not be a way for a user's text to become a special token.
        return kinds[id] != TokenKind.Special
            ? id
            : throw Broken($"merge {rank} uses the special token {Quoting.Quote(token)}; text must not be able to turn into one.");
    }

    ModelFileException Broken(string problem) => new(path, problem);
}
