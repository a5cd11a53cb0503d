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

    /// <summary>The path as it was given.</summary>
    public string Path => _file.Path;

    /// <summary>The file's own description, such as "format": "pt"; often empty.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All tensors, in the order of their data.</summary>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    /// <summary>Closes the file; memory that its tensors mapped must no longer be used.</summary>
    public void Dispose() => _file.Dispose();
}
