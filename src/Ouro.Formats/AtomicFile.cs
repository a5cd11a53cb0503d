using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Ouro.Formats;

/// <summary>A file that appears whole or not at all: written under a temporary name beside its place, and renamed when finished.</summary>
/// <remarks>
/// The temporary is called <c>NAME.PID.partial</c> and is deleted by <see cref="Dispose"/> unless <see cref="Commit"/> came first; one that a
/// killed process left is deleted by the next who writes that file. What was
/// at the path before stays untouched until the commit, and serves whoever has it open even after it, where the system allows that.
/// <see cref="Write"/> may be called from several threads.
/// </remarks>
public sealed class AtomicFile : IDisposable
{
    const string Ending = ".partial";

    readonly SafeFileHandle _handle;
    readonly string _temporary;
    bool _done;

    AtomicFile(string path, string temporary, SafeFileHandle handle)
        => (Path, _temporary, _handle) = (path, temporary, handle);

    /// <summary>Starts a file. The disk space is reserved at once, so that a full disk is noticed now and not after hours.</summary>
    /// <param name="path">Where the finished file will be; its folder must exist.</param>
    /// <param name="length">Bytes that the file will have, zero until written; a later write behind them makes it longer.</param>
    /// <exception cref="ModelFileException">The place cannot be written, somebody else is writing it, or the disk is too small.</exception>
    public static AtomicFile Create(string path, long length = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path));
        if (folder is null || Directory.Exists(path))
            throw new ModelFileException(path, "this is a folder, but a file is to be written; add a file name.");

        if (!Directory.Exists(folder))
            throw new ModelFileException(path, $"the folder {folder} does not exist; create it first.");

        if (AvailableBytes(folder) is { } available && available < length)
            throw new ModelFileException(path, $"the file needs {length:N0} bytes but its disk has {available:N0} left; "
                + "free some space or choose another disk.");

        var temporary = $"{path}.{Environment.ProcessId}{Ending}";
        try
        {
            RemoveLeftovers(folder, System.IO.Path.GetFileName(path));
            // Unshared, so that a second writer of the same file is refused.
            var handle = File.OpenHandle(
                temporary, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: length);
            var file = new AtomicFile(path, temporary, handle);
            file.SetLength(length);
            return file;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path,
                $"the file cannot be created ({error.Reason}); check permissions and free space of its folder.", error);
        }
    }

    /// <summary>Writes a small text file as UTF-8, whole or not at all.</summary>
    /// <exception cref="ModelFileException">It cannot be written.</exception>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a small file, whole or not at all.</summary>
    /// <exception cref="ModelFileException">It cannot be written.</exception>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = Create(path, bytes.Length);
        file.Write(0, bytes);
        file.Commit();
    }

    /// <summary>Where the finished file will be.</summary>
    public string Path { get; }

    /// <summary>Writes bytes at a place, in any order and from any thread.</summary>
    /// <param name="offset">Counted from the start of the file.</param>
    /// <exception cref="ModelFileException">The disk is full or fails.</exception>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        try
        {
            RandomAccess.Write(_handle, bytes, offset);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(Path, $"writing at byte {offset:N0} failed ({error.Reason}); "
                + "the unfinished file is removed, so free some space or choose another disk and start again.", error);
        }
    }

    /// <summary>Waits until the disk has everything, then puts the file in its place, replacing what was there.</summary>
    /// <exception cref="ModelFileException">The disk fails, or the place cannot be replaced; <see cref="Dispose"/> cleans up.</exception>
    public void Commit()
    {
        try
        {
            RandomAccess.FlushToDisk(_handle);
            _handle.Dispose();
            File.Move(_temporary, Path, overwrite: true);
            _done = true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(Path, $"the finished file cannot be put in its place ({error.Reason}); "
                + "check that nothing else uses that name, and start again.", error);
        }
    }

    /// <summary>Deletes the temporary unless the file was committed.</summary>
    public void Dispose()
    {
        if (_done)
            return;

        _done = true;
        _handle.Dispose();
        try
        {
            File.Delete(_temporary);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The file or folder is already out of reach, and the error that brought us here is worth more than this one.
        }
    }

    void SetLength(long length)
    {
        try
        {
            RandomAccess.SetLength(_handle, length);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Deletes what killed runs left of this file: temporaries that nobody holds open.</summary>
    static void RemoveLeftovers(string folder, string name)
    {
        foreach (var other in Directory.EnumerateFiles(folder, "*" + Ending))
        {
            if (!IsTemporaryOf(name, System.IO.Path.GetFileName(other)))
                continue;

            try
            {
                using (File.OpenHandle(other, FileMode.Open, FileAccess.Write, FileShare.None))
                    File.Delete(other);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Somebody is writing it, or may: then it is not ours to delete.
            }
        }
    }

    static bool IsTemporaryOf(string name, string other)
        => other.Length > name.Length + 1 + Ending.Length
            && other.StartsWith(name + ".", StringComparison.Ordinal)
            && int.TryParse(other.AsSpan(name.Length + 1, other.Length - name.Length - 1 - Ending.Length), out _);

    /// <summary>Free bytes where a folder lies; null when the system does not say.</summary>
    static long? AvailableBytes(string folder)
    {
        try
        {
            return new DriveInfo(OperatingSystem.IsWindows() ? System.IO.Path.GetPathRoot(folder)! : folder).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
