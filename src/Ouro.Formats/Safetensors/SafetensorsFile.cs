namespace Ouro.Formats.Safetensors;

/// <summary>One safetensors file, open for reading.</summary>
/// <remarks>
/// Opening reads the header only, and checks all of it: the tensors of an open file cover its data without gaps or overlaps, and have types
/// that can be used. Usable from several threads until disposed.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    readonly MappedFile _file;

    SafetensorsFile(MappedFile file, SafetensorsHeader header)
    {
        _file = file;
        Metadata = header.Metadata;
        Tensors = [.. header.Tensors.Select(tensor => new StoredTensor(file, tensor))];
    }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="ModelFileException">It cannot be read, is no safetensors file, is damaged, or holds unsupported types.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            var start = file.Map(0, (int)Math.Min(file.Length, SafetensorsHeader.LengthBytes + HeaderLimits.JsonBytes));
            return new SafetensorsFile(file, SafetensorsHeader.Parse(path, start.Span, file.Length));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Bytes at the start of a file that say how long its header is.</summary>
    public const int LengthBytes = SafetensorsHeader.LengthBytes;

    /// <summary>Most bytes of a header behind its length.</summary>
    public const int MostHeaderBytes = HeaderLimits.JsonBytes;

    /// <summary>What a file that is not here as a whole says about its tensors, checked as if it were; in the order of their data.</summary>
    /// <param name="path">What to call the file in messages.</param>
    /// <param name="start">Length and header, from the first byte of the file.</param>
    /// <param name="fileLength">Bytes in the whole file.</param>
    /// <exception cref="ModelFileException">Anything is wrong.</exception>
    public static IReadOnlyList<PlacedTensor> ReadHeader(string path, ReadOnlySpan<byte> start, long fileLength) => SafetensorsHeader.Parse(path, start, fileLength).Tensors;

    /// <summary>The path as it was given.</summary>
    public string Path => _file.Path;

    /// <summary>The file's own description, such as "format": "pt"; often empty.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All tensors, in the order of their data.</summary>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    /// <summary>Closes the file; memory that its tensors mapped must no longer be used.</summary>
    public void Dispose() => _file.Dispose();
}
