using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Ouro.Laws;
using Ouro.Laws.Serving;
using Ouro.Serving;
using Ouro.Serving.Hub;
using Ouro.Serving.Store;

namespace Ouro.Clients;

/// <summary>The whole server, at a free port of this machine, with the model that comes with the program.</summary>
public sealed class OllamaServer : IAsyncLifetime
{
    /// <summary>The model's name.</summary>
    public const string Model = "nano";

    /// <summary>What the model answers to <c>Who are you?</c> if it takes the likeliest tokens.</summary>
    public const string Answer = "I am ouro-nano, a small looped model.";

    readonly string _store = Directory.CreateTempSubdirectory("ouro-clients-").FullName;
    WebApplication? _app;

    /// <summary>Where models are pulled from.</summary>
    internal TestHub Hub { get; } = new();

    /// <summary>Its address.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>What it serves with.</summary>
    public ModelPool Pool => _app!.Services.GetRequiredService<ModelPool>();

    public async ValueTask InitializeAsync()
    {
        var file = Repository.Path("models/ouro-nano.gguf");
        var options = new ServingOptions { Address = new ServerAddress("127.0.0.1", 0) };
        var library = new BuiltInLibrary([new CatalogModel("nano:latest", file) { Size = new FileInfo(file).Length, Digest = new string('a', 64), ModifiedAt = DateTimeOffset.UnixEpoch }],
            new StoreLibrary(new ModelStore(_store), new HubOptions { Endpoint = Hub.Address }, file));
        _app = ServingApp.Build(options, library);
        await _app.StartAsync();
        Address = new Uri(ServingApp.AddressOf(_app, options).Url);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        Hub.Dispose();
        Directory.Delete(_store, recursive: true);
    }
}
