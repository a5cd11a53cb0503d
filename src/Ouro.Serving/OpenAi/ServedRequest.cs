using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>A request that was read, with the model it is for. Disposing it gives the model back.</summary>
sealed class ServedRequest : IDisposable
{
    readonly JsonDocument _document;
    readonly ModelLease _lease;

    ServedRequest(JsonDocument document, ModelLease lease, string name, long created)
    {
        (_document, _lease, ModelName, Created) = (document, lease, name, created);
        Fingerprint = FingerprintOf(lease.Entry);
    }

    /// <summary>The request's object.</summary>
    public RequestField Body => new(_document.RootElement, "");

    /// <summary>The model.</summary>
    public ChatModel Model => _lease.Model;

    /// <summary>What the model was loaded from.</summary>
    public CatalogModel Entry => _lease.Entry;

    /// <summary>The model's name as it was asked for.</summary>
    public string ModelName { get; }

    /// <summary>When the request came, in seconds since 1970.</summary>
    public long Created { get; }

    /// <summary>The same for as long as equal requests get equal answers: it changes with the program and with the model's file.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads a request and gets its model, which may have to be loaded.</summary>
    /// <exception cref="OpenAiException">It is no JSON object, or names no model.</exception>
    /// <exception cref="UnknownModelException">There is no such model.</exception>
    public static async Task<ServedRequest> Open(HttpContext context)
    {
        var services = context.RequestServices;
        var created = services.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeSeconds();
        var document = await OpenAiBody.Read(context).ConfigureAwait(false);
        try
        {
            var name = new RequestField(document.RootElement, "").Need("model").Text();
            var lease = await Rent(services.GetRequiredService<ModelPool>(), name, context.RequestAborted).ConfigureAwait(false);
            return new ServedRequest(document, lease, name, created);
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    /// <summary>A name for an answer or a part of it, which nothing else has.</summary>
    public static string NewId(string kind) => $"{kind}{Guid.NewGuid():N}";

    /// <summary>Writes what every completion begins with.</summary>
    public void WriteHead(Utf8JsonWriter json, string id, string kind)
    {
        json.WriteString("id", id);
        json.WriteString("object", kind);
        json.WriteNumber("created", Created);
        json.WriteString("model", ModelName);
        json.WriteString("system_fingerprint", Fingerprint);
    }

    /// <summary>Refuses a prompt that does not fit, with the word by which programs know it.</summary>
    /// <param name="param">Where the prompt came from.</param>
    public void CheckLength(ReplyRequest reply, string param)
    {
        var room = reply.Settings.ContextTokens(Model.Config);
        if (reply.Prompt.Count > room)
        {
            throw new OpenAiException(StatusCodes.Status400BadRequest,
                $"the prompt has {reply.Prompt.Count:N0} tokens, but the context holds {room:N0}; shorten it or raise num_ctx.", param, "context_length_exceeded");
        }
    }

    /// <summary>Runs several replies side by side. The first failure ends the others, and is what is thrown.</summary>
    public static async Task Together(int count, Func<int, CancellationToken, Task> run, CancellationToken cancel)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Exception? first = null;

        async Task One(int index)
        {
            try
            {
                await run(index, ends.Token).ConfigureAwait(false);
            }
            catch (Exception problem)
            {
                Interlocked.CompareExchange(ref first, problem, null);
                await ends.CancelAsync().ConfigureAwait(false);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, count).Select(One)).ConfigureAwait(false);
        if (first is not null)
            ExceptionDispatchInfo.Throw(first);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lease.Dispose();
        _document.Dispose();
    }

    static async Task<ModelLease> Rent(ModelPool pool, string name, CancellationToken cancel)
    {
        try
        {
            return await pool.Rent(name, keepAlive: null, cancel).ConfigureAwait(false);
        }
        catch (InsufficientMemoryException problem)
        {
            // The weights do not fit: nothing that a request could change.
            throw new OpenAiException(StatusCodes.Status500InternalServerError, problem.Message, "model");
        }
    }

    static string FingerprintOf(CatalogModel entry)
    {
        var version = typeof(ServedRequest).Assembly.GetName().Version;
        var file = entry.Digest ?? $"{entry.Path} {entry.Size} {entry.ModifiedAt.UtcTicks}";
        return $"fp_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{version} {file}")).AsSpan(0, 5))}";
    }
}
