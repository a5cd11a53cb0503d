using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Text;

namespace Ouro.Serving.Store;

/// <summary>Weights that are ready to get a name.</summary>
/// <param name="File">The file that is to become a blob; null if it is one already.</param>
sealed record PreparedWeights(IncomingFile? File, Digest Digest, long Bytes, StoredDetails Details, IReadOnlyList<string> Notes) : IDisposable
{
    public void Dispose() => File?.Dispose();
}

/// <summary>Brings a model's file or folder into the store as one whole GGUF file: copied as it is where it can be, converted elsewhere.</summary>
sealed class WeightPreparation(StoreFolder folder, IProgress<StoreProgress>? progress)
{
    /// <summary>The types to store; null keeps them.</summary>
    public WeightMix? Mix { get; init; }

    /// <summary>What to call the model where its file does not say.</summary>
    public required string ModelName { get; init; }

    /// <summary>Threads that convert; 0 takes one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>Whether a GGUF file without a gate is kept, as where it was published so.</summary>
    public bool TakesGateless { get; init; }

    /// <param name="path">A .gguf file, a .safetensors file or a folder.</param>
    /// <param name="isBlob">Whether it is a blob of this store.</param>
    /// <exception cref="ModelFileException">It is damaged, incomplete, or of another family.</exception>
    public async Task<PreparedWeights> RunAsync(string path, bool isBlob, CancellationToken cancel)
    {
        var notes = new List<string>();
        string? type;
        GgufMetadata? added;
        using (var source = OuroCheckpoint.Open(path))
        {
            RefuseParts(source, notes);
            added = ModelTokenizer.MetadataToAdd(source, isBlob ? null : source.Folder);
            if (added is null && source.Gguf is null)
                notes.Add($"there is no tokenizer.json in {source.Folder}, so the model will know token ids but no text.");
            type = Mix?.Name;
            if (source.Gguf is null || Mix is not null || added is not null)
                return await ConvertAsync(source, added, type, notes, cancel).ConfigureAwait(false);
        }

        if (isBlob)
            return new PreparedWeights(null, Digest.Parse(Path.GetFileName(path)), new FileInfo(path).Length, DetailsOf(path, null), notes);

        var copy = await CopyAsync(path, cancel).ConfigureAwait(false);
        return Finished(copy, path, null, notes);
    }

    /// <summary>Takes a GGUF file into the store as it is, from where it lies on the same disk; it goes away from there.</summary>
    /// <param name="known">Its digest where that was checked already.</param>
    /// <exception cref="ModelFileException">It is damaged, incomplete, or of another family; the file is deleted then.</exception>
    public async Task<PreparedWeights> TakeAsync(string path, Digest? known, CancellationToken cancel)
    {
        try
        {
            var notes = new List<string>();
            using (var checkpoint = OuroCheckpoint.Open(path))
                RefuseParts(checkpoint, notes);
            var digest = known ?? await StoreFolder.HashAsync(path, progress: null, cancel).ConfigureAwait(false);
            return new PreparedWeights(new IncomingFile(path, digest, new FileInfo(path).Length, IsFetched: true), digest, new FileInfo(path).Length, DetailsOf(path, null), notes);
        }
        catch (ModelFileException)
        {
            StoreFolder.Discard(path);   // fetching the same bytes again would not help
            throw;
        }
    }

    async Task<PreparedWeights> ConvertAsync(OuroCheckpoint source, GgufMetadata? added, string? type, List<string> notes, CancellationToken cancel)
    {
        var place = folder.NewIncoming(".partial.gguf");
        try
        {
            var options = new ConversionOptions
            {
                Mix = Mix,
                ModelName = source.Gguf?.Metadata.GetString("general.name") ?? ModelName,
                Metadata = added,
                KeepUnknown = source.Gguf is not null,
                Threads = Threads,
            };
            var status = source.Gguf is null ? "converting to gguf" : "quantizing";
            var result = await Task.Run(() => ModelConversion.ToGguf(source, place, options, Bar(status), cancel), cancel).ConfigureAwait(false);
            notes.AddRange(result.Notes);
            var bytes = new FileInfo(place).Length;
            var digest = await StoreFolder.HashAsync(place, done => progress?.Report(new StoreProgress("verifying sha256 digest", null, bytes, done)), cancel).ConfigureAwait(false);
            return Finished(new IncomingFile(place, digest, bytes), source.Path, type, notes);
        }
        catch
        {
            StoreFolder.Discard(place);
            throw;
        }
    }

    async Task<IncomingFile> CopyAsync(string path, CancellationToken cancel)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreFault.NotFound, $"{path}: cannot be read ({problem.Reason}). Check permissions.", problem);
        }

        await using (file.ConfigureAwait(false))
        {
            var length = file.Length;
            return await folder.ReceiveAsync(file, expected: null, length, done => progress?.Report(new StoreProgress("copying", null, length, done)), cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Opens what is about to get a name once more: it may have been changed while it was being read.</summary>
    PreparedWeights Finished(IncomingFile file, string path, string? type, List<string> notes)
    {
        try
        {
            return new PreparedWeights(file, file.Digest, file.Bytes, DetailsOf(file.Path, type), notes);
        }
        catch (ModelFileException problem)
        {
            file.Dispose();
            throw new StoreException(StoreFault.Mismatch, $"{path}: was changed while it was being read, so that no whole model came of it. Try again when it is at rest.", problem);
        }
    }

    StoredDetails DetailsOf(string path, string? type)
    {
        using var checkpoint = OuroCheckpoint.Open(path);
        RefuseParts(checkpoint, []);
        var prevailing = ModelConversion.PrevailingType(checkpoint);
        var kind = checkpoint.Gguf?.Metadata.GetInteger("general.file_type");
        type ??= WeightMix.All.FirstOrDefault(mix => mix.FileType == kind && mix.Base.ToString().Equals(prevailing, StringComparison.OrdinalIgnoreCase))?.Name ?? prevailing;
        var config = checkpoint.Config;
        return new StoredDetails(type, config.ParameterCount, config.Layers, config.Loops, config.ContextTokens, EarlyExitGate.Read(checkpoint) is not null);
    }

    /// <summary>A file that has lost something would answer, and answer worse than the model does.</summary>
    void RefuseParts(OuroCheckpoint checkpoint, List<string> notes)
    {
        checkpoint.RefuseFurtherLayers();
        foreach (var tensor in checkpoint.Tensors.Where(tensor => !tensor.IsGate))
            checkpoint.Require(tensor);
        if (EarlyExitGate.Read(checkpoint) is not null)
            return;

        const string Gateless = "the early-exit gate is not there: every token runs all loops, and no exit threshold has an effect";
        var onPurpose = checkpoint.Tensors.Where(tensor => tensor.IsGate).Any(tensor => checkpoint.LeftOut.Contains(tensor.HuggingFaceName));
        if (checkpoint.Gguf is not null && !onPurpose && !TakesGateless)
            throw new ModelFileException(checkpoint.Path, $"{Gateless}. Put it back with 'ouro repair FILE --from CHECKPOINT -o OUT', or run the file as it is by its path.");
        notes.Add($"{Gateless}.");
    }

    ConversionBar? Bar(string status) => progress is null ? null : new ConversionBar(status, progress);

    sealed class ConversionBar(string status, IProgress<StoreProgress> progress) : IProgress<TensorProgress>
    {
        public void Report(TensorProgress value) => progress.Report(new StoreProgress(status, null, value.BytesTotal, value.BytesDone));
    }
}

/// <summary>The tokenizer that goes with a model into a GGUF file.</summary>
public static class ModelTokenizer
{
    /// <summary>What a GGUF file needs beyond what its source says; null if that knows its tokenizer, or if there is none.</summary>
    /// <param name="folder">Where a <c>tokenizer.json</c> may lie; null if nowhere.</param>
    /// <exception cref="ModelFileException">It is there and cannot be used.</exception>
    public static GgufMetadata? MetadataToAdd(OuroCheckpoint source, string? folder)
    {
        if (source.Gguf is { } gguf && GgufTokenizer.Read(gguf.Metadata, gguf.Path) is not null)
            return null;
        if (folder is null || ModelVocabulary.InFolder(folder) is not { } vocabulary)
            return null;

        var metadata = new GgufMetadata();
        GgufTokenizer.Write(vocabulary, metadata);
        return metadata;
    }
}
