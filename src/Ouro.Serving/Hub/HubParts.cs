using System.Buffers.Binary;
using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Formats.Safetensors;
using Ouro.Model;
using Ouro.Serving.Store;
using Ouro.Text;

namespace Ouro.Serving.Hub;

/// <summary>The small parts of a published model, fetched without the rest.</summary>
/// <param name="Folder">A folder like a checkpoint's, which holds config.json and a model.safetensors with the parts alone.</param>
/// <param name="Fetched">Bytes that came over the network.</param>
/// <param name="Whole">Bytes of all weights of the repository.</param>
public sealed record FetchedParts(string Folder, long Fetched, long Whole);

/// <summary>Fetches from a repository what a GGUF file may have lost: all norms and the gate, by the ranges of bytes in which they lie.</summary>
/// <remarks>
/// The query weights of the first layer come along as a witness: they show whether the file was made from this model at all, and whether its rows lie in order.
/// Ranges have no hash of their own, so what comes is trusted as far as the line to the hub is; the witness is compared with the file.
/// </remarks>
public sealed class HubParts(HubClient client, IProgress<StoreProgress>? progress = null, TimeProvider? time = null)
{
    const int MostRangeBytes = 1 << 29;

    /// <summary>Ranges closer together than this are fetched in one.</summary>
    const int WorthwhileGap = 1 << 14;

    /// <summary>Bytes asked for at first, in which most headers lie whole.</summary>
    const int FirstBytes = 1 << 14;

    long _fetched;

    /// <summary>Fetches the parts that belong to a file.</summary>
    /// <param name="gguf">The file that is to be repaired; it decides whether the tokenizer is needed.</param>
    /// <param name="folder">An empty folder to fill.</param>
    /// <exception cref="StoreException">The hub cannot be reached, or has nothing of the kind.</exception>
    /// <exception cref="ModelFileException">What it has is damaged.</exception>
    public async Task<FetchedParts> FetchAsync(HubReference reference, string gguf, string folder, CancellationToken cancel = default)
    {
        progress?.Report(new StoreProgress("pulling manifest"));
        var repository = await client.ListAsync(reference, cancel).ConfigureAwait(false);
        var download = new HubDownload(client, new StoreFolder(folder, time ?? TimeProvider.System), repository, folder, progress);
        foreach (var small in HasTokenizer(gguf) ? [HubChoice.Config(repository)] : HubChoice.SmallFiles(repository))
            await download.FetchAsync(small, cancel).ConfigureAwait(false);

        var config = HuggingFaceConfig.Read(Path.Combine(folder, HuggingFaceConfig.FileName));
        var shards = await ShardsAsync(repository, download, config, cancel).ConfigureAwait(false);
        var parts = new List<(HubFile Shard, PlacedTensor Tensor)>();
        foreach (var shard in shards)
            parts.AddRange((await HeaderAsync(repository, shard, cancel).ConfigureAwait(false)).Where(tensor => IsWanted(tensor.Spec.Name, config)).Select(tensor => (shard, tensor)));

        await WriteAsync(repository, parts, Path.Combine(folder, SafetensorsCheckpoint.SingleFileName), cancel).ConfigureAwait(false);
        StoreFolder.Discard(Path.Combine(folder, SafetensorsCheckpoint.IndexFileName));
        var whole = repository.Files.Where(file => file.Name.EndsWith(".safetensors", StringComparison.Ordinal)).Sum(file => file.Bytes ?? 0);
        return new FetchedParts(folder, download.Fetched + _fetched, whole);
    }

    static bool IsWanted(string name, OuroConfig config)
        => name.Contains("early_exit_gate", StringComparison.Ordinal)
            || ModelTensors.Of(config).Any(part => part.HuggingFaceName == name && (part.IsNorm || part is { Role: TensorRole.Query, Layer: 0 }));

    /// <summary>A file that knows its tokenizer needs none; one that cannot be read is refused later, with its own sentence.</summary>
    static bool HasTokenizer(string gguf)
    {
        try
        {
            using var file = GgufFile.Open(gguf);
            return GgufTokenizer.Read(file.Metadata, gguf) is not null;
        }
        catch (ModelFileException)
        {
            return true;
        }
    }

    async Task<IReadOnlyList<HubFile>> ShardsAsync(HubRepository repository, HubDownload download, OuroConfig config, CancellationToken cancel)
    {
        if (HubChoice.SingleWeights(repository) is { } single)
            return [await client.DescribedAsync(repository, single, cancel).ConfigureAwait(false)];

        var index = await download.FetchAsync(HubChoice.Index(repository), cancel).ConfigureAwait(false);
        var shards = new List<HubFile>();
        foreach (var name in SafetensorsCheckpoint.ReadIndex(index).Where(entry => IsWanted(entry.Key, config)).Select(entry => entry.Value).Distinct().Order(StringComparer.Ordinal))
            shards.Add(await client.DescribedAsync(repository, HubChoice.Shard(repository, name), cancel).ConfigureAwait(false));
        return shards;
    }

    /// <summary>What a file says about its tensors, from its first bytes.</summary>
    async Task<IReadOnlyList<PlacedTensor>> HeaderAsync(HubRepository repository, HubFile file, CancellationToken cancel)
    {
        var bytes = file.Bytes!.Value;
        var start = await ReadAsync(repository, file, 0, (int)Math.Min(FirstBytes, bytes), cancel).ConfigureAwait(false);
        var length = start.Length < SafetensorsFile.LengthBytes ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(start);
        var header = SafetensorsFile.LengthBytes + (long)Math.Min(length, SafetensorsFile.MostHeaderBytes);
        if (header > start.Length && header <= bytes)
            start = [.. start, .. await ReadAsync(repository, file, start.Length, (int)(header - start.Length), cancel).ConfigureAwait(false)];
        return SafetensorsFile.ReadHeader($"{repository.Reference}/{file.Name}", start, bytes);
    }

    async Task WriteAsync(HubRepository repository, List<(HubFile Shard, PlacedTensor Tensor)> parts, string path, CancellationToken cancel)
    {
        if (parts.Count == 0)
            throw new StoreException(StoreFault.NotFound, $"{repository.Reference}: there are no norms in its weights, so this is not a model of this family. Name the repository that the file was made from.");

        using var writer = SafetensorsWriter.Create(path, [.. parts.Select(part => part.Tensor.Spec)]);
        var total = parts.Sum(part => part.Tensor.Spec.ByteLength);
        var done = 0L;
        for (var first = 0; first < parts.Count;)
        {
            var last = first;
            while (last + 1 < parts.Count && parts[last + 1].Shard == parts[first].Shard && parts[last + 1].Tensor.FileOffset - parts[last].Tensor.End is >= 0 and <= WorthwhileGap)
                last++;
            var begin = parts[first].Tensor.FileOffset;
            var length = parts[last].Tensor.End - begin;
            if (length > MostRangeBytes)
                throw new StoreException(StoreFault.Remote, $"{repository.Reference}: the small parts of the model have {length:N0} bytes in a row, which is not small. Name the repository that the file was made from.");

            var bytes = length == 0 ? [] : await ReadAsync(repository, parts[first].Shard, begin, (int)length, cancel).ConfigureAwait(false);
            for (; first <= last; first++)
            {
                var tensor = parts[first].Tensor;
                writer.Write(first, 0, bytes.AsSpan((int)(tensor.FileOffset - begin), (int)tensor.Spec.ByteLength));
                done += tensor.Spec.ByteLength;
            }

            progress?.Report(new StoreProgress("pulling parts", null, total, done));
        }

        writer.Commit();
    }

    async Task<byte[]> ReadAsync(HubRepository repository, HubFile file, long offset, int count, CancellationToken cancel)
    {
        var bytes = await client.ReadRangeAsync(repository, file, offset, count, cancel).ConfigureAwait(false);
        _fetched += bytes.Length;
        return bytes;
    }
}
