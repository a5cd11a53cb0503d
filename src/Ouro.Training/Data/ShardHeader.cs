using System.Buffers.Binary;
using Ouro.Formats;

namespace Ouro.Training.Data;

/// <summary>The first bytes of a token shard, and where the parts behind them are.</summary>
/// <remarks>
/// Little endian: magic 8 bytes, version u32, bytes of an id u32 (2 or 4), vocabulary size u32, index of the shard u32, 1 if it is the last u32, 0 u32,
/// tokens u64, documents u64, SHA-256 of the tokenizer 32 bytes, 16 zero bytes. Then, each padded to 8 bytes: the ids; one bit for each id, lowest first, set where the
/// token is asked for; documents + 1 starts as u64, the last of which is the number of tokens. The file ends there.
/// </remarks>
/// <param name="Index">From 0, within its set.</param>
/// <param name="Tokenizer">32 bytes.</param>
sealed record ShardHeader(int Index, bool IsLast, int IdBytes, int VocabularySize, long TokenCount, long DocumentCount, byte[] Tokenizer)
{
    public const int Length = 96;

    /// <summary>A shard is mapped as one piece of memory.</summary>
    public const long LongestFile = int.MaxValue;

    const uint Version = 1;
    const int HashAt = 48;

    static ReadOnlySpan<byte> Magic => "OUROTOKS"u8;

    public long AskedAt => Length + Padded(TokenCount * IdBytes);

    public long DocumentsAt => AskedAt + Padded((TokenCount + 7) / 8);

    public long FileLength => DocumentsAt + (8 * (DocumentCount + 1));

    /// <summary>Bytes of an id, so that the largest fits.</summary>
    public static int IdBytesFor(int vocabularySize) => vocabularySize <= 1 << 16 ? 2 : 4;

    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        Magic.CopyTo(bytes);
        ReadOnlySpan<uint> words = [Version, (uint)IdBytes, (uint)VocabularySize, (uint)Index, IsLast ? 1u : 0u, 0u];
        for (var i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8 + (4 * i)), words[i]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), TokenCount);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), DocumentCount);
        Tokenizer.CopyTo(bytes, HashAt);
        return bytes;
    }

    /// <exception cref="ModelFileException">These are not the first bytes of a shard of that length.</exception>
    public static ShardHeader Parse(string path, ReadOnlySpan<byte> bytes, long fileLength)
    {
        if (bytes.Length < Length || !bytes[..8].SequenceEqual(Magic))
            throw new ModelFileException(path, "this is no token shard: it does not begin as one; name a folder that tokenizing a text has filled.");
        if (Word(bytes, 0) != Version)
            throw new ModelFileException(path, $"the shard has version {Word(bytes, 0)}, but version {Version} is expected; tokenize the text again.");
        if (fileLength > LongestFile)
            throw Damaged(path, $"the shard has {fileLength:N0} bytes, but shards have at most {LongestFile:N0}");

        var (idBytes, vocabulary, index) = (Word(bytes, 1), Word(bytes, 2), Word(bytes, 3));
        if (vocabulary is 0 or > int.MaxValue || idBytes != IdBytesFor((int)vocabulary))
            throw Damaged(path, $"ids of {idBytes} bytes do not fit a vocabulary of {vocabulary:N0} tokens");
        if (index > int.MaxValue || Word(bytes, 4) > 1)
            throw Damaged(path, "the place of the shard in its set makes no sense");

        var (tokens, documents) = (BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]));
        if (tokens < 2 || documents < 1 || tokens > fileLength / idBytes || documents > fileLength / 8)
            throw Damaged(path, $"{tokens:N0} tokens in {documents:N0} documents cannot be in a file of {fileLength:N0} bytes");

        var header = new ShardHeader(
            (int)index, Word(bytes, 4) == 1, (int)idBytes, (int)vocabulary, tokens, documents, bytes.Slice(HashAt, 32).ToArray());
        return header.FileLength == fileLength
            ? header
            : throw Damaged(path, $"the shard should have {header.FileLength:N0} bytes, but it has {fileLength:N0}");
    }

    public static ModelFileException Damaged(string path, string finding) => new(path, $"{finding}; the shard is damaged, so tokenize the text again.");

    static uint Word(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[(8 + (4 * index))..]);

    static long Padded(long bytes) => (bytes + 7) & ~7L;
}
