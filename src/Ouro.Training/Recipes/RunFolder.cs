using System.Globalization;
using Ouro.Formats;

namespace Ouro.Training.Recipes;

/// <summary>The folder of a run: the finished model in it, and in <c>training</c> the log, the curves and the newest checkpoint.</summary>
/// <remarks>
/// A checkpoint is a folder of its own, <c>checkpoint-N</c>, which gets that name when it is whole; only then the one before is deleted. So at any moment
/// one can be killed, and the highest number is the newest whole checkpoint. One run at a time: a lock is held until disposal.
/// </remarks>
sealed class RunFolder : IDisposable
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
    public string? Newest() => Checkpoints().LastOrDefault().Path;

    /// <summary>Where the next checkpoint goes.</summary>
    public string Next() => System.IO.Path.Combine(Training, Prefix + (Checkpoints().LastOrDefault().Number + 1).ToString(CultureInfo.InvariantCulture));

    /// <summary>Deletes every checkpoint but the newest, and what killed runs left unfinished.</summary>
    public void RemoveOld()
    {
        foreach (var path in Directory.EnumerateDirectories(Training, $"{Prefix}*{Partial}").Concat(Checkpoints().SkipLast(1).Select(found => found.Path)).ToArray())
            Directory.Delete(path, recursive: true);

        // The finished model is filled beside its place, under the number of the process that writes it.
        var place = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(Path));
        foreach (var path in Directory.EnumerateDirectories(System.IO.Path.GetDirectoryName(place)!, $"{System.IO.Path.GetFileName(place)}.*{Partial}").ToArray())
        {
            if (int.TryParse(path.AsSpan(place.Length + 1, path.Length - place.Length - 1 - Partial.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _))
                Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>Deletes tokenized files, which belong to a run that left no checkpoint.</summary>
    public void RemoveData()
    {
        foreach (var data in Directory.EnumerateDirectories(Training, DataPrefix + "*").ToArray())
            Directory.Delete(data, recursive: true);
    }

    /// <summary>Deletes what a run left, but not a finished model.</summary>
    public void Clear()
    {
        RemoveOld();
        if (Newest() is { } newest)
        {
            Directory.Move(newest, newest + Partial);
            RemoveOld();
        }

        RemoveData();
        foreach (var file in new[] { LogPath, LossPicture, ExitPicture })
            File.Delete(file);
    }

    public void Dispose() => _lock.Dispose();

    IEnumerable<(int Number, string Path)> Checkpoints()
        => Directory.EnumerateDirectories(Training, Prefix + "*")
            .Select(path => (Number: int.TryParse(System.IO.Path.GetFileName(path).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0, path))
            .Where(found => found.Number > 0).OrderBy(found => found.Number);
}
