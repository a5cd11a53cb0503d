using Ouro.Formats;
using Ouro.Model.Conversion;
using Ouro.Serving.Hub;

namespace Ouro.Serving.Store;

/// <summary>What a creation may use, and how it is to be done. Immutable.</summary>
public sealed record CreateOptions
{
    /// <summary>The folder that paths after FROM are meant from; null refuses paths, as a server does that must not read its owner's files for others.</summary>
    public string? BaseFolder { get; init; }

    /// <summary>Where the model that comes with the program lies, for <c>FROM nano</c>; null if it is not there.</summary>
    public string? BuiltInPath { get; init; }

    /// <summary>The name of a <see cref="WeightMix"/> to store the weights in, such as <c>q4_k_m</c>; null keeps their types.</summary>
    public string? Type { get; init; }

    /// <summary>Threads that convert; 0 takes one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>How to reach the hub, for <c>FROM hf:...</c>; null refuses that.</summary>
    public HubOptions? Hub { get; init; }

    internal WeightMix? Mix => Type is null ? null : WeightMix.Find(Type)
        ?? throw new StoreException(StoreFault.Invalid, $"there is no type {Type.Quoted}; choose one of {string.Join(", ", WeightMix.All.Select(mix => mix.Name))}.");
}

/// <summary>A model that was stored.</summary>
/// <param name="Notes">What a person should know, one sentence each; often empty.</param>
public sealed record CreatedModel(StoredModel Model, IReadOnlyList<string> Notes);

/// <summary>Makes one model from a Modelfile: finds the weights, brings them into the store, and then gives them the name.</summary>
sealed class ModelCreation(ModelStore store, ModelName name, CreateOptions options, IProgress<StoreProgress>? progress)
{
    /// <summary>What FROM turned out to be.</summary>
    /// <param name="Parent">A stored model, whose settings are taken over; or null.</param>
    /// <param name="Path">A file or folder.</param>
    /// <param name="IsStored">True if the path is a blob already.</param>
    /// <param name="Source">What to note as the source.</param>
    sealed record Origin(StoredModel? Parent, string Path, bool IsStored, string Source);

    public async Task<CreatedModel> RunAsync(Modelfile modelfile, CancellationToken cancel)
    {
        name.RefuseBuiltIn();
        modelfile = modelfile.Checked();
        var mix = options.Mix;
        var origin = await FindAsync(modelfile.From, cancel).ConfigureAwait(false);

        using var weights = origin.Parent is not null && mix is null
            ? null
            : await new WeightPreparation(store.Folder, progress) { Mix = mix, ModelName = name.Name, Threads = options.Threads }.RunAsync(origin.Path, origin.IsStored, cancel).ConfigureAwait(false);
        progress?.Report(new StoreProgress("writing manifest"));
        var model = Model(modelfile, origin, weights);
        var written = store.Publish(model, weights?.File, cancel);
        progress?.Report(new StoreProgress("success"));
        return new CreatedModel(written, [.. modelfile.Notes, .. weights?.Notes ?? []]);
    }

    StoredModel Model(Modelfile modelfile, Origin origin, PreparedWeights? weights)
    {
        var parent = origin.Parent;
        return new StoredModel
        {
            Name = name,
            Digest = default,   // known when it is written
            Weights = weights?.Digest ?? parent!.Weights,
            Bytes = weights?.Bytes ?? parent!.Bytes,
            Path = "",
            Source = origin.Source,
            Created = store.Folder.Time.GetUtcNow(),
            Details = weights?.Details ?? parent!.Details,
            Parameters = (parent?.Parameters ?? StoredParameters.None).Under(modelfile.Parameters),
            Template = modelfile.Template ?? parent?.Template,
            System = (modelfile.System ?? parent?.System) is { Length: > 0 } system ? system : null,     // an empty one takes the parent's away
            Messages = modelfile.Messages.Count > 0 ? modelfile.Messages : parent?.Messages ?? [],
            Licenses = [.. (parent?.Licenses ?? []).Union(modelfile.Licenses)],
        };
    }

    async Task<Origin> FindAsync(string from, CancellationToken cancel)
    {
        if (Digest.TryParse(from.TrimStart('@'), out var digest))
        {
            return store.HasBlob(digest.Value)
                ? new Origin(null, store.Folder.BlobPath(digest.Value), IsStored: true, digest.Value.ToString())
                : throw new StoreException(StoreFault.NotFound, $"there is no blob {digest} in the store. Send it first.");
        }

        if (ExistingPath(from) is { } path)
            return new Origin(null, path, IsStored: false, path);
        if (HubReference.IsOne(from))
            return await FromHubAsync(HubReference.Parse(from), cancel).ConfigureAwait(false);
        if (LooksLikePath(from))
        {
            throw options.BaseFolder is { } folder
                ? new StoreException(StoreFault.NotFound, $"FROM names {from.Quoted}, but there is no such file or folder below {folder}. Name a .gguf file, a folder with safetensors, a stored model, or hf:owner/repo.")
                : new StoreException(StoreFault.Invalid, $"FROM names {from.Quoted}, but files of this machine are not read for requests. Send the file as a blob first, or name a stored model.");
        }

        var parent = ModelName.Parse(from);
        if (store.Find(parent) is { } stored)
            return new Origin(stored, stored.Path, IsStored: true, stored.Name.ToString());
        if (parent.IsBuiltIn && options.BuiltInPath is { } builtIn)
            return new Origin(null, builtIn, IsStored: false, ModelName.BuiltIn);

        throw new StoreException(StoreFault.NotFound, $"FROM names {from.Quoted}, but there is no such file, folder or stored model. Fetch it first with 'ouro pull', or write hf:owner/repo.");
    }

    /// <summary>A repository is pulled under its own name first, so that fetching it twice is not needed.</summary>
    async Task<Origin> FromHubAsync(HubReference reference, CancellationToken cancel)
    {
        if (options.Hub is not { } hub)
            throw new StoreException(StoreFault.Invalid, $"FROM names {reference}, but nothing is fetched here. Pull it first.");

        using var client = new HubClient(hub, store.Folder.Time);
        var pulled = await new ModelPull(store, client, new PullOptions { Threads = options.Threads }, progress).RunAsync(reference, isPart: true, cancel).ConfigureAwait(false);
        return new Origin(pulled.Model, pulled.Model.Path, IsStored: true, pulled.Model.Source);
    }

    string? ExistingPath(string from)
    {
        if (options.BaseFolder is not { } folder)
            return null;

        var home = from.StartsWith("~/", StringComparison.Ordinal) ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) : null;
        var path = home is { Length: > 0 } ? Path.Combine(home, from[2..]) : Path.GetFullPath(from, Path.GetFullPath(folder));
        return ModelStore.IsModelPath(path) || (LooksLikePath(from) && Path.Exists(path)) ? path : null;
    }

    static bool LooksLikePath(string from)
        => from.Contains('\\', StringComparison.Ordinal) || from.StartsWith('.') || from.StartsWith('~') || Path.IsPathRooted(from)
            || from.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) || from.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
            || from.Count(symbol => symbol == '/') > 1;
}
