using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>How models are kept loaded.</summary>
public sealed record ModelPoolOptions
{
    /// <summary>Most models loaded at once; the one used longest ago makes room.</summary>
    public int MostModels { get; init; } = 1;

    /// <summary>How long an unused model stays loaded; infinite for ever.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How each is loaded.</summary>
    public LoadOptions Loading { get; init; } = new();

    /// <summary>How each serves its texts.</summary>
    public ChatModelOptions Model { get; init; } = new();
}

/// <summary>A model that is loaded.</summary>
/// <param name="Entry">What it was loaded from.</param>
/// <param name="Model">The model.</param>
/// <param name="InUse">Requests that use it now.</param>
/// <param name="ExpiresAt">When it will be unloaded if nobody uses it; null while it is in use, and for never.</param>
public sealed record PooledModel(CatalogModel Entry, ChatModel Model, int InUse, DateTimeOffset? ExpiresAt);

/// <summary>No model of that name.</summary>
public sealed class UnknownModelException(string name) : Exception($"model '{name}' not found, try pulling it first")
{
    /// <summary>What was asked for.</summary>
    public string Name => name;
}

/// <summary>Loads models when they are asked for, shares them, and unloads them when nobody has used them for a while.</summary>
/// <remarks>Thread-safe. A model in use is never unloaded, but by disposing the pool. One model is loaded at a time; callers who want the same share the loading.</remarks>
public sealed class ModelPool : IAsyncDisposable
{
    readonly IModelCatalog _catalog;
    readonly ModelPoolOptions _options;
    readonly TimeProvider _clock;
    readonly ILogger _log;
    readonly SemaphoreSlim _loading = new(1);
    readonly Lock _lock = new();
    readonly List<Loaded> _models = [];
    readonly ITimer _sweep;
    bool _isDisposed;

    /// <summary>Nothing is loaded yet.</summary>
    public ModelPool(IModelCatalog catalog, ModelPoolOptions options, TimeProvider clock, ILogger<ModelPool> log)
    {
        (_catalog, _options, _clock, _log) = (catalog, options, clock, log);
        _sweep = clock.CreateTimer(_ => Sweep(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>What is loaded.</summary>
    public IReadOnlyList<PooledModel> Models
    {
        get
        {
            lock (_lock)
                return [.. _models.Select(loaded => new PooledModel(loaded.Entry, loaded.Model, loaded.InUse, loaded.InUse > 0 || loaded.KeepAlive < TimeSpan.Zero ? null : loaded.LastUse + loaded.KeepAlive))];
        }
    }

    /// <summary>Gives a model to use until the lease is disposed, loading it if need be.</summary>
    /// <param name="keepAlive">How long it stays loaded afterwards; negative for ever, zero not at all; null leaves it as it is.</param>
    /// <exception cref="UnknownModelException">There is none of that name.</exception>
    /// <exception cref="Formats.ModelFileException">Its file cannot be used.</exception>
    public async Task<ModelLease> Rent(string name, TimeSpan? keepAlive, CancellationToken cancel)
    {
        var entry = _catalog.Find(name) ?? throw new UnknownModelException(name);
        if (TryTake(entry, keepAlive) is { } ready)
            return ready;

        await _loading.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (TryTake(entry, keepAlive) is { } shared)
                return shared;

            await MakeRoom(cancel).ConfigureAwait(false);
            var started = Stopwatch.GetTimestamp();
            // The loading goes on if the caller goes away: the next one will want it.
            var model = await Task.Run(() => ChatModel.Open(entry.Path, _options.Loading, _options.Model with { Template = entry.Template }, CancellationToken.None), CancellationToken.None).ConfigureAwait(false);
            var time = Stopwatch.GetElapsedTime(started);
            PoolLog.Loaded(_log, entry.Name, time.TotalSeconds);
            var loaded = new Loaded(entry, model) { KeepAlive = keepAlive ?? _options.KeepAlive, LastUse = _clock.GetUtcNow(), InUse = 1 };
            if (!TryKeep(loaded))
            {
                await model.DisposeAsync().ConfigureAwait(false);
                throw new ObjectDisposedException(nameof(ModelPool));
            }

            return new ModelLease(entry, model, time, () => Return(loaded));
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Unloads a model as soon as nobody uses it.</summary>
    /// <returns>False if it is not loaded.</returns>
    public bool Unload(string name)
    {
        lock (_lock)
        {
            var found = _catalog.Find(name) is { } entry ? _models.Find(loaded => loaded.Entry.Name == entry.Name) : null;
            if (found is null)
                return false;
            (found.KeepAlive, found.LastUse) = (TimeSpan.Zero, _clock.GetUtcNow());
        }

        Sweep();
        return true;
    }

    /// <summary>Ends what is under way and unloads everything.</summary>
    public async ValueTask DisposeAsync()
    {
        Loaded[] all;
        lock (_lock)
        {
            _isDisposed = true;
            all = [.. _models];
            _models.Clear();
        }

        await _sweep.DisposeAsync().ConfigureAwait(false);
        foreach (var loaded in all)
            await loaded.Model.DisposeAsync().ConfigureAwait(false);
        // The semaphore has nothing to let go of, and whoever is loading will still release it.
    }

    ModelLease? TryTake(CatalogModel entry, TimeSpan? keepAlive)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            // Another file under the same name is another model.
            var found = _models.Find(loaded => loaded.Entry.Name == entry.Name && loaded.Entry.Path == entry.Path && loaded.Entry.Digest == entry.Digest);
            if (found is null)
                return null;

            found.InUse++;
            found.KeepAlive = keepAlive ?? found.KeepAlive;
            return new ModelLease(entry, found.Model, TimeSpan.Zero, () => Return(found));
        }
    }

    /// <summary>Takes in what was loaded, unless the pool was disposed meanwhile.</summary>
    bool TryKeep(Loaded loaded)
    {
        lock (_lock)
        {
            if (!_isDisposed)
                _models.Add(loaded);
            return !_isDisposed;
        }
    }

    void Return(Loaded loaded)
    {
        lock (_lock)
        {
            loaded.InUse--;
            loaded.LastUse = _clock.GetUtcNow();
        }

        if (loaded.KeepAlive == TimeSpan.Zero)
            Sweep();
    }

    /// <summary>Waits until another model may be loaded.</summary>
    async Task MakeRoom(CancellationToken cancel)
    {
        while (true)
        {
            Loaded? oldest;
            lock (_lock)
            {
                if (_models.Count < _options.MostModels)
                    return;
                oldest = _models.Where(loaded => loaded.InUse == 0).MinBy(loaded => loaded.LastUse);
                if (oldest is not null)
                    _models.Remove(oldest);
            }

            if (oldest is not null)
                await Close(oldest).ConfigureAwait(false);
            else
                await Task.Delay(TimeSpan.FromMilliseconds(50), _clock, cancel).ConfigureAwait(false);
        }
    }

    void Sweep()
    {
        List<Loaded> expired;
        lock (_lock)
        {
            var now = _clock.GetUtcNow();
            expired = _models.FindAll(loaded => loaded.InUse == 0 && loaded.KeepAlive >= TimeSpan.Zero && now - loaded.LastUse >= loaded.KeepAlive);
            foreach (var loaded in expired)
                _models.Remove(loaded);
        }

        foreach (var loaded in expired)
            _ = Close(loaded);
    }

    async Task Close(Loaded loaded)
    {
        await loaded.Model.DisposeAsync().ConfigureAwait(false);
        PoolLog.Unloaded(_log, loaded.Entry.Name);
    }

    sealed class Loaded(CatalogModel entry, ChatModel model)
    {
        public CatalogModel Entry => entry;

        public ChatModel Model => model;

        public int InUse { get; set; }

        public TimeSpan KeepAlive { get; set; }

        public DateTimeOffset LastUse { get; set; }
    }
}

/// <summary>A model while a request uses it.</summary>
/// <param name="entry">What it was loaded from.</param>
/// <param name="model">The model.</param>
/// <param name="loadTime">What loading it for this request took; zero if it was loaded.</param>
public sealed class ModelLease(CatalogModel entry, ChatModel model, TimeSpan loadTime, Action giveBack) : IDisposable
{
    int _isGivenBack;

    /// <summary>What it was loaded from: settings, system message, messages.</summary>
    public CatalogModel Entry => entry;

    /// <summary>The model.</summary>
    public ChatModel Model => model;

    /// <summary>What loading it for this request took; zero if it was loaded already.</summary>
    public TimeSpan LoadTime => loadTime;

    /// <summary>Gives it back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isGivenBack, 1) == 0)
            giveBack();
    }
}

static partial class PoolLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} loaded in {Seconds:0.00} s")]
    public static partial void Loaded(ILogger log, string model, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} unloaded")]
    public static partial void Unloaded(ILogger log, string model);
}
