using Ouro.Formats;

namespace Ouro.Serving.Store;

/// <summary>The names of a store, and what they stand for.</summary>
sealed class ManifestFolder(StoreFolder folder)
{
    /// <summary>What a name stands for; null if nothing has that name.</summary>
    /// <exception cref="StoreException">Something has, but it cannot be read.</exception>
    public StoredModel? Find(ModelName name) => Read(Path.Combine(folder.Manifests, name.ManifestPath));

    /// <summary>Every model, and one sentence for each manifest that cannot be read.</summary>
    public (IReadOnlyList<StoredModel> Models, IReadOnlyList<string> Problems) All()
    {
        var models = new List<StoredModel>();
        var problems = new List<string>();
        foreach (var path in Paths())
        {
            try
            {
                if (Read(path) is { } model)
                    models.Add(model);
            }
            catch (StoreException problem)
            {
                problems.Add(problem.Message);
            }
        }

        return (models, problems);
    }

    /// <summary>Digests that some manifest names; null if one cannot be read, so that nobody knows. The caller holds the lock.</summary>
    public IReadOnlySet<Digest>? Named()
    {
        var (models, problems) = All();
        return problems.Count > 0 ? null : models.Select(model => model.Weights).ToHashSet();
    }

    /// <summary>Makes a name stand for a model, whole or not at all. The caller holds the lock.</summary>
    public StoredModel Write(StoredModel model)
    {
        var path = Path.Combine(folder.Manifests, model.Name.ManifestPath);
        var bytes = Manifest.Write(model);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.WriteAllBytes(path, bytes);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ModelFileException)
        {
            throw new StoreException(StoreFault.Storage, $"the name '{model.Name}' cannot be written ({problem.Reason}). Free some space or check permissions, and try again.", problem);
        }

        return Manifest.Read(path, bytes, folder);
    }

    /// <summary>Takes a name away, whether what it stands for can be read or not. The caller holds the lock.</summary>
    /// <returns>False if there was no such name.</returns>
    public bool Delete(ModelName name)
    {
        var path = Path.Combine(folder.Manifests, name.ManifestPath);
        if (!File.Exists(path))
            return false;

        try
        {
            File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreFault.Storage, $"'{name}' cannot be removed ({problem.Reason}). Check permissions.", problem);
        }

        RemoveEmpty(Path.GetDirectoryName(path)!);
        return true;
    }

    /// <summary>Removes a folder that has become empty, and the one above it. The caller holds the lock, so nobody is about to write there.</summary>
    void RemoveEmpty(string emptied)
    {
        try
        {
            for (var place = emptied; place != folder.Manifests && !Directory.EnumerateFileSystemEntries(place).Any(); place = Path.GetDirectoryName(place)!)
                Directory.Delete(place);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // An empty folder does no harm.
        }
    }

    IEnumerable<string> Paths()
    {
        if (!Directory.Exists(folder.Manifests))
            return [];

        try
        {
            return [.. Directory.EnumerateDirectories(folder.Manifests).SelectMany(Directory.EnumerateDirectories).SelectMany(name => Directory.EnumerateFiles(name, "*.json"))];
        }
        catch (DirectoryNotFoundException)
        {
            return Paths();   // a name went away while they were counted
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreFault.Storage, $"{folder.Manifests}: cannot be read ({problem.Reason}). Check permissions.", problem);
        }
    }

    StoredModel? Read(string path)
    {
        byte[] bytes;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            if (file.Length > Manifest.MostBytes)
                throw new StoreException(StoreFault.Storage, $"{path}: has {file.Length:N0} bytes, which no manifest needs. Remove the model with 'ouro rm' and make it again.");
            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreFault.Storage, $"{path}: cannot be read ({problem.Reason}). Check permissions.", problem);
        }

        var model = Manifest.Read(path, bytes, folder);
        return Path.GetFullPath(Path.Combine(folder.Manifests, model.Name.ManifestPath)) == Path.GetFullPath(path)
            ? model
            : throw new StoreException(StoreFault.Storage, $"{path}: says that it is '{model.Name}', but lies where another name belongs. Delete the file, and make the model again.");
    }
}
