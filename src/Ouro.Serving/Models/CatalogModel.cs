using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>A model that can be served by its name.</summary>
/// <param name="Name">As listed, tag included.</param>
/// <param name="Path">Its file or folder.</param>
public sealed record CatalogModel(string Name, string Path)
{
    /// <summary>What its Modelfile sets; requests come over it.</summary>
    public ReplySettings Settings { get; init; } = ReplySettings.None;

    /// <summary>Its Modelfile's system message, or null.</summary>
    public string? System { get; init; }

    /// <summary>Its Modelfile's chat template, or null for the file's own.</summary>
    public string? Template { get; init; }

    /// <summary>Its Modelfile's messages, with which every conversation begins.</summary>
    public IReadOnlyList<ChatTurn> Messages { get; init; } = [];

    /// <summary>Its licence, or null.</summary>
    public string? License { get; init; }

    /// <summary>SHA-256 of its manifest or file, 64 hexadecimal digits; null if nobody has counted it.</summary>
    public string? Digest { get; init; }

    /// <summary>Bytes on disk.</summary>
    public long Size { get; init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset ModifiedAt { get; init; }
}

/// <summary>The models that there are. Safe for any number of threads.</summary>
public interface IModelCatalog
{
    /// <summary>All of them.</summary>
    IReadOnlyList<CatalogModel> List();

    /// <summary>The one of a name, with or without its tag; null if there is none.</summary>
    CatalogModel? Find(string name);
}
