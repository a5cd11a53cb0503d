using Ouro.Formats;
using Ouro.Model;

namespace Ouro.Serving.Store;

/// <summary>The models of a person, by name. Files are kept once, by their SHA-256, however many names use them.</summary>
/// <remarks>
/// Several threads and processes may use one store at once. A model gets its name only when all of it is there, so a process that is killed leaves at most temporary files,
/// which are swept when they are old; what was confirmed is never lost. Nothing outside the store can be reached through a name.
/// </remarks>
public sealed class ModelStore
{
    /// <summary>The variable of the environment that names the store's folder.</summary>
    public const string RootVariable = "OURO_MODELS";

    readonly ManifestFolder _manifests;

    /// <param name="root">The store's folder; null takes <see cref="DefaultRoot"/>. It is made when something is first stored.</param>
    /// <param name="time">The clock; the system's if null.</param>
    /// <exception cref="StoreException">There is no such place.</exception>
    public ModelStore(string? root = null, TimeProvider? time = null)
    {
        Folder = new StoreFolder(root ?? DefaultRoot(), time ?? TimeProvider.System);
        _manifests = new ManifestFolder(Folder);
    }

    /// <summary>Where models are kept unless somebody says otherwise: <c>OURO_MODELS</c>, else <c>ouro/models</c> where this system keeps a user's data.</summary>
    /// <exception cref="StoreException">The user has no such place.</exception>
    public static string DefaultRoot()
    {
        if (Environment.GetEnvironmentVariable(RootVariable) is { Length: > 0 } named)
            return named;

        // XDG_DATA_HOME or ~/.local/share on Linux, and what takes its place elsewhere.
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return data.Length > 0
            ? Path.Combine(data, "ouro", "models")
            : throw new StoreException(StoreFault.Storage, $"there is no home folder to keep models in. Name a folder in {RootVariable}.");
    }

    /// <summary>Whether a model's file or folder lies at a path: a folder that merely has a model's name does not hide the model.</summary>
    public static bool IsModelPath(string path) => File.Exists(path) || File.Exists(Path.Combine(path, HuggingFaceConfig.FileName));

    /// <summary>The store's folder.</summary>
    public string Root => Folder.Root;

    internal StoreFolder Folder { get; }

    /// <summary>Every model that can be read, the youngest first.</summary>
    public IReadOnlyList<StoredModel> List() => [.. _manifests.All().Models.OrderByDescending(model => model.Created).ThenBy(model => model.Name.ToString(), StringComparer.Ordinal)];

    /// <summary>The model of this name; null if there is none.</summary>
    /// <exception cref="StoreException">There is one, but it is damaged.</exception>
    public StoredModel? Find(ModelName name) => _manifests.Find(name);

    /// <summary>The model of this name.</summary>
    /// <exception cref="StoreException">There is none, or it is damaged.</exception>
    public StoredModel Require(ModelName name) => Find(name) ?? throw NoSuch(name);

    /// <summary>Stores a model under a name, in place of what had the name before.</summary>
    /// <exception cref="StoreException">The name, the Modelfile or the weights cannot be used.</exception>
    /// <exception cref="ModelFileException">The weights are damaged, incomplete, or of another family.</exception>
    /// <exception cref="OperationCanceledException">Asked for; nothing is left behind, except what was fetched.</exception>
    public Task<CreatedModel> CreateAsync(ModelName name, Modelfile modelfile, CreateOptions options, IProgress<StoreProgress>? progress = null, CancellationToken cancel = default)
        => new ModelCreation(this, name, options, progress).RunAsync(modelfile, cancel);

    /// <summary>Gives a model a second name; the weights are kept once.</summary>
    /// <exception cref="StoreException">There is no such model, or the new name cannot be used.</exception>
    public StoredModel Copy(ModelName from, ModelName to)
    {
        to.RefuseBuiltIn();
        return Publish(Require(from) with { Name = to }, file: null, CancellationToken.None);
    }

    /// <summary>Takes a name away, and the weights with it if no other name uses them.</summary>
    /// <exception cref="StoreException">There is no such model.</exception>
    public void Remove(ModelName name)
    {
        if (name.IsBuiltIn)
            throw new StoreException(StoreFault.Invalid, $"'{ModelName.BuiltIn}' comes with the program, and cannot be removed.");
        if (!Directory.Exists(Folder.Manifests))
            throw NoSuch(name);

        using var held = Folder.Lock();
        StoredModel? removed = null;
        try
        {
            removed = _manifests.Find(name);
        }
        catch (StoreException)
        {
            // What cannot be read can still be removed; its weights are swept with whatever else no manifest names.
        }

        if (!_manifests.Delete(name))
            throw NoSuch(name);
        Collect(removed?.Weights);
    }

    /// <summary>Whether the store has these bytes.</summary>
    public bool HasBlob(Digest digest) => Folder.HasBlob(digest);

    /// <summary>Where these bytes lie, if the store has them.</summary>
    public string BlobPath(Digest digest) => Folder.BlobPath(digest);

    /// <summary>Takes bytes in, for a model to be made of within a day: <c>FROM sha256:...</c>.</summary>
    /// <param name="digest">What the bytes must hash to.</param>
    /// <param name="length">How many there will be; null if nobody knows.</param>
    /// <exception cref="StoreException">They are others, or too many, or the disk fails; nothing is kept then.</exception>
    public async Task AddBlobAsync(Digest digest, Stream bytes, long? length = null, CancellationToken cancel = default)
    {
        using var file = await Folder.ReceiveAsync(bytes, digest, length, progress: null, cancel).ConfigureAwait(false);
        using var held = Folder.Lock(cancel);
        Folder.Place(file);
    }

    /// <summary>Reads everything in the store and says what is wrong with it.</summary>
    public Task<StoreReport> CheckAsync(IProgress<StoreProgress>? progress = null, CancellationToken cancel = default)
        => new StoreCheck(Folder, _manifests).RunAsync(progress, cancel);

    /// <summary>Gives a model its name, and with it the file that it needs, if it is a new one.</summary>
    /// <exception cref="StoreException">The weights were removed meanwhile, or the disk fails.</exception>
    internal StoredModel Publish(StoredModel model, IncomingFile? file, CancellationToken cancel)
    {
        using var held = Folder.Lock(cancel);
        if (file is not null)
            Folder.Place(file);
        else if (!Folder.HasBlob(model.Weights))
            throw new StoreException(StoreFault.NotFound, $"the weights {model.Weights} are not in the store any more. Make the model again from its source, {model.Source.Quoted}.");

        var before = ReadableOrNull(model.Name);
        var written = _manifests.Write(model);
        Collect(before is { } replaced && replaced.Weights != written.Weights ? replaced.Weights : null);
        return written;
    }

    /// <summary>Deletes a blob that lost a name, unless another name uses it, and whatever is old. The caller holds the lock.</summary>
    void Collect(Digest? loose)
    {
        if (_manifests.Named() is not { } named)
            return;   // a manifest that cannot be read may name anything

        if (loose is { } digest && !named.Contains(digest))
            StoreFolder.Discard(Folder.BlobPath(digest));
        Folder.Sweep(named);
    }

    StoredModel? ReadableOrNull(ModelName name)
    {
        try
        {
            return _manifests.Find(name);
        }
        catch (StoreException)
        {
            return null;
        }
    }

    StoreException NoSuch(ModelName name)
    {
        var near = List().Select(model => model.Name).FirstOrDefault(other => string.Equals(other.Name, name.Name, StringComparison.OrdinalIgnoreCase));
        return new StoreException(StoreFault.NotFound, $"there is no model '{name}' in the store{(near is null ? ". 'ouro list' shows those that there are." : $", but there is '{near}'.")}");
    }
}
