using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Ouro.Chat;
using Ouro.Serving.Hub;
using Ouro.Serving.Store;

namespace Ouro.Serving;

/// <summary>The store as a server's library. Files of this machine are not read for requests: models are made of stored models, blobs and the hub.</summary>
/// <param name="builtInPath">Where the model that comes with the program lies; null if it is not there.</param>
/// <param name="threads">Threads that convert; 0 takes one per processor.</param>
public sealed class StoreLibrary(ModelStore store, HubOptions? hub, string? builtInPath = null, int threads = 0) : IModelLibrary
{
    /// <inheritdoc/>
    public IReadOnlyList<CatalogModel> List() => [.. store.List().Select(Described)];

    /// <inheritdoc/>
    public CatalogModel? Find(string name) => ModelName.TryParse(name, out var parsed) && store.Find(parsed) is { } found ? Described(found) : null;

    /// <inheritdoc/>
    public IAsyncEnumerable<LibraryProgress> Create(ModelToCreate model, CancellationToken cancel)
    {
        var options = new CreateOptions { BuiltInPath = builtInPath, Type = model.Quantize, Threads = threads, Hub = hub };
        return Run((progress, stop) => store.CreateAsync(ModelName.Parse(model.Name), ModelfileOf(model), options, progress, stop), cancel);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<LibraryProgress> Pull(string name, CancellationToken cancel) => Run(
        async (progress, stop) =>
        {
            // A model that the store has, and that names no repository, is there already.
            if (!HubReference.IsOne(name) && ModelName.TryParse(name, out var known) && store.Find(known) is not null)
            {
                progress.Report(new StoreProgress("success"));
                return;
            }

            if (hub is null)
                throw new ApiException(StatusCodes.Status403Forbidden, "this server fetches nothing; pull the model with 'ouro pull' where it runs.");
            using var client = new HubClient(hub);
            await new ModelPull(store, client, new PullOptions { Threads = threads }, progress).RunAsync(HubReference.Parse(name), stop).ConfigureAwait(false);
        },
        cancel);

    /// <inheritdoc/>
    public void Copy(string from, string to) => Translated(() => store.Copy(Existing(from), ModelName.Parse(to)));

    /// <inheritdoc/>
    public void Delete(string name) => Translated(() =>
    {
        store.Remove(Existing(name));
        return 0;
    });

    /// <inheritdoc/>
    public bool HasBlob(string digest) => store.HasBlob(new Digest(digest));

    /// <inheritdoc/>
    public async Task AddBlob(string digest, Stream bytes, CancellationToken cancel)
    {
        try
        {
            await store.AddBlobAsync(new Digest(digest), bytes, cancel: cancel).ConfigureAwait(false);
        }
        catch (StoreException problem)
        {
            throw Translated(problem);
        }
    }

    ModelName Existing(string name)
        => ModelName.TryParse(name, out var parsed) && store.Find(parsed) is not null ? parsed : throw new UnknownModelException(name);

    static CatalogModel Described(StoredModel model) => new(model.Name.ToString(), model.Path)
    {
        Settings = model.Parameters.Settings,
        System = model.System,
        Template = model.Template,
        Messages = [.. model.Messages.Select(message => new ChatTurn(message.Role, message.Content))],
        License = model.Licenses.Count > 0 ? string.Join("\n\n", model.Licenses) : null,
        Digest = model.Digest.Hex,
        Size = model.Bytes,
        ModifiedAt = model.Created,
    };

    static Modelfile ModelfileOf(ModelToCreate model)
    {
        if (model.Modelfile is { } text)
            return Modelfile.Parse(text);

        return new Modelfile
        {
            From = model.From ?? (model.Files.Count == 1 ? model.Files.First().Value : throw new ApiException(
                StatusCodes.Status400BadRequest, $"a model needs 'from', or one file of weights in 'files', but there are {model.Files.Count}; send a .gguf file as a blob first.")),
            Parameters = [.. model.Parameters.Select(parameter => new ModelParameter(parameter.Name, parameter.Value))],
            System = model.System,
            Template = model.Template,
            Licenses = model.Licenses,
            Messages = [.. model.Messages.Select(turn => new Text.ChatMessage(turn.Role, turn.Content))],
        };
    }

    static async IAsyncEnumerable<LibraryProgress> Run(Func<IProgress<StoreProgress>, CancellationToken, Task> work, [EnumeratorCancellation] CancellationToken cancel)
    {
        var steps = ProgressStream.RunAsync(work, cancel).GetAsyncEnumerator(cancel);
        await using var ending = steps.ConfigureAwait(false);
        while (await Next(steps).ConfigureAwait(false))
        {
            var step = steps.Current;
            yield return new LibraryProgress(step.Status, step.Digest, step.Total, step.Completed);
        }
    }

    static async Task<bool> Next(IAsyncEnumerator<StoreProgress> steps)
    {
        try
        {
            return await steps.MoveNextAsync().ConfigureAwait(false);
        }
        catch (StoreException problem)
        {
            throw Translated(problem);
        }
    }

    static void Translated<T>(Func<T> work)
    {
        try
        {
            work();
        }
        catch (StoreException problem)
        {
            throw Translated(problem);
        }
    }

    static ApiException Translated(StoreException problem) => new(
        problem.Fault switch
        {
            StoreFault.Invalid or StoreFault.Mismatch => StatusCodes.Status400BadRequest,
            StoreFault.NotFound => StatusCodes.Status404NotFound,
            StoreFault.Remote => StatusCodes.Status502BadGateway,
            _ => StatusCodes.Status500InternalServerError,
        },
        problem.Message);
}
