using Ouro.Formats;

namespace Ouro.Serving.Store;

/// <summary>What a check of the store found.</summary>
/// <param name="Models">Names that stand for something.</param>
/// <param name="Blobs">Files that were read.</param>
/// <param name="Bytes">Bytes of these.</param>
/// <param name="Problems">What is wrong, one sentence each; empty exactly if the store is sound.</param>
/// <param name="Notes">What is no harm, such as files that no name uses.</param>
public sealed record StoreReport(int Models, int Blobs, long Bytes, IReadOnlyList<string> Problems, IReadOnlyList<string> Notes)
{
    /// <summary>True if every name stands for a whole model.</summary>
    public bool IsSound => Problems.Count == 0;
}

/// <summary>Reads every manifest and hashes every blob. Others may go on using the store meanwhile: what they change is looked at again before it is called wrong.</summary>
sealed class StoreCheck(StoreFolder folder, ManifestFolder manifests)
{
    readonly List<string> _problems = [];
    readonly List<string> _notes = [];
    int _blobs;
    long _bytes;

    public async Task<StoreReport> RunAsync(IProgress<StoreProgress>? progress, CancellationToken cancel)
    {
        var (models, broken) = manifests.All();
        _problems.AddRange(broken);
        var named = models.ToLookup(model => model.Weights);
        var unused = 0;
        foreach (var path in Directory.Exists(folder.Blobs) ? Directory.GetFiles(folder.Blobs).Order(StringComparer.Ordinal).ToArray() : [])
        {
            if (!Digest.TryParse(Path.GetFileName(path), out var digest))
            {
                _notes.Add($"{path}: is not named by a digest, and belongs to nothing here.");
                continue;
            }

            if (!named.Contains(digest.Value))
                unused++;
            await CheckBlobAsync(path, digest.Value, progress, cancel).ConfigureAwait(false);
        }

        foreach (var model in models)
            CheckModel(model);
        if (unused > 0)
            _notes.Add($"{unused:N0} file{(unused == 1 ? " is" : "s are")} used by no name; a file goes away when it is a day old and something else is stored.");
        return new StoreReport(models.Count, _blobs, _bytes, _problems, _notes);
    }

    async Task CheckBlobAsync(string path, Digest digest, IProgress<StoreProgress>? progress, CancellationToken cancel)
    {
        try
        {
            var length = new FileInfo(path).Length;
            var found = await StoreFolder.HashAsync(
                path, done => progress?.Report(new StoreProgress("verifying sha256 digest", digest.ToString(), length, done)), cancel).ConfigureAwait(false);
            _blobs++;
            _bytes += length;
            if (found != digest)
                _problems.Add($"{path}: holds other bytes than its name says (sha256 {found.Short}...). The file is damaged; remove the models that use it and make them again.");
        }
        catch (FileNotFoundException)
        {
            // Removed meanwhile; if something still needs it, the next step says so.
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            _problems.Add($"{path}: cannot be read ({problem.Reason}).");
        }
    }

    void CheckModel(StoredModel model)
    {
        if (IsWhole(model))
            return;

        using var held = folder.Lock();
        if (manifests.Find(model.Name) is { } still && still.Digest == model.Digest && !IsWhole(still))
            _problems.Add($"{model.Name}: its weights, {model.Weights}, are {(folder.HasBlob(model.Weights) ? "of another length than its manifest says" : "not there")}. Remove it with 'ouro rm' and make it again.");
    }

    static bool IsWhole(StoredModel model) => new FileInfo(model.Path) is { Exists: true } file && file.Length == model.Bytes;
}
