using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Ouro.Formats;

namespace Ouro.Serving.Store;

/// <summary>What a stored model is called: <c>[namespace/]name[:tag]</c>. Immutable, and safe as part of a path on every system.</summary>
/// <remarks>
/// Each part is 1 to 80 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>; it begins with a letter, a digit or <c>_</c>, does not end in a dot and has no two dots in a row.
/// Names that differ only in upper and lower case are one name. The prefixes <c>hf:</c>, <c>hf.co/</c> and <c>huggingface.co/</c> may stand in front, since that is where such a model came from.
/// </remarks>
public sealed class ModelName : IEquatable<ModelName>
{
    /// <summary>The namespace of names that name none.</summary>
    public const string DefaultNamespace = "library";

    /// <summary>The tag of names that name none.</summary>
    public const string DefaultTag = "latest";

    /// <summary>The model that comes with the program; nothing can be stored under its name.</summary>
    public const string BuiltIn = "nano";

    const int LongestPart = 80;

    static readonly string[] Hosts = ["hf:", "hf.co/", "huggingface.co/"];

    /// <summary>Names that mean devices on Windows, whatever ending they have.</summary>
    static readonly FrozenSet<string> Devices = FrozenSet.ToFrozenSet(
        ["con", "prn", "aux", "nul", .. Enumerable.Range(0, 10).SelectMany(number => new[] { $"com{number}", $"lpt{number}" })], StringComparer.OrdinalIgnoreCase);

    ModelName(string space, string name, string tag) => (Namespace, Name, Tag) = (space, name, tag);

    /// <summary>Whose it is; <see cref="DefaultNamespace"/> if nobody said.</summary>
    public string Namespace { get; }

    /// <summary>The name itself.</summary>
    public string Name { get; }

    /// <summary>Which of several models of that name; <see cref="DefaultTag"/> if nobody said.</summary>
    public string Tag { get; }

    /// <summary>True for the model that comes with the program.</summary>
    public bool IsBuiltIn => IsDefaultNamespace && string.Equals(Name, BuiltIn, StringComparison.OrdinalIgnoreCase);

    bool IsDefaultNamespace => string.Equals(Namespace, DefaultNamespace, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a name.</summary>
    /// <exception cref="StoreException">It is none; the message says why.</exception>
    public static ModelName Parse(string text) => Problem(text, out var name) is { } problem ? throw new StoreException(StoreFault.Invalid, problem) : name!;

    /// <summary>Reads a name if it is one.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ModelName? name) => Problem(text, out name) is null;

    /// <summary>A name from its parts.</summary>
    /// <exception cref="StoreException">A part is not allowed.</exception>
    internal static ModelName Of(string space, string name, string tag) => Parse($"{space}/{name}:{tag}");

    /// <summary>Where its manifest lies below the folder of manifests: lower case throughout, so that all file systems agree.</summary>
    internal string ManifestPath => Path.Combine(Namespace.ToLowerInvariant(), Name.ToLowerInvariant(), Tag.ToLowerInvariant() + ".json");

    /// <exception cref="StoreException">It is the name of the model that comes with the program.</exception>
    internal void RefuseBuiltIn()
    {
        if (IsBuiltIn)
            throw new StoreException(StoreFault.Invalid, $"'{BuiltIn}' is the model that comes with the program, and nothing else can have its name. Choose another, such as 'my-{BuiltIn}'.");
    }

    /// <summary>The name with its tag; the default namespace is left out.</summary>
    public override string ToString() => $"{(IsDefaultNamespace ? "" : Namespace + "/")}{Name}:{Tag}";

    /// <inheritdoc/>
    public bool Equals(ModelName? other) => other is not null && string.Equals(ManifestPath, other.ManifestPath, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ModelName);

    /// <inheritdoc/>
    public override int GetHashCode() => ManifestPath.GetHashCode(StringComparison.Ordinal);

    static string? Problem(string text, out ModelName? name)
    {
        name = null;
        var rest = text;
        if (Array.Find(Hosts, host => text.StartsWith(host, StringComparison.OrdinalIgnoreCase)) is { } prefix)
            rest = text[prefix.Length..];
        var (space, tag) = (DefaultNamespace, DefaultTag);
        if (rest.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon)
            (rest, tag) = (rest[..colon], rest[(colon + 1)..]);
        if (rest.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash)
            (space, rest) = (rest[..slash], rest[(slash + 1)..]);

        foreach (var (part, what) in new[] { (space, "namespace"), (rest, "name"), (tag, "tag") })
        {
            if (PartProblem(part) is { } problem)
                return $"{Quoting.Quote(text)} is not a model's name: its {what} {problem}. Names look like 'name', 'name:tag' or 'namespace/name:tag'.";
        }

        name = new ModelName(space, rest, tag);
        return null;
    }

    static string? PartProblem(string part)
    {
        if (part.Length is 0 or > LongestPart)
            return part.Length == 0 ? "is empty" : $"has {part.Length:N0} characters, but {LongestPart} is the most";
        if (part.FirstOrDefault(symbol => !char.IsAsciiLetterOrDigit(symbol) && symbol is not ('-' or '_' or '.')) is var odd and not '\0')
            return $"has the character {Quoting.Quote(odd.ToString())}, but only letters, digits, '-', '_' and '.' are allowed";
        if (part.Contains('\0', StringComparison.Ordinal))
            return "has a character that is not visible";
        if (!char.IsAsciiLetterOrDigit(part[0]) && part[0] != '_')
            return "must begin with a letter, a digit or '_'";
        if (part.EndsWith('.') || part.Contains("..", StringComparison.Ordinal))
            return "has a dot at its end or two dots in a row";
        return Devices.Contains(part.Split('.')[0]) ? "is the name of a device on some systems" : null;
    }
}
