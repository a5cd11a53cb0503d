namespace Ouro.Formats.Safetensors;

/// <summary>All tensors of a Hugging Face checkpoint, whether in one file or in shards with an index.</summary>
/// <remarks>
/// An open checkpoint is complete: every tensor of the index is in the shard that the index names, and every tensor of a shard is in the
/// index. Usable from several threads until disposed.
/// </remarks>
public sealed class SafetensorsCheckpoint : IDisposable
{
    /// <summary>What the one file of a checkpoint that is not in shards is called.</summary>
    public const string SingleFileName = "model.safetensors";

    /// <summary>What the list of tensors and their shards is called.</summary>
    public const string IndexFileName = ShardIndex.FileName;

    static readonly string[] PicklePatterns = ["pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl"];

    readonly IReadOnlyList<SafetensorsFile> _files;
    readonly Dictionary<string, StoredTensor> _byName;

    SafetensorsCheckpoint(string folder, IReadOnlyList<SafetensorsFile> files)
    {
        (Folder, _files) = (folder, files);
        Tensors = [.. files.SelectMany(file => file.Tensors)];
        _byName = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="path">
    /// A folder that holds model.safetensors, or model.safetensors.index.json and its shards; or one of these two files; or any one
    /// safetensors file.
    /// </param>
    /// <exception cref="ModelFileException">
    /// There is no such checkpoint, a part of it is missing or damaged, or it consists of pickles, which are never opened.
    /// </exception>
    public static SafetensorsCheckpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
            return OpenFile(path);

        var single = Path.Combine(path, SingleFileName);
        if (File.Exists(single))
            return OpenFile(single);

        var index = Path.Combine(path, ShardIndex.FileName);
        return File.Exists(index) ? OpenShards(index) : throw NotACheckpoint(path);
    }

    /// <summary>What the index of a sharded checkpoint says: the name of the shard, a file beside it, for each tensor.</summary>
    /// <exception cref="ModelFileException">It cannot be read, is no index, or names a file outside its folder.</exception>
    public static IReadOnlyDictionary<string, string> ReadIndex(string path) => ShardIndex.Read(path).ShardOf;

    /// <summary>The folder of the checkpoint, which also holds its config.json and tokenizer.</summary>
    public string Folder { get; }

    /// <summary>All tensors, shard by shard in the order of the shards' names, and there in the order of their data.</summary>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    /// <summary>The tensor of this name; null when there is none.</summary>
    public StoredTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Closes all files; memory that their tensors mapped must no longer be used.</summary>
    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    static SafetensorsCheckpoint OpenFile(string path) => path.EndsWith(".index.json", StringComparison.Ordinal)
        ? OpenShards(path)
        : new SafetensorsCheckpoint(FolderOf(path), [SafetensorsFile.Open(path)]);

    static SafetensorsCheckpoint OpenShards(string indexPath)
    {
        var index = ShardIndex.Read(indexPath);
        var folder = FolderOf(indexPath);
        var files = new List<SafetensorsFile>();
        try
        {
            foreach (var shard in index.ShardOf.Values.Distinct().Order(StringComparer.Ordinal))
                files.Add(OpenShard(index, folder, shard));

            CheckAllFound(index, files);
            return new SafetensorsCheckpoint(folder, files);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    static SafetensorsFile OpenShard(ShardIndex index, string folder, string shard)
    {
        var path = Path.Combine(folder, shard);
        if (!File.Exists(path))
            throw new ModelFileException(folder,
                $"the shard {shard.Quoted} is missing, which the index names; the download is probably incomplete, so fetch this file too.");

        var file = SafetensorsFile.Open(path);
        foreach (var tensor in file.Tensors)
        {
            var listed = index.ShardOf.GetValueOrDefault(tensor.Name);
            if (listed == shard)
                continue;

            file.Dispose();
            throw Mismatch(path, listed is null
                ? $"tensor {tensor.Name.Quoted} is in this shard but not in the index"
                : $"tensor {tensor.Name.Quoted} is in this shard, but the index says that it is in {listed.Quoted}");
        }

        return file;
    }

    static void CheckAllFound(ShardIndex index, List<SafetensorsFile> files)
    {
        var found = files.SelectMany(file => file.Tensors).Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (tensor, shard) in index.ShardOf)
            if (!found.Contains(tensor))
                throw Mismatch(index.Path, $"tensor {tensor.Quoted} is said to be in {shard.Quoted}, but that shard does not hold it");
    }

    static ModelFileException Mismatch(string path, string finding)
        => new(path, $"{finding}; index and shards belong to different downloads, so fetch all of them again.");

    static ModelFileException NotACheckpoint(string folder)
    {
        if (PicklePatterns.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern)).FirstOrDefault() is { } pickle)
            return new(folder, $"the checkpoint is stored in pickles ({Path.GetFileName(pickle).Quoted}); {FileSignature.GetSafetensors}.");

        return Directory.EnumerateFiles(folder, "model-*-of-*.safetensors").Any()
            ? new(folder, $"there are shards but no {ShardIndex.FileName} to say what belongs in them; fetch this file too.")
            : new(folder, $"there is neither {SingleFileName} nor {ShardIndex.FileName} in this folder; "
                + "name the folder of a downloaded checkpoint.");
    }

    static string FolderOf(string file) => Path.GetDirectoryName(Path.GetFullPath(file))!;
}
