using System.Buffers;

namespace Ouro.Text;

/// <summary>Finds added tokens (special and user-defined) in text: the earliest, and of several at one place the longest.</summary>
sealed class AddedTokens
{
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    readonly SearchValues<char> _firsts;
    readonly int[] _lengths;   // descending

    public AddedTokens(Vocabulary vocabulary)
    {
        var ids = new Dictionary<string, int>();
        for (var id = 0; id < vocabulary.Count; id++)
            if (vocabulary.Kinds[id] != TokenKind.Normal)
                ids.Add(vocabulary.Tokens[id], id);

        _ids = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _firsts = SearchValues.Create([.. ids.Keys.Select(token => token[0]).Distinct()]);
        _lengths = [.. ids.Keys.Select(token => token.Length).Distinct().OrderDescending()];
    }

    /// <param name="start">Where the token begins; the end of the text if there is none.</param>
    /// <param name="length">UTF-16 units.</param>
    public bool TryFind(ReadOnlySpan<char> text, out int start, out int length, out int id)
    {
        for (start = 0; text[start..].IndexOfAny(_firsts) is >= 0 and var skip; start++)
        {
            start += skip;
            foreach (var candidate in _lengths)
                if (candidate <= text.Length - start && _ids.TryGetValue(text.Slice(start, candidate), out id))
                {
                    length = candidate;
                    return true;
                }
        }

        (start, length, id) = (text.Length, 0, 0);
        return false;
    }
}
