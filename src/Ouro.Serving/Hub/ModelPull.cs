using Microsoft.Win32.SafeHandles;
using Ouro.Formats;
using Ouro.Formats.Safetensors;
using Ouro.Model.Conversion;
using Ouro.Serving.Store;

namespace Ouro.Serving.Hub;

/// <summary>How a model is to be fetched. Immutable.</summary>
public sealed record PullOptions
{
    /// <summary>The name to store it under; null takes the hub's.</summary>
    public ModelName? As { get; init; }

    /// <summary>The name of a <see cref="WeightMix"/> to store the weights in; null keeps their types.</summary>
    public string? Type { get; init; }

    /// <summary>Threads that convert; 0 takes one per processor.</summary>
    public int Threads { get; init; }
}

/// <summary>Fetches a model from the hub into the store: a GGUF file as it is, or safetensors made into one.</summary>
/// <remarks>
/// Everything is fetched from one commit into a folder below <c>downloads</c>, where an interrupted pull leaves what came; the same pull goes on with it. Nothing gets into the store
/// whose length and hash are not those that the hub gave, and no model that cannot be opened gets a name.
/// </remarks>
public sealed class ModelPull(ModelStore store, HubClient client, PullOptions options, IProgress<StoreProgress>? progress = null)
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Fetches and stores.</summary>
    /// <exception cref="StoreException">It cannot be had.</exception>
    /// <exception cref="ModelFileException">It is not a model of this family.</exception>
    /// <exception cref="OperationCanceledException">Asked for; what came is kept for the next time.</exception>
    public Task<CreatedModel> RunAsync(HubReference reference, CancellationToken cancel = default) => RunAsync(reference, isPart: false, cancel);

    /// <param name="isPart">Whether something else follows, so that this is not yet a success.</param>
    internal async Task<CreatedModel> RunAsync(HubReference reference, bool isPart, CancellationToken cancel)
    {
        var name = options.As ?? reference.StoreName;
        name.RefuseBuiltIn();
        progress?.Report(new StoreProgress("pulling manifest"));
        var repository = await client.ListAsync(reference, cancel).ConfigureAwait(false);
        var gguf = HubChoice.Gguf(repository);
        var mix = MixFor(reference, gguf);
        var source = $"hf:{reference.Id}@{repository.Commit}{(gguf is null ? "" : ":" + gguf.Name)}";
        var done = Existing(name, source, gguf, mix);
        if (done is null)
        {
            var key = Digest.Of(System.Text.Encoding.UTF8.GetBytes($"{client.Options.Endpoint}\n{reference.Id}\n{repository.Commit}")).Hex[..32];
            var folder = Path.Combine(store.Folder.Downloads, key);
            using var held = await HoldAsync(folder, cancel).ConfigureAwait(false);
            Directory.CreateDirectory(folder);
            CheckSpace(repository, gguf);
            var download = new HubDownload(client, store.Folder, repository, folder, progress);
            using var weights = gguf is null ? await FromSafetensorsAsync(repository, download, folder, name, mix, cancel).ConfigureAwait(false)
                : await FromGgufAsync(gguf, download, name, mix, cancel).ConfigureAwait(false);
            progress?.Report(new StoreProgress("writing manifest"));
            done = new CreatedModel(store.Publish(Model(name, source, repository, weights), weights.File, cancel), weights.Notes);
            StoreFolder.Discard(folder);
        }

        if (!isPart)
            progress?.Report(new StoreProgress("success"));
        return done;
    }

    /// <summary>A type after the colon means a file of that type, or, where there are only safetensors, what to make of them.</summary>
    WeightMix? MixFor(HubReference reference, HubFile? gguf)
    {
        var type = options.Type ?? (gguf is null ? reference.Pattern : null);
        return new CreateOptions { Type = type }.Mix;
    }

    /// <summary>The same bytes under the same name, pulled before.</summary>
    CreatedModel? Existing(ModelName name, string source, HubFile? gguf, WeightMix? mix)
    {
        try
        {
            var model = store.Find(name);
            var isSame = model?.Source == source && store.HasBlob(model.Weights) && (mix is null
                ? gguf is null ? WeightMix.Find(model.Details.Type) is not { Base.IsQuantized: true } : !gguf.HasSha256 || gguf.Hash == model.Weights.Hex
                : mix.Name == model.Details.Type);
            return isSame ? new CreatedModel(model!, []) : null;
        }
        catch (StoreException)
        {
            return null;   // damaged, and about to be replaced
        }
    }

    async Task<PreparedWeights> FromGgufAsync(HubFile gguf, HubDownload download, ModelName name, WeightMix? mix, CancellationToken cancel)
    {
        var preparation = new WeightPreparation(store.Folder, progress) { Mix = mix, ModelName = name.Name, Threads = options.Threads, TakesGateless = true };
        if (gguf.HasSha256 && new Digest(gguf.Hash!) is var known && store.HasBlob(known))
            return await preparation.RunAsync(store.BlobPath(known), isBlob: true, cancel).ConfigureAwait(false);

        var path = await download.FetchAsync(gguf, cancel).ConfigureAwait(false);
        return mix is null
            ? await preparation.TakeAsync(path, gguf.HasSha256 ? new Digest(gguf.Hash!) : null, cancel).ConfigureAwait(false)
            : await preparation.RunAsync(path, isBlob: false, cancel).ConfigureAwait(false);
    }

    async Task<PreparedWeights> FromSafetensorsAsync(HubRepository repository, HubDownload download, string folder, ModelName name, WeightMix? mix, CancellationToken cancel)
    {
        foreach (var small in HubChoice.SmallFiles(repository))
            await download.FetchAsync(small, cancel).ConfigureAwait(false);
        if (HubChoice.SingleWeights(repository) is { } single)
            await download.FetchAsync(single, cancel).ConfigureAwait(false);
        else
        {
            var index = await download.FetchAsync(HubChoice.Index(repository), cancel).ConfigureAwait(false);
            foreach (var shard in SafetensorsCheckpoint.ReadIndex(index).Values.Distinct().Order(StringComparer.Ordinal).ToArray())
                await download.FetchAsync(HubChoice.Shard(repository, shard), cancel).ConfigureAwait(false);
        }

        return await new WeightPreparation(store.Folder, progress) { Mix = mix, ModelName = name.Name, Threads = options.Threads }.RunAsync(folder, isBlob: false, cancel).ConfigureAwait(false);
    }

    StoredModel Model(ModelName name, string source, HubRepository repository, PreparedWeights weights) => new()
    {
        Name = name,
        Digest = default,   // known when it is written
        Weights = weights.Digest,
        Bytes = weights.Bytes,
        Path = "",
        Source = source,
        Created = store.Folder.Time.GetUtcNow(),
        Details = weights.Details,
        Licenses = repository.License is { } license ? [license] : [],
    };

    /// <summary>Refuses what cannot fit before the first byte comes.</summary>
    void CheckSpace(HubRepository repository, HubFile? gguf)
    {
        var files = gguf is not null ? [gguf] : repository.Files.Where(file => file.IsAtTop && file.Name.EndsWith(".safetensors", StringComparison.Ordinal)).ToArray();
        var bytes = files.Sum(file => (double)(file.Bytes ?? 0));
        if (bytes > client.Options.MostBytes)
            throw new StoreException(StoreFault.Remote, $"{repository.Reference}: the files have {bytes:N0} bytes, but at most {client.Options.MostBytes:N0} make sense. Name another repository.");

        double free;
        try
        {
            free = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(store.Root)! : store.Root).AvailableFreeSpace;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return;   // the system does not say
        }

        if (bytes > free)
            throw new StoreException(StoreFault.Storage, $"{repository.Reference}: {bytes:N0} bytes are to come, but the disk of {store.Root} has {free:N0} left. Free some space, or name another folder in {ModelStore.RootVariable}.");
    }

    /// <summary>Waits until nobody else fetches the same.</summary>
    async Task<SafeFileHandle> HoldAsync(string folder, CancellationToken cancel)
    {
        store.Folder.Prepare();
        var isTold = false;
        while (true)
        {
            if (StoreLock.TryTake(folder + ".lock") is { } held)
                return held;
            if (!isTold)
                progress?.Report(new StoreProgress("waiting for another pull of the same model"));
            isTold = true;
            await Task.Delay(Pause, store.Folder.Time, cancel).ConfigureAwait(false);
        }
    }
}
