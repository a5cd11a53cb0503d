using System.Text.Json;
using Ouro.Formats;
using Ouro.Serving.Store;

namespace Ouro.Serving.Hub;

/// <summary>A file that a repository says it has.</summary>
/// <param name="Name">Its path in the repository; checked to be harmless.</param>
/// <param name="Bytes">Its length; null if the hub did not say.</param>
/// <param name="Hash">64 hexadecimal digits of SHA-256, or 40 of the SHA-1 by which git knows small files; null if the hub did not say.</param>
public sealed record HubFile(string Name, long? Bytes, string? Hash)
{
    const int LongestName = 255;

    /// <summary>True if <see cref="Hash"/> is the SHA-256 of the bytes.</summary>
    public bool HasSha256 => Hash is { Length: 64 };

    /// <summary>True if it lies in the repository's own folder.</summary>
    public bool IsAtTop => !Name.Contains('/', StringComparison.Ordinal);

    /// <summary>Whether a name from a server may become part of an address and of a path: no way upwards or out, nothing hidden, and only plain characters.</summary>
    internal static bool IsAllowed(string name)
        => name.Length is > 0 and <= LongestName && name.Split('/').All(part => part.Length > 0 && part[0] != '.' && !part.EndsWith('.') && part.All(IsAllowedSymbol));

    internal static bool IsAllowedSymbol(char symbol) => char.IsAsciiLetterOrDigit(symbol) || symbol is '-' or '_' or '.' or '+' or '(' or ')' or ' ';

    /// <summary>Whether the text is a hash of a kind that can be checked.</summary>
    internal static bool IsHash(string? text) => text is not null && (Digest.IsHex(text, 64) || Digest.IsHex(text, 40));
}

/// <summary>What a repository holds at one commit.</summary>
/// <param name="Reference">As it was asked for.</param>
/// <param name="Commit">The commit, or the revision where the hub did not say; files are fetched from there.</param>
/// <param name="Files">Those with harmless names.</param>
/// <param name="License">What the hub knows of the licence, such as <c>apache-2.0</c>; null if nothing.</param>
public sealed record HubRepository(HubReference Reference, string Commit, IReadOnlyList<HubFile> Files, string? License)
{
    const int MostFiles = 20_000;
    const int CommitDigits = 40;

    /// <summary>The file of this name; null if there is none.</summary>
    public HubFile? Find(string name) => Files.FirstOrDefault(file => file.Name == name);

    /// <summary>Reads the hub's answer.</summary>
    /// <exception cref="StoreException">It is not what a hub answers.</exception>
    internal static HubRepository Read(HubReference reference, ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            var root = document.RootElement;
            var siblings = root.GetProperty("siblings");
            if (siblings.GetArrayLength() > MostFiles)
                throw new StoreException(StoreFault.Remote, $"{reference} has {siblings.GetArrayLength():N0} files, but at most {MostFiles:N0} make sense for a model. Name another repository.");

            var files = siblings.EnumerateArray().Select(ReadFile).OfType<HubFile>().ToArray();
            var sha = Text(root, "sha");
            var license = root.TryGetProperty("tags", out var tags) && tags.ValueKind == JsonValueKind.Array
                ? tags.EnumerateArray().Where(tag => tag.ValueKind == JsonValueKind.String).Select(tag => tag.GetString()!).FirstOrDefault(IsLicense)?["license:".Length..]
                : null;
            return new HubRepository(reference, sha is not null && Digest.IsHex(sha, CommitDigits) ? sha : reference.Revision ?? "main", files, license);
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new StoreException(StoreFault.Remote, $"{reference}: the answer is not a list of files ({problem.Reason}). Check HF_ENDPOINT.", problem);
        }
    }

    static bool IsLicense(string tag) => tag.StartsWith("license:", StringComparison.Ordinal) && tag.Length <= 100 && tag.All(symbol => !char.IsControl(symbol) && symbol != '"');

    /// <summary>A file; null if its name could do harm, or if it is nothing that a model is made of.</summary>
    static HubFile? ReadFile(JsonElement sibling)
    {
        if (Text(sibling, "rfilename") is not { } name || !HubFile.IsAllowed(name))
            return null;

        var (hash, bytes) = (Text(sibling, "blobId"), Length(sibling));
        if (sibling.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object)
            (hash, bytes) = (Text(lfs, "sha256") ?? Text(lfs, "oid"), Length(lfs) ?? bytes);
        return new HubFile(name, bytes, HubFile.IsHash(hash) ? hash : null);
    }

    static string? Text(JsonElement owner, string name)
        => owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    static long? Length(JsonElement owner)
        => owner.TryGetProperty("size", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var size) && size >= 0 ? size : null;
}
