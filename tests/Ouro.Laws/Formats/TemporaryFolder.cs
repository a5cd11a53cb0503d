namespace Ouro.Laws.Formats;

/// <summary>An empty folder that goes away with everything in it.</summary>
sealed class TemporaryFolder : IDisposable
{
    readonly string _path = Directory.CreateTempSubdirectory("ouro-laws-").FullName;

    public string Path => _path;

    /// <summary>Every file in it, by name.</summary>
    public string[] Files => [.. Directory.EnumerateFiles(_path).Select(file => System.IO.Path.GetFileName(file)!).Order()];

    public string File(string name) => System.IO.Path.Combine(_path, name);

    public string File(string name, ReadOnlySpan<byte> content)
    {
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    public string File(string name, string content)
    {
        System.IO.File.WriteAllText(File(name), content);
        return File(name);
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
