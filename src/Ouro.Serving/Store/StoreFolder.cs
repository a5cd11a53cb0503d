using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Ouro.Formats;

namespace Ouro.Serving.Store;

/// <summary>A file on its way into the store: whole, checked, and still under a temporary name.</summary>
/// <param name="IsFetched">Whether it took long to come, and is kept where it lies if something goes wrong.</param>
sealed record IncomingFile(string Path, Digest Digest, long Bytes, bool IsFetched = false) : IDisposable
{
    /// <summary>Deletes it if it did not get a name meanwhile.</summary>
    public void Dispose()
    {
        if (!IsFetched)
            StoreFolder.Discard(Path);
    }
}

/// <summary>The folders of a store, and the blobs in them.</summary>
/// <remarks>
/// <code>
/// lock                                        held while names change
/// blobs/sha256-HEX                            whole files that never change
/// manifests/NAMESPACE/NAME/TAG.json           what a name stands for
/// incoming/...partial                         on the way; swept when a day old
/// downloads/...                               fetched, to be gone on with; swept when a week old
/// </code>
/// </remarks>
sealed class StoreFolder(string root, TimeProvider time)
{
    const int BufferBytes = 1 << 20;
    const long MostBlobBytes = 1L << 44;

    static readonly TimeSpan IncomingAge = TimeSpan.FromDays(1);
    static readonly TimeSpan DownloadAge = TimeSpan.FromDays(7);

    public string Root { get; } = Path.GetFullPath(root);

    public TimeProvider Time => time;

    public string Blobs => Path.Combine(Root, "blobs");

    public string Manifests => Path.Combine(Root, "manifests");

    public string Incoming => Path.Combine(Root, "incoming");

    public string Downloads => Path.Combine(Root, "downloads");

    public string BlobPath(Digest digest) => Path.Combine(Blobs, digest.FileName);

    public bool HasBlob(Digest digest) => File.Exists(BlobPath(digest));

    /// <summary>Makes the folders.</summary>
    /// <exception cref="StoreException">They cannot be made.</exception>
    public void Prepare()
    {
        try
        {
            foreach (var folder in new[] { Blobs, Manifests, Incoming, Downloads })
                Directory.CreateDirectory(folder);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreFault.Storage, $"{Root}: the store cannot be made there ({problem.Reason}). Check permissions, or name another folder in OURO_MODELS.", problem);
        }
    }

    /// <inheritdoc cref="StoreLock.Take"/>
    public SafeFileHandle Lock(CancellationToken cancel = default)
    {
        Prepare();
        return StoreLock.Take(Path.Combine(Root, "lock"), time, cancel);
    }

    /// <summary>A path for a file on its way; nothing is there yet.</summary>
    public string NewIncoming(string ending = ".partial")
    {
        Prepare();
        return Path.Combine(Incoming, $"{Guid.NewGuid():N}{ending}");
    }

    /// <summary>Copies bytes into the store under a temporary name, and learns their digest on the way.</summary>
    /// <param name="expected">What the digest must be; null takes what comes.</param>
    /// <param name="length">Bytes there will be; null if nobody knows.</param>
    /// <exception cref="StoreException">The digest is another, there is no end to the bytes, or the disk fails.</exception>
    public async Task<IncomingFile> ReceiveAsync(Stream source, Digest? expected, long? length, Action<long>? progress, CancellationToken cancel)
    {
        var path = NewIncoming();
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var target = Create(path, Math.Min(length ?? 0, MostBlobBytes));
            var buffer = new byte[BufferBytes];
            var done = 0L;
            while (await source.ReadAsync(buffer, cancel).ConfigureAwait(false) is > 0 and var count)
            {
                if (done + count > (length ?? MostBlobBytes))
                    throw new StoreException(StoreFault.Mismatch, $"more than the {length ?? MostBlobBytes:N0} bytes came that were announced. Send the file again.");

                hash.AppendData(buffer, 0, count);
                Write(target, buffer.AsSpan(0, count), done);
                done += count;
                progress?.Invoke(done);
            }

            if (length is { } announced && done != announced)
                throw new StoreException(StoreFault.Mismatch, $"only {done:N0} of {announced:N0} bytes came. Send the file again.");

            var digest = new Digest(Convert.ToHexStringLower(hash.GetHashAndReset()));
            if (expected is { } wanted && wanted != digest)
                throw new StoreException(StoreFault.Mismatch, $"the bytes have the digest {digest}, but {wanted} was announced. Send the file again.");

            Flush(target);
            return new IncomingFile(path, digest, done);
        }
        catch
        {
            Discard(path);
            throw;
        }
    }

    /// <summary>Opens a new file that nobody else can open.</summary>
    /// <exception cref="StoreException">It cannot be made.</exception>
    public SafeFileHandle Create(string path, long length = 0, bool isNew = true)
        => Try(() => File.OpenHandle(path, isNew ? FileMode.CreateNew : FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, FileOptions.None, preallocationSize: isNew ? length : 0));

    /// <exception cref="StoreException">The disk is full or fails.</exception>
    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Failed(problem);
        }
    }

    /// <summary>Waits until the disk has everything.</summary>
    /// <exception cref="StoreException">The disk fails.</exception>
    public void Flush(SafeFileHandle file) => Try(() =>
    {
        RandomAccess.FlushToDisk(file);
        return true;
    });

    T Try<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Failed(problem);
        }
    }

    StoreException Failed(Exception problem) => new(StoreFault.Storage, $"{Root}: writing to the store failed ({problem.Reason}). Free some space and start again.", problem);

    /// <summary>The digest of a file.</summary>
    public static async Task<Digest> HashAsync(string path, Action<long>? progress, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.Asynchronous | FileOptions.SequentialScan);
        var buffer = new byte[BufferBytes];
        var done = 0L;
        while (await RandomAccess.ReadAsync(file, buffer, done, cancel).ConfigureAwait(false) is > 0 and var count)
        {
            hash.AppendData(buffer, 0, count);
            done += count;
            progress?.Invoke(done);
        }

        return new Digest(Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Gives a finished file its name among the blobs. The caller holds the lock.</summary>
    public void Place(IncomingFile file)
    {
        var place = BlobPath(file.Digest);
        try
        {
            if (File.Exists(place) && new FileInfo(place).Length == file.Bytes)
                File.SetLastWriteTimeUtc(place, time.GetUtcNow().UtcDateTime);   // young again, so that nobody sweeps it before it is named
            else
                File.Move(file.Path, place, overwrite: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreFault.Storage, $"{place}: the finished file cannot be put in its place ({problem.Reason}). Check permissions and start again.", problem);
        }
    }

    /// <summary>Deletes what interrupted work left long ago, and blobs that no manifest names and that nobody asked for lately. The caller holds the lock.</summary>
    public void Sweep(IReadOnlySet<Digest> named)
    {
        var now = time.GetUtcNow().UtcDateTime;
        foreach (var entry in Entries(Incoming).Where(entry => now - entry.LastWriteTimeUtc > IncomingAge).Concat(Entries(Downloads).Where(entry => now - NewestIn(entry) > DownloadAge)))
            Discard(entry.FullName);
        foreach (var blob in Entries(Blobs))
        {
            var isNamed = Digest.TryParse(blob.Name, out var digest) && named.Contains(digest.Value);
            if (!isNamed && now - blob.LastWriteTimeUtc > IncomingAge)
                Discard(blob.FullName);
        }
    }

    /// <summary>Deletes a file or folder if it can be; what stays is swept another time.</summary>
    public static void Discard(string path)
    {
        try
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            else
                File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Somebody has it open, or it went away by itself.
        }
    }

    static IEnumerable<FileSystemInfo> Entries(string folder) => Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFileSystemInfos() : [];

    static DateTime NewestIn(FileSystemInfo entry)
        => entry is DirectoryInfo folder ? folder.EnumerateFiles().Select(file => file.LastWriteTimeUtc).Append(folder.LastWriteTimeUtc).Max() : entry.LastWriteTimeUtc;
}
