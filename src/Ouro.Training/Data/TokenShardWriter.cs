using System.Buffers.Binary;
using System.Text;
using Ouro.Formats;
using Ouro.Text;

namespace Ouro.Training.Data;

/// <summary>A line that was passed over.</summary>
/// <param name="File">As it was named.</param>
/// <param name="Line">Counting from 1; 1 for a plain text, which is one document.</param>
/// <param name="Reason">The end of a sentence, without full stop.</param>
public sealed record BadLine(string File, long Line, string Reason);

/// <summary>What tokenizing gave.</summary>
/// <param name="Shards">Files written.</param>
/// <param name="BadLines">Lines passed over.</param>
/// <param name="FirstBadLines">The first few of them.</param>
public sealed record ShardReport(int Shards, long Documents, long Tokens, long BadLines, IReadOnlyList<BadLine> FirstBadLines);

/// <summary>Tokenizes texts into a folder of token shards, to be read by <see cref="TokenShards"/>.</summary>
/// <remarks>
/// A file whose name ends in .jsonl or .json holds one document a line, <c>{"text": ...}</c> or
/// <c>{"messages": [{"role": ..., "content": ...}, ...]}</c>; any other file is one plain text. Texts are asked for whole, chats in the assistant's turns. Each shard appears
/// whole or not at all, and only the last one says that it is the last, so a set that was not finished is not taken for one. A line is at most 64 MiB.
/// </remarks>
public sealed class TokenShardWriter
{
    const int LongestLine = 64 << 20;
    const int BadLinesKept = 5;

    readonly string _folder;
    readonly LineEncoder _encoder;
    readonly List<BadLine> _firstBad = [];
    readonly byte[] _hash;
    readonly int _vocabularySize;
    readonly long _mostTokens;
    long _documents;
    long _tokens;
    long _bad;
    int _shards;

    TokenShardWriter(string folder, Tokenizer tokenizer, long mostTokens)
    {
        (_folder, _encoder, _mostTokens) = (folder, new LineEncoder(tokenizer), mostTokens);
        (_hash, _vocabularySize) = (TokenizerJson.Sha256(tokenizer.Vocabulary), tokenizer.Vocabulary.Count);
    }

    /// <summary>The most tokens of a shard by default: at four bytes each, a file of 1 GiB.</summary>
    public const long UsualTokensPerShard = 1L << 28;

    /// <summary>Tokenizes files in their order.</summary>
    /// <param name="folder">Made if it does not exist; must hold no shards yet.</param>
    /// <param name="tokensPerShard">A shard that has so many is closed; 2 to <see cref="UsualTokensPerShard"/>. Documents are not cut.</param>
    /// <exception cref="ModelFileException">A file cannot be read or written, shards are there already, or no line is a document.</exception>
    /// <exception cref="ArgumentException">The vocabulary has no <c>&lt;|endoftext|&gt;</c>.</exception>
    /// <exception cref="OperationCanceledException">Asked for; the set is not finished.</exception>
    public static ShardReport Write(
        string folder, IReadOnlyList<string> files, Tokenizer tokenizer, long tokensPerShard = UsualTokensPerShard, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokensPerShard, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokensPerShard, UsualTokensPerShard);
        var writer = new TokenShardWriter(folder, tokenizer, tokensPerShard);
        TokenShards.MakeFolder(folder);
        writer.WriteAll(files, cancel);
        return new ShardReport(writer._shards, writer._documents, writer._tokens, writer._bad, writer._firstBad);
    }

    void WriteAll(IReadOnlyList<string> files, CancellationToken cancel)
    {
        OpenShard? shard = null;
        try
        {
            foreach (var example in files.SelectMany(Examples))
            {
                cancel.ThrowIfCancellationRequested();
                if (shard is not null && shard.TokenCount + example.Ids.Length > _mostTokens)
                {
                    Finish(shard, isLast: false);
                    shard = null;
                }

                shard ??= new OpenShard(TokenShards.FileOf(_folder, _shards), ShardHeader.IdBytesFor(_vocabularySize));
                shard.Add(example);
                _documents++;
                _tokens += example.Ids.Length;
            }

            if (shard is null)
                throw new ModelFileException(_folder, $"nothing to write: {(_bad > 0 ? $"none of {_bad:N0} lines is a document" : "the texts are empty")}"
                    + (_firstBad.Count > 0 ? $", since of {_firstBad[0].File} line {_firstBad[0].Line:N0} {_firstBad[0].Reason}" : "")
                    + "; name files of JSON lines, or of plain text.");
            Finish(shard, isLast: true);
        }
        finally
        {
            shard?.Dispose();
        }
    }

    void Finish(OpenShard shard, bool isLast)
    {
        shard.Finish(new ShardHeader(
            _shards++, isLast, ShardHeader.IdBytesFor(_vocabularySize), _vocabularySize, shard.TokenCount, shard.DocumentCount, _hash));
        shard.Dispose();
    }

    IEnumerable<Example> Examples(string file)
    {
        foreach (var (number, line) in Lines(file))
        {
            var (example, problem) = _encoder.Encode(line);
            if (example is { } usable)
            {
                yield return usable;
                continue;
            }

            _bad++;
            if (_firstBad.Count < BadLinesKept)
                _firstBad.Add(new BadLine(file, number, problem!));
        }
    }

    /// <summary>The documents of a file, and what is none.</summary>
    internal static IEnumerable<TrainingLine> Documents(string file) => Lines(file).Select(line => line.Line);

    static IEnumerable<(long Number, TrainingLine Line)> Lines(string file)
    {
        if (!file.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) && !file.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            yield return (1, PlainText(file));
            yield break;
        }

        foreach (var line in ByteLines.Read(file, LongestLine))
        {
            if (line.Bytes.Span.Trim(" \t\r"u8).IsEmpty)
                continue;   // an empty line is no document, and no mistake either

            yield return (line.Number, line.IsWhole ? TrainingLine.Parse(line.Bytes) : new TrainingLine.Bad($"it is longer than {LongestLine:N0} bytes"));
        }
    }

    static TrainingLine PlainText(string file)
    {
        using var mapped = MappedFile.Open(file);
        if (mapped.Length > LongestLine)
            return new TrainingLine.Bad($"the text is longer than {LongestLine:N0} bytes, so split it, or write documents as JSON lines");

        var bytes = new byte[mapped.Length];
        mapped.Read(0, bytes);
        try
        {
            var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
            return text.Length > 0 ? new TrainingLine.Document(text) : new TrainingLine.Bad("the text is empty");
        }
        catch (DecoderFallbackException)
        {
            return new TrainingLine.Bad("the text is not UTF-8");
        }
    }

    /// <summary>A shard while it is being written.</summary>
    sealed class OpenShard(string path, int idBytes) : IDisposable
    {
        const int BlockBytes = 1 << 20;

        readonly AtomicFile _file = AtomicFile.Create(path);
        readonly List<long> _starts = [0];
        readonly List<byte> _asked = [];
        readonly List<byte> _block = [];   // ids not written yet
        long _written = ShardHeader.Length;

        public long TokenCount => _starts[^1];

        public long DocumentCount => _starts.Count - 1;

        public void Add(Example example)
        {
            Span<byte> id = stackalloc byte[4];
            for (var i = 0; i < example.Ids.Length; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(id, example.Ids[i]);
                _block.AddRange(id[..idBytes]);
                var (place, bit) = Math.DivRem(TokenCount + i, 8);
                if (place == _asked.Count)
                    _asked.Add(0);
                if (example.IsTarget(i))
                    _asked[(int)place] |= (byte)(1 << (int)bit);
            }

            _starts.Add(TokenCount + example.Ids.Length);
            if (_block.Count >= BlockBytes)
                Flush();
        }

        public void Finish(ShardHeader header)
        {
            Flush();
            var starts = new byte[8 * _starts.Count];
            for (var i = 0; i < _starts.Count; i++)
                BinaryPrimitives.WriteInt64LittleEndian(starts.AsSpan(8 * i), _starts[i]);

            // Padding is not written: what lies between two written places is zero.
            _file.Write(header.AskedAt, _asked.ToArray());
            _file.Write(header.DocumentsAt, starts);
            _file.Write(0, header.ToBytes());
            _file.Commit();
        }

        public void Dispose() => _file.Dispose();

        void Flush()
        {
            _file.Write(_written, _block.ToArray());
            _written += _block.Count;
            _block.Clear();
        }
    }
}
