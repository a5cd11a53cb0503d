using System.Buffers;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Ouro.Formats;

/// <summary>A file opened for reading, either through a memory map or by plain reads.</summary>
/// <remarks>
/// Usable from several threads. Spans of mapped memory must not be used after <see cref="Dispose"/>, and the file must not be shortened
/// while it is mapped: the operating system then ends the process.
/// </remarks>
public sealed class MappedFile : IDisposable
{
    readonly SafeFileHandle _handle;
    readonly Lock _mapping = new();
    View? _view;

    MappedFile(string path, SafeFileHandle handle)
        => (Path, _handle, Length) = (path, handle, RandomAccess.GetLength(handle));

    /// <summary>Opens a file that others may read, but not change, meanwhile.</summary>
    /// <exception cref="ModelFileException">It is missing, empty, a folder, or may not be read.</exception>
    public static MappedFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0)
            throw new ModelFileException("''", "the path is empty; name a file.");
        if (Directory.Exists(path))
            throw new ModelFileException(path, "this is a folder where a file is expected; name a file inside it.");

        try
        {
            // Asked before opening, since opening a pipe could wait for ever: pipes and devices have no length.
            var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            if (new FileInfo(target) is { Exists: true, Length: 0 })
                throw new ModelFileException(path, "the file is empty, or no ordinary file; if it was downloaded, fetch it again.");

            return new MappedFile(path, File.OpenHandle(path));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFileException(path, "there is no such file; check the path.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new ModelFileException(path, "you are not allowed to read this file; check its permissions.", error);
        }
        catch (IOException error)
        {
            throw new ModelFileException(path, $"the file cannot be opened ({error.Reason}); check the disk and the path.", error);
        }
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file when it was opened; at least 1.</summary>
    public long Length { get; }

    /// <summary>A part of the file as memory. The whole file is mapped at the first call; later calls only point into it.</summary>
    /// <returns>Read-only memory, valid until <see cref="Dispose"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range reaches outside the file.</exception>
    /// <exception cref="ModelFileException">The system refuses the map.</exception>
    public ReadOnlyMemory<byte> Map(long offset, int length)
    {
        CheckRange(offset, length);
        return length == 0 ? default : new Region(WholeFile(), offset, length).Memory;
    }

    /// <summary>Copies a part of the file without mapping it, so that nothing stays resident.</summary>
    /// <param name="destination">Filled whole.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range reaches outside the file.</exception>
    /// <exception cref="ModelFileException">The file can no longer be read, or has become shorter.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        try
        {
            while (!destination.IsEmpty)
            {
                var count = RandomAccess.Read(_handle, destination, offset);
                if (count == 0)
                    throw new ModelFileException(Path, $"the file had {Length:N0} bytes when it was opened but now ends at byte "
                        + $"{offset:N0}; leave it unchanged while it is in use, and start again.");

                destination = destination[count..];
                offset += count;
            }
        }
        catch (IOException error)
        {
            throw new ModelFileException(Path, $"reading at byte {offset:N0} failed ({error.Reason}); check the disk.", error);
        }
    }

    /// <summary>Closes the file and ends all maps.</summary>
    public void Dispose()
    {
        lock (_mapping)
        {
            _view?.Dispose();
            _handle.Dispose();
        }
    }

    void CheckRange(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
    }

    View WholeFile()
    {
        lock (_mapping)
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            try
            {
                return _view ??= new View(_handle);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or OutOfMemoryException)
            {
                throw new ModelFileException(Path, $"the system cannot map the {Length:N0} bytes of the file into memory "
                    + $"({error.Reason}); check limits on address space and the type of file system.", error);
            }
        }
    }

    /// <summary>The map of the whole file.</summary>
    sealed unsafe class View : IDisposable
    {
        readonly MemoryMappedFile _map;
        readonly MemoryMappedViewAccessor _accessor;
        readonly byte* _start;

        public View(SafeFileHandle handle)
        {
            _map = MemoryMappedFile.CreateFromFile(
                handle, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            try
            {
                _accessor = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            }
            catch
            {
                _map.Dispose();
                throw;
            }

            // Also keeps the map alive when nobody disposes it: a forgotten file then leaks instead of crashing its readers.
            _accessor.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        }

        public byte* Start
        {
            get
            {
                ObjectDisposedException.ThrowIf(_accessor.SafeMemoryMappedViewHandle.IsClosed, typeof(MappedFile));
                return _start;
            }
        }

        public void Dispose()
        {
            if (_accessor.SafeMemoryMappedViewHandle.IsClosed)
                return;

            _accessor.SafeMemoryMappedViewHandle.ReleasePointer();
            _accessor.Dispose();
            _map.Dispose();
        }
    }

    /// <summary>A part of the map; asking it for its bytes after the file was disposed is an error, not a crash.</summary>
    sealed unsafe class Region(View view, long offset, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(view.Start + offset, length);

        // Mapped memory never moves, so there is nothing to pin.
        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, length);
            return new MemoryHandle(view.Start + offset + elementIndex);
        }

        public override void Unpin() { }

        protected override void Dispose(bool disposing) { }
    }
}
