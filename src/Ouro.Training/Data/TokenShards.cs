using System.Buffers.Binary;
using Ouro.Formats;
using Ouro.Text;

namespace Ouro.Training.Data;

/// <summary>An open set of token shards: documents as token ids, mapped from files that are not trusted.</summary>
/// <remarks>For several threads, until disposed. Files must not be shortened meanwhile.</remarks>
public sealed class TokenShards : IDisposable
{
    const string Ending = ".tokens";

    readonly Shard[] _shards;
    readonly long[] _firstDocuments;   // by shard, and one more: all documents

    TokenShards(string folder, Shard[] shards)
    {
        (Folder, _shards, _firstDocuments) = (folder, shards, new long[shards.Length + 1]);
        for (var i = 0; i < shards.Length; i++)
            _firstDocuments[i + 1] = _firstDocuments[i] + shards[i].Header.DocumentCount;
    }

    /// <summary>Where they are.</summary>
    public string Folder { get; }

    /// <summary>Documents in all shards.</summary>
    public long DocumentCount => _firstDocuments[^1];

    /// <summary>Tokens in all shards.</summary>
    public long TokenCount => _shards.Sum(shard => shard.Header.TokenCount);

    /// <summary>Every id is below this.</summary>
    public int VocabularySize => _shards[0].Header.VocabularySize;

    /// <summary><see cref="TokenizerJson.Sha256"/> of the vocabulary they were made with.</summary>
    public ReadOnlySpan<byte> TokenizerSha256 => _shards[0].Header.Tokenizer;

    /// <summary>Opens a set that <see cref="TokenShardWriter"/> has written, and checks everything but the ids, which are checked when read.</summary>
    /// <exception cref="ModelFileException">There is none, it is incomplete, damaged, or mixed from several.</exception>
    public static TokenShards Open(string folder)
    {
        var files = Files(folder);
        if (files.Length == 0)
            throw new ModelFileException(folder, $"no token shards here, files named shard-00000{Ending} and so on; name a folder that tokenizing a text has filled.");

        var shards = new List<Shard>();
        try
        {
            foreach (var file in files)
                shards.Add(new Shard(file));
            CheckSet(folder, shards);
            return new TokenShards(folder, [.. shards]);
        }
        catch
        {
            shards.ForEach(shard => shard.Dispose());
            throw;
        }
    }

    /// <summary>Refuses shards that another vocabulary has made.</summary>
    /// <exception cref="ModelFileException">It is not the vocabulary of these shards.</exception>
    public void CheckMadeWith(Vocabulary vocabulary)
    {
        if (!TokenizerSha256.SequenceEqual(TokenizerJson.Sha256(vocabulary)))
            throw new ModelFileException(Folder,
                $"the shards were made with another tokenizer (of {VocabularySize:N0} tokens) than the model's (of {vocabulary.Count:N0}); tokenize the text again.");
        if (VocabularySize != vocabulary.Count)
            throw ShardHeader.Damaged(Folder, $"the shards say that their tokenizer has {VocabularySize:N0} tokens, but it has {vocabulary.Count:N0}");
    }

    /// <summary>Tokens of a document, at least 2.</summary>
    /// <param name="document">From 0.</param>
    public int LengthOf(long document)
    {
        var (shard, index) = Find(document);
        return shard.LengthOf(index);
    }

    /// <summary>Some tokens of a document.</summary>
    /// <param name="document">From 0.</param>
    /// <param name="start">Its first token, counting from 0 in the document.</param>
    /// <param name="count">At least 2; start + count at most <see cref="LengthOf"/>.</param>
    /// <exception cref="ModelFileException">An id is not below <see cref="VocabularySize"/>.</exception>
    public Example Read(long document, int start, int count)
    {
        var (shard, index) = Find(document);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, shard.LengthOf(index) - start);
        return shard.Read(index, start, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in _shards)
            shard.Dispose();
    }

    internal static string FileOf(string folder, int index) => Path.Combine(folder, $"shard-{index:D5}{Ending}");

    internal static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(folder, $"the folder cannot be made ({error.Reason}); check its name and permissions.", error);
        }

        if (Files(folder).Length > 0)
            throw new ModelFileException(folder, "token shards are here already; choose another folder, or delete them first.");
    }

    static string[] Files(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, $"shard-*{Ending}").Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(folder, $"the folder cannot be read ({error.Reason}); check its name and permissions.", error);
        }
    }

    static void CheckSet(string folder, List<Shard> shards)
    {
        var first = shards[0].Header;
        for (var i = 0; i < shards.Count; i++)
        {
            var header = shards[i].Header;
            if (header.Index != i || header.IsLast != (i == shards.Count - 1))
                throw new ModelFileException(folder, $"shard {i} of {shards.Count} is missing or not of this set, or the last ones are missing, "
                    + "as when tokenizing was interrupted; delete them and tokenize the text again.");
            if (header.VocabularySize != first.VocabularySize || !header.Tokenizer.AsSpan().SequenceEqual(first.Tokenizer))
                throw new ModelFileException(folder, $"shards 0 and {i} were made with different tokenizers; delete them and tokenize the text again.");
        }
    }

    (Shard Shard, long Index) Find(long document)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(document);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(document, DocumentCount);
        var found = Array.BinarySearch(_firstDocuments, document);
        var shard = found >= 0 ? found : ~found - 1;
        return (_shards[shard], document - _firstDocuments[shard]);
    }

    /// <summary>One file of the set.</summary>
    sealed class Shard : IDisposable
    {
        readonly MappedFile _file;
        readonly ReadOnlyMemory<byte> _bytes;

        public Shard(string path)
        {
            _file = MappedFile.Open(path);
            try
            {
                var start = new byte[long.Min(ShardHeader.Length, _file.Length)];
                _file.Read(0, start);
                Header = ShardHeader.Parse(path, start, _file.Length);
                _bytes = _file.Map(0, (int)_file.Length);
                CheckStarts(path);
            }
            catch
            {
                _file.Dispose();
                throw;
            }
        }

        public ShardHeader Header { get; }

        public void Dispose() => _file.Dispose();

        public int LengthOf(long document) => (int)(StartOf(document + 1) - StartOf(document));

        public Example Read(long document, int start, int count)
        {
            var bytes = _bytes.Span;
            var first = StartOf(document) + start;
            var (ids, asked) = (new int[count], new bool[count]);
            for (var i = 0; i < count; i++)
            {
                var at = bytes[(int)(ShardHeader.Length + ((first + i) * Header.IdBytes))..];
                var id = Header.IdBytes == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt32LittleEndian(at);
                if (id >= (uint)Header.VocabularySize)
                    throw ShardHeader.Damaged(_file.Path, $"token {first + i:N0} is {id}, but ids run from 0 to {Header.VocabularySize - 1}");

                ids[i] = (int)id;
                asked[i] = (bytes[(int)(Header.AskedAt + ((first + i) / 8))] >> (int)((first + i) % 8) & 1) != 0;
            }

            var firstTarget = int.Max(1, Array.IndexOf(asked, true, 1) is >= 0 and var found ? found : count);
            return new Example(ids, firstTarget, Array.IndexOf(asked, false, int.Min(firstTarget, count)) >= 0 ? asked : null);
        }

        long StartOf(long document) => BinaryPrimitives.ReadInt64LittleEndian(_bytes.Span[(int)(Header.DocumentsAt + (8 * document))..]);

        void CheckStarts(string path)
        {
            var start = StartOf(0);
            if (start != 0)
                throw ShardHeader.Damaged(path, $"the first document begins at token {start:N0}, but 0 is expected");

            for (var document = 1L; document <= Header.DocumentCount; document++)
            {
                var next = StartOf(document);
                if (next < start || next - start < 2 || next > Header.TokenCount)
                    throw ShardHeader.Damaged(path, $"document {document - 1:N0} reaches from token {start:N0} to {next:N0} of {Header.TokenCount:N0}");
                start = next;
            }

            if (start != Header.TokenCount)
                throw ShardHeader.Damaged(path, $"the documents end at token {start:N0}, but there are {Header.TokenCount:N0}");
        }
    }
}
