using Microsoft.Win32.SafeHandles;
using Ouro.Formats;

namespace Ouro.Serving.Store;

/// <summary>The right to change which manifests and blobs there are, held by one thread of one process at a time.</summary>
/// <remarks>
/// It is the system's lock on a file, so a process that dies gives it back. It is held for moments: while a finished file gets its name, a manifest is
/// written, or blobs are removed. Whatever takes long (copying, hashing, converting, fetching) happens beside it, under temporary names.
/// </remarks>
static class StoreLock
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits for the right.</summary>
    /// <param name="path">The file that stands for it.</param>
    /// <exception cref="StoreException">The file cannot be made, or somebody keeps it for a minute.</exception>
    public static SafeFileHandle Take(string path, TimeProvider time, CancellationToken cancel = default)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (TryTake(path) is { } held)
                return held;
            if (time.GetElapsedTime(started) > Patience)
                throw new StoreException(StoreFault.Storage, $"{path}: another process has kept the store for {Patience.TotalSeconds:0} seconds. End it, and try again.");

            cancel.WaitHandle.WaitOne(Pause);
        }
    }

    /// <summary>The right if nobody has it, else null.</summary>
    /// <exception cref="StoreException">The file cannot be made.</exception>
    public static SafeFileHandle? TryTake(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException problem) when (problem is not (DirectoryNotFoundException or PathTooLongException or FileNotFoundException) && File.Exists(path))
        {
            return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreFault.Storage, $"{path}: the store cannot be used ({problem.Reason}). Check permissions, or name another folder in OURO_MODELS.", problem);
        }
    }
}
