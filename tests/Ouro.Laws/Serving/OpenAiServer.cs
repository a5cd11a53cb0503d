using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ouro.Chat;
using Ouro.Serving;

namespace Ouro.Laws.Serving;

/// <summary>A server on this machine with nothing but the interface of OpenAI and the model that comes with the program.</summary>
public sealed class OpenAiServer : IAsyncLifetime
{
    /// <summary>The model's name.</summary>
    public const string Model = "nano";

    /// <summary>A question that the model always answers so, if it takes the likeliest tokens.</summary>
    public const string Question = "Who are you?", Answer = "I am ouro-nano, a small looped model.";

    WebApplication? _app;

    /// <summary>Its address, without <c>/v1</c>.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>What it serves with.</summary>
    public ModelPool Pool => _app!.Services.GetRequiredService<ModelPool>();

    /// <summary>Talks to it.</summary>
    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrel(options => options.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IModelCatalog>(new Catalog());
        builder.Services.AddSingleton(services => new ModelPool(
            services.GetRequiredService<IModelCatalog>(), new ModelPoolOptions { MostModels = 2, Model = new ChatModelOptions { KvBytes = 1 << 28 } },
            TimeProvider.System, services.GetRequiredService<ILogger<ModelPool>>()));
        _app = builder.Build();
        OpenAiApi.Map(_app);
        await _app.StartAsync();
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Client.BaseAddress = Address;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
    }

    /// <summary>Asks, and reads the answer, which may be an error.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Json)> Send(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Client.PostAsync(path, content);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>Asks, and reads an answer that is no error.</summary>
    public async Task<JsonElement> Ask(string path, string body)
    {
        var (status, json) = await Send(path, body);
        status.ShouldBe(HttpStatusCode.OK, json.ToString());
        return json;
    }

    /// <summary>Asks for a stream, and reads it: each event's name, or null, and its data.</summary>
    public async Task<List<(string? Name, string Data)>> Stream(string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        text.ShouldEndWith("\n\n");
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(ReadEvent)];
    }

    static (string? Name, string Data) ReadEvent(string text)
    {
        var lines = text.Split('\n');
        var name = lines[0].StartsWith("event: ", StringComparison.Ordinal) ? lines[0]["event: ".Length..] : null;
        lines[^1].ShouldStartWith("data: ");
        lines.Length.ShouldBe(name is null ? 1 : 2);
        return (name, lines[^1]["data: ".Length..]);
    }

    /// <summary>The model as it is, once more with a Modelfile, and one whose file is no model.</summary>
    sealed class Catalog : IModelCatalog
    {
        static readonly string File = Repository.Path("models/ouro-nano.gguf");

        readonly CatalogModel[] _models =
        [
            new(Model, File) { Size = new FileInfo(File).Length, Digest = new string('a', 64), ModifiedAt = DateTimeOffset.UnixEpoch.AddDays(1) },
            new("greedy:latest", File) { Digest = new string('b', 64), Settings = ReplySettings.None.With("temperature", "0").With("num_predict", "3").With("num_iterations", "2") },
            new("broken", Repository.Path("models/ouro-nano.md")),
        ];

        public IReadOnlyList<CatalogModel> List() => _models;

        public CatalogModel? Find(string name) => Array.Find(_models, model => model.Name == name || model.Name == $"{name}:latest");
    }
}
