using Microsoft.AspNetCore.Http;

namespace Ouro.Serving;

/// <summary>Models that the server was started with, in front of a library that may change.</summary>
/// <param name="models">Names have their tags.</param>
/// <param name="others">Where all else is; null if there is nothing else.</param>
public sealed class BuiltInLibrary(IReadOnlyList<CatalogModel> models, IModelCatalog? others = null) : IModelLibrary
{
    const string UsualTag = ":latest";

    readonly IModelLibrary _others = others as IModelLibrary ?? new Fixed(others);

    /// <inheritdoc/>
    public IReadOnlyList<CatalogModel> List() => [.. models, .. _others.List().Where(model => Own(model.Name) is null)];

    /// <inheritdoc/>
    public CatalogModel? Find(string name) => Own(name) ?? _others.Find(name);

    /// <inheritdoc/>
    public IAsyncEnumerable<LibraryProgress> Create(ModelToCreate model, CancellationToken cancel)
    {
        Refuse(model.Name);
        return _others.Create(model, cancel);
    }

    /// <inheritdoc/>
    public void Copy(string from, string to)
    {
        Refuse(to);
        if (Own(from) is null)
            _others.Copy(from, to);
        else
            throw new ApiException(StatusCodes.Status400BadRequest, $"'{from}' is not in the store but comes with the server; make a model from it with create.");
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        Refuse(name);
        _others.Delete(name);
    }

    /// <inheritdoc/>
    public bool HasBlob(string digest) => _others.HasBlob(digest);

    /// <inheritdoc/>
    public Task AddBlob(string digest, Stream bytes, CancellationToken cancel) => _others.AddBlob(digest, bytes, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<LibraryProgress> Pull(string name, CancellationToken cancel) => Own(name) is null ? _others.Pull(name, cancel) : Nothing();

    CatalogModel? Own(string name)
        => models.FirstOrDefault(model => Same(model.Name, name) || Same(model.Name, name + UsualTag));

    void Refuse(string name)
    {
        if (Own(name) is not null)
            throw new ApiException(StatusCodes.Status400BadRequest, $"'{name}' comes with the server and stays as it is; choose another name.");
    }

    static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    static async IAsyncEnumerable<LibraryProgress> Nothing()
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield return new LibraryProgress("success");
    }

    /// <summary>A catalogue that cannot change.</summary>
    sealed class Fixed(IModelCatalog? catalog) : IModelLibrary
    {
        public IReadOnlyList<CatalogModel> List() => catalog?.List() ?? [];

        public CatalogModel? Find(string name) => catalog?.Find(name);
    }
}
