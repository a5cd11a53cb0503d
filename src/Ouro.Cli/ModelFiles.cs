using System.Security.Cryptography;
using Ouro.Serving;

namespace Ouro.Cli;

/// <summary>Describes files and folders as models that can be served.</summary>
static class ModelFiles
{
    const long MostHashed = 256 << 20;   // a second or less; what is larger is told apart by its size and time

    /// <summary>A model's file or folder under a name.</summary>
    public static CatalogModel Describe(string name, string path)
    {
        var full = Path.GetFullPath(path);
        FileSystemInfo place = Directory.Exists(full) ? new DirectoryInfo(full) : new FileInfo(full);
        var size = place is DirectoryInfo folder ? folder.EnumerateFiles().Sum(file => file.Length) : ((FileInfo)place).Length;
        return new CatalogModel(Tagged(name), full)
        {
            Size = size,
            ModifiedAt = place.LastWriteTimeUtc,
            Digest = place is FileInfo && size <= MostHashed ? Hash(full) : null,
        };
    }

    /// <summary>What a model at a path is called: its file's or folder's name, in the letters that names may have.</summary>
    public static string NameOf(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var name = Directory.Exists(full) ? Path.GetFileName(full) : Path.GetFileNameWithoutExtension(full);
        var plain = string.Concat(name.Select(symbol => char.IsAsciiLetterOrDigit(symbol) || symbol is '-' or '_' or '.' ? symbol : '-')).Trim('-', '.');
        return plain.Length == 0 ? "model" : plain;
    }

    /// <summary>A name with the tag that is meant if none is said.</summary>
    public static string Tagged(string name) => $"{name}:latest";

    static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
