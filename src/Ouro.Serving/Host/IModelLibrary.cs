using Microsoft.AspNetCore.Http;
using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>How far something long has come.</summary>
/// <param name="Status">What is done now, as Ollama's clients show it; the last is <c>success</c>.</param>
/// <param name="Digest">Of a file under way: <c>sha256:</c> and 64 hexadecimal digits.</param>
/// <param name="Total">Its bytes.</param>
/// <param name="Completed">Bytes that are there.</param>
public sealed record LibraryProgress(string Status, string? Digest = null, long? Total = null, long? Completed = null);

/// <summary>A model to be made.</summary>
/// <param name="Name">What it will be called.</param>
public sealed record ModelToCreate(string Name)
{
    /// <summary>A whole Modelfile, in place of the other parts; null if they say it.</summary>
    public string? Modelfile { get; init; }

    /// <summary>The model that it is made from; null if <see cref="Files"/> are.</summary>
    public string? From { get; init; }

    /// <summary>Files that were uploaded: name, and digest as <c>sha256:</c> with 64 hexadecimal digits.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>Settings in order, one entry for each value.</summary>
    public IReadOnlyList<(string Name, string Value)> Parameters { get; init; } = [];

    /// <summary>System message, or null.</summary>
    public string? System { get; init; }

    /// <summary>Chat template, or null.</summary>
    public string? Template { get; init; }

    /// <summary>Licences.</summary>
    public IReadOnlyList<string> Licenses { get; init; } = [];

    /// <summary>Messages with which every conversation begins.</summary>
    public IReadOnlyList<ChatTurn> Messages { get; init; } = [];

    /// <summary>The type that weights are quantised to, such as <c>q4_k_m</c>; null leaves them.</summary>
    public string? Quantize { get; init; }
}

/// <summary>A catalogue that can change. Safe for any number of threads. What cannot be done is an <see cref="ApiException"/>.</summary>
public interface IModelLibrary : IModelCatalog
{
    /// <summary>Makes a model.</summary>
    IAsyncEnumerable<LibraryProgress> Create(ModelToCreate model, CancellationToken cancel) => throw NoStore();

    /// <summary>Gives a model a second name.</summary>
    /// <exception cref="UnknownModelException">There is none of that name.</exception>
    void Copy(string from, string to) => throw NoStore();

    /// <summary>Takes a model away.</summary>
    /// <exception cref="UnknownModelException">There is none of that name.</exception>
    void Delete(string name) => throw NoStore();

    /// <summary>True if a file of this digest is there.</summary>
    /// <param name="digest">64 hexadecimal digits, lower case.</param>
    bool HasBlob(string digest) => false;

    /// <summary>Takes a file, which must have this digest.</summary>
    /// <param name="digest">64 hexadecimal digits, lower case.</param>
    Task AddBlob(string digest, Stream bytes, CancellationToken cancel) => throw NoStore();

    /// <summary>Fetches a model.</summary>
    IAsyncEnumerable<LibraryProgress> Pull(string name, CancellationToken cancel) => throw NoStore();

    private static ApiException NoStore()
        => new(StatusCodes.Status501NotImplemented, "this server has no store of models, so none can be made, copied, fetched or removed; it serves those that it was started with.");
}
