using Ouro.Formats;
using Ouro.Serving.Store;

namespace Ouro.Serving.Hub;

/// <summary>A repository on the hub, and what of it: <c>hf:owner/repo[@revision][:file-pattern]</c>. Immutable.</summary>
/// <param name="Owner">Whose it is.</param>
/// <param name="Repository">Its name.</param>
/// <param name="Revision">A branch, tag or commit; null takes the main branch.</param>
/// <param name="Pattern">A type such as <c>q4_k_m</c>, a file's name, or a pattern with <c>*</c> and <c>?</c>; null lets the program choose.</param>
public sealed record HubReference(string Owner, string Repository, string? Revision, string? Pattern)
{
    const int LongestPart = 96;
    const int LongestRevision = 200;

    static readonly string[] Prefixes = ["hf:", "https://huggingface.co/", "https://hf.co/", "huggingface.co/", "hf.co/"];

    /// <summary>Whether the text says by its beginning that it means the hub.</summary>
    public static bool IsOne(string text) => Array.Exists(Prefixes, prefix => text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads <c>hf:owner/repo</c>, <c>hf.co/owner/repo:q8_0</c> or <c>owner/repo</c>.</summary>
    /// <exception cref="StoreException">It is nothing of the kind.</exception>
    public static HubReference Parse(string text)
    {
        var rest = text;
        if (Array.Find(Prefixes, prefix => text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) is { } prefix)
            rest = text[prefix.Length..].TrimEnd('/');
        var (place, pattern) = Cut(rest, ':');
        var (path, revision) = Cut(place, '@');
        var (owner, repository) = Cut(path, '/');
        return repository is not null && IsPart(owner) && IsPart(repository) && (revision is null || IsRevision(revision)) && (pattern is null || IsPattern(pattern))
            ? new HubReference(owner, repository, revision, pattern)
            : throw new StoreException(
                StoreFault.Invalid, $"{text.Quoted} does not name a repository of the hub; expected hf:owner/repo, perhaps with @revision and with :type or :file, as in hf:owner/repo:q4_k_m.");
    }

    /// <summary>The name under which it is stored unless somebody names another: <c>owner/repo</c>, with the type as tag if one was asked for.</summary>
    /// <exception cref="StoreException">The store cannot have such a name.</exception>
    public ModelName StoreName
    {
        get
        {
            var tag = Pattern is null || Pattern.Any(symbol => symbol is '*' or '?' or '/' or '+' or ' ' or '(' or ')') ? ModelName.DefaultTag : Path.GetFileNameWithoutExtension(Pattern + (Pattern.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? "" : ".gguf"));
            return ModelName.Of(Owner, Repository, tag);
        }
    }

    /// <summary>The repository alone, as the hub's addresses have it.</summary>
    public string Id => $"{Owner}/{Repository}";

    /// <summary><c>hf:owner/repo@revision:pattern</c></summary>
    public override string ToString() => $"hf:{Id}{(Revision is null ? "" : "@" + Revision)}{(Pattern is null ? "" : ":" + Pattern)}";

    /// <summary>Whether a revision can be part of an address: letters, digits, <c>-_./</c>, and no way upwards.</summary>
    internal static bool IsRevision(string text)
        => text.Length is > 0 and <= LongestRevision && text.All(symbol => char.IsAsciiLetterOrDigit(symbol) || symbol is '-' or '_' or '.' or '/')
            && text.Split('/').All(part => part.Length > 0 && part[0] != '.') && !text.Contains("..", StringComparison.Ordinal);

    static bool IsPart(string text)
        => text.Length is > 0 and <= LongestPart && text.All(symbol => char.IsAsciiLetterOrDigit(symbol) || symbol is '-' or '_' or '.')
            && text[0] is not ('.' or '-') && !text.Contains("..", StringComparison.Ordinal);

    static bool IsPattern(string text)
        => text.Length is > 0 and <= LongestRevision && text.All(symbol => HubFile.IsAllowedSymbol(symbol) || symbol is '*' or '?' or '/') && !text.Contains("..", StringComparison.Ordinal);

    static (string First, string? Remainder) Cut(string text, char at) => text.IndexOf(at) is >= 0 and var place ? (text[..place], text[(place + 1)..]) : (text, null);
}
