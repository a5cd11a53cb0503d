using Ouro.Text;

namespace Ouro.Chat;

/// <summary>The tokens of a vocabulary in the order of their bytes, so that what many have in common is followed once. Immutable and safe for any number of threads; made once per tokenizer.</summary>
/// <remarks>Special tokens are not in it: they spell nothing.</remarks>
public sealed class TokenTrie
{
    readonly int[] _ids;        // in the order of their bytes
    readonly int[] _shared;     // by place in that order: how many first bytes it has in common with the one before

    /// <param name="tokenizer">Kept.</param>
    public TokenTrie(Tokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        var kinds = tokenizer.Vocabulary.Kinds;
        var ids = new List<int>(kinds.Length);
        for (var id = 0; id < kinds.Length; id++)
        {
            if (kinds[id] != TokenKind.Special)
                ids.Add(id);
        }

        ids.Sort((left, right) => tokenizer.BytesOf(left).SequenceCompareTo(tokenizer.BytesOf(right)) is not 0 and var order ? order : left.CompareTo(right));
        _ids = [.. ids];
        _shared = new int[_ids.Length];
        for (var i = 0; i < _ids.Length; i++)
        {
            var bytes = tokenizer.BytesOf(_ids[i]);
            _shared[i] = i > 0 ? bytes.CommonPrefixLength(tokenizer.BytesOf(_ids[i - 1])) : 0;
            LongestToken = Math.Max(LongestToken, bytes.Length);
        }
    }

    /// <summary>Whose tokens they are.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Bytes of the longest token.</summary>
    internal int LongestToken { get; }

    /// <summary>Words of 64 bits, one bit a token.</summary>
    internal int MaskLength => (Tokenizer.Vocabulary.Count + 63) / 64;

    /// <summary>Sets the bits of all tokens that may follow a state.</summary>
    /// <param name="mask">[<see cref="MaskLength"/>], all zero.</param>
    /// <param name="path">[<see cref="LongestToken"/> + 1]; overwritten.</param>
    internal void Allow(GrammarStates states, GrammarState state, Span<ulong> mask, Span<GrammarState> path)
    {
        path[0] = state;
        var reached = 0;        // path holds the states behind so many bytes of the last token that was followed; its next byte, if any, is not allowed
        for (var i = 0; i < _ids.Length; i++)
        {
            if (_shared[i] > reached)
                continue;       // it has that byte, too

            var bytes = Tokenizer.BytesOf(_ids[i]);
            reached = _shared[i];
            while (reached < bytes.Length && states.Next(path[reached], bytes[reached]) is { IsDead: false } next)
                path[++reached] = next;
            if (reached == bytes.Length)
                mask[_ids[i] / 64] |= 1UL << (_ids[i] % 64);
        }
    }
}
