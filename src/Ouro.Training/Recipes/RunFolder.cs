using System.Globalization;
using System.Text.RegularExpressions;
using Ouro.Formats;

namespace Ouro.Training.Recipes;

/// <summary>The folder of a run: the finished model in it, and in <c>training</c> the log, the curves and the newest checkpoint.</summary>
/// <remarks>
/// A checkpoint is a folder of its own, <c>checkpoint-N</c>, which gets that name when it is whole; only then the one before is deleted. So at any moment
/// one can be killed, and the highest number is the newest whole checkpoint. What other programs left under such names stays. One run at a time: a lock
/// is held until disposal.
/// </remarks>
sealed partial class RunFolder : IDisposable
{
    const string Prefix = "checkpoint-";

    /// <summary>Ends the names of folders that are not whole.</summary>
    public const string Partial = ".partial";

    /// <summary>Begins the names of folders with tokenized files.</summary>
    public const string DataPrefix = "data-";

    readonly FileStream _lock;

    RunFolder(string path, string training, FileStream held) => (Path, Training, _lock) = (path, training, held);

    /// <summary>Where the finished model goes.</summary>
    public string Path { get; }

    /// <summary>Where everything else lies.</summary>
    public string Training { get; }

    public string LogPath => System.IO.Path.Combine(Training, "log.jsonl");

    public string LossPicture => System.IO.Path.Combine(Training, "loss.svg");

    public string ExitPicture => System.IO.Path.Combine(Training, "exits.svg");

    /// <exception cref="RecipeException">Another run uses the folder.</exception>
    /// <exception cref="ModelFileException">It cannot be made.</exception>
    public static RunFolder Open(string path)
    {
        if (path.Length == 0)
            throw new RecipeException("the path of the output is empty; name a folder.");
        if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is null)
            throw new RecipeException(path, "the output is the root of a file system, which cannot be a model's folder; name a folder in it with -o.");

        var training = System.IO.Path.Combine(path, "training");
        try
        {
            Directory.CreateDirectory(training);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"the folder cannot be made ({problem.Reason}); choose another with -o.", problem);
        }

        try
        {
            return new RunFolder(path, training, new FileStream(
                System.IO.Path.Combine(training, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException(path, $"another run is training here ({problem.Reason}); wait for it, or choose another folder with -o.");
        }
    }

    /// <summary>The newest whole checkpoint; null if there is none.</summary>
    public string? Newest() => Checkpoints().LastOrDefault(found => Checkpoint.IsAt(found.Path)).Path;

    /// <summary>Where the next checkpoint goes.</summary>
    public string Next() => System.IO.Path.Combine(Training, Prefix + (Checkpoints().LastOrDefault().Number + 1).ToString(CultureInfo.InvariantCulture));

    /// <summary>Refuses a folder that holds a model.</summary>
    /// <exception cref="RecipeException">It does.</exception>
    public void RefuseModel()
    {
        if (File.Exists(System.IO.Path.Combine(Path, "config.json")) || Directory.EnumerateFiles(Path, "model*.safetensors").Any())
            throw new RecipeException(Path, "holds a model, but no checkpoint of a run that could go on; choose another folder with -o, or replace the model with --restart.");
    }

    /// <summary>Deletes every checkpoint of ours but the newest, and what killed runs left unfinished.</summary>
    public void RemoveOld()
    {
        Remove(Directory.EnumerateDirectories(Training, $"{Prefix}*{Partial}").Where(path => UnfinishedName().IsMatch(System.IO.Path.GetFileName(path))));
        Remove(Directory.EnumerateDirectories(Training, $"{DataPrefix}*{Partial}").Where(IsData));
        var newest = Newest();
        RemoveCheckpoints(path => path != newest);

        // The finished model is filled beside its place, under the number of the process that writes it.
        var place = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(Path));
        Remove(Directory.EnumerateDirectories(System.IO.Path.GetDirectoryName(place)!, $"{System.IO.Path.GetFileName(place)}.*{Partial}")
            .Where(path => int.TryParse(path.AsSpan(place.Length + 1, path.Length - place.Length - 1 - Partial.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _)));
    }

    /// <summary>Deletes tokenized files, which belong to a run that left no checkpoint; not those that are still unfinished.</summary>
    public void RemoveData()
        => Remove(Directory.EnumerateDirectories(Training, DataPrefix + "*").Where(path => !path.EndsWith(Partial, StringComparison.Ordinal) && IsData(path)));

    /// <summary>Deletes what a run left, but not a finished model.</summary>
    public void Clear()
    {
        RemoveCheckpoints(_ => true);
        RemoveData();
        foreach (var file in new[] { LogPath, LossPicture, ExitPicture })
            File.Delete(file);
    }

    /// <summary>Whether a folder has nothing but files of token shards, whole or not.</summary>
    public static bool IsData(string path)
        => Directory.EnumerateFileSystemEntries(path).All(entry => File.Exists(entry) && System.IO.Path.GetFileName(entry).StartsWith("shard-", StringComparison.Ordinal));

    public void Dispose() => _lock.Dispose();

    /// <summary>Deletes checkpoints of ours. Each loses its name first, so that one is whole or not there.</summary>
    void RemoveCheckpoints(Func<string, bool> isWanted)
    {
        foreach (var (_, path) in Checkpoints().Where(found => isWanted(found.Path) && Checkpoint.IsOurs(found.Path)).ToArray())
        {
            Directory.Move(path, path + Partial);
            Directory.Delete(path + Partial, recursive: true);
        }
    }

    static void Remove(IEnumerable<string> folders)
    {
        foreach (var folder in folders.ToArray())
            Directory.Delete(folder, recursive: true);
    }

    [GeneratedRegex(@"^checkpoint-[0-9]+(\.[0-9]+)?\.partial$")]
    private static partial Regex UnfinishedName();

    IEnumerable<(int Number, string Path)> Checkpoints()
        => Directory.EnumerateDirectories(Training, Prefix + "*")
            .Select(path => (Number: int.TryParse(System.IO.Path.GetFileName(path).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0, path))
            .Where(found => found.Number > 0).OrderBy(found => found.Number);
}
