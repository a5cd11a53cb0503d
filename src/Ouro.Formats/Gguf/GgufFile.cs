namespace Ouro.Formats.Gguf;

/// <summary>A GGUF file, open for reading: its metadata, and its tensors where they lie.</summary>
/// <remarks>
/// Opening reads the header only, and checks all of it: an open file has no tensor that ends behind the file, overlaps another, or has a type
/// that cannot be used. Usable from several threads until disposed.
/// </remarks>
public sealed class GgufFile : IDisposable
{
    readonly MappedFile _file;
    readonly Dictionary<string, StoredTensor> _byName;

    GgufFile(MappedFile file, GgufHeader header)
    {
        _file = file;
        (Version, Alignment, Metadata) = (header.Version, header.Alignment, header.Metadata);
        Tensors = [.. header.Tensors.Select(tensor => new StoredTensor(file, tensor))];
        _byName = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="ModelFileException">It cannot be read, is not GGUF 2 or 3, is damaged, or holds unsupported types.</exception>
    public static GgufFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            var start = file.Map(0, (int)Math.Min(file.Length, HeaderLimits.GgufBytes));
            return new GgufFile(file, GgufHeader.Parse(path, start.Span, file.Length));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The path as it was given.</summary>
    public string Path => _file.Path;

    /// <summary>Version of the format, 2 or 3; they differ only in what writers may do.</summary>
    public int Version { get; }

    /// <summary>Every tensor starts at a multiple of this many bytes, counted from the start of the file.</summary>
    public int Alignment { get; }

    /// <summary>The key-value part.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>All tensors, in the order of the header.</summary>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    /// <summary>The tensor of this name; null when there is none.</summary>
    public StoredTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Closes the file; memory that its tensors mapped must no longer be used.</summary>
    public void Dispose() => _file.Dispose();
}
