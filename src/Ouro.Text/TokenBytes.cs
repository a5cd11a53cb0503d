using System.Text;

namespace Ouro.Text;

/// <summary>The bytes of every token, end to end in one array.</summary>
sealed class TokenBytes
{
    readonly byte[] _bytes;
    readonly int[] _starts;   // one more than there are tokens

    public TokenBytes(Vocabulary vocabulary)
    {
        var total = 0L;
        for (var id = 0; id < vocabulary.Count; id++)
            total += LengthOf(vocabulary, id);

        _bytes = new byte[total];
        _starts = new int[vocabulary.Count + 1];
        for (var id = 0; id < vocabulary.Count; id++)
            _starts[id + 1] = _starts[id] + Write(vocabulary, id, _bytes.AsSpan(_starts[id]));
    }

    public ReadOnlySpan<byte> this[int id]
        => (uint)id < (uint)(_starts.Length - 1)
            ? _bytes.AsSpan(_starts[id].._starts[id + 1])
            : throw new ArgumentOutOfRangeException(nameof(id), id, $"Token ids of this vocabulary run from 0 to {_starts.Length - 2}.");

    static int LengthOf(Vocabulary vocabulary, int id)
        => vocabulary.Kinds[id] == TokenKind.Normal ? vocabulary.Tokens[id].Length : Encoding.UTF8.GetByteCount(vocabulary.Tokens[id]);

    static int Write(Vocabulary vocabulary, int id, Span<byte> target)
    {
        var token = vocabulary.Tokens[id];
        if (vocabulary.Kinds[id] != TokenKind.Normal)
            return Encoding.UTF8.GetBytes(token, target);

        for (var i = 0; i < token.Length; i++)
            ByteLevel.TryByteOf(token[i], out target[i]);

        return token.Length;
    }
}
