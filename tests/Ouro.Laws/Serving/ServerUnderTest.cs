using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Ouro.Serving;

namespace Ouro.Laws.Serving;

/// <summary>What a server answered, body and all.</summary>
sealed record Answered(HttpStatusCode Status, string Body, HttpResponseMessage Message)
{
    /// <summary>The one object.</summary>
    public JsonElement Json => JsonElement.Parse(Body);

    /// <summary>The objects, one a line.</summary>
    public JsonElement[] Lines => [.. Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];

    public Answered ShouldSucceed()
    {
        Status.ShouldBe(HttpStatusCode.OK, Body);
        return this;
    }

    /// <summary>An error as clients expect it: its status, and one sentence that says all these things.</summary>
    public void ShouldRefuse(int status, params string[] words)
    {
        ((int)Status).ShouldBe(status, Body);
        var sentence = Json.GetProperty("error").GetString().ShouldNotBeNull();
        sentence.Any(char.IsControl).ShouldBeFalse(sentence);
        sentence.ShouldNotContain("   at ");
        sentence.ShouldNotContain("Exception");
        foreach (var word in words)
            sentence.ShouldContain(word);
    }
}

/// <summary>A real server on a free port of this machine, with the small model, and a client for it.</summary>
sealed class ServerUnderTest : IAsyncDisposable
{
    public const string Nano = "nano";

    ServerUnderTest(WebApplication app, ServingOptions options)
    {
        App = app;
        Address = ServingApp.AddressOf(app, options);
        Client = new HttpClient { BaseAddress = new Uri(Address.Url), Timeout = TimeSpan.FromMinutes(3) };
    }

    public WebApplication App { get; }

    public ServerAddress Address { get; }

    public HttpClient Client { get; }

    public ModelPool Pool => App.Services.GetRequiredService<ModelPool>();

    /// <summary>The small model as a catalogue has it.</summary>
    public static CatalogModel NanoModel { get; } = Describe($"{Nano}:latest", Repository.Path("models/ouro-nano.gguf"));

    public static CatalogModel Describe(string name, string path)
        => new(name, path) { Size = new FileInfo(path).Length, ModifiedAt = File.GetLastWriteTimeUtc(path) };

    public static async Task<ServerUnderTest> Start(
        Func<ServingOptions, ServingOptions>? with = null, IModelCatalog? catalog = null, Action<IEndpointRouteBuilder>? more = null)
    {
        var options = new ServingOptions { Address = new ServerAddress("127.0.0.1", 0), Loading = new() { Threads = 1 } };
        options = with?.Invoke(options) ?? options;
        var app = ServingApp.Build(options, catalog ?? new BuiltInLibrary([NanoModel]), more);
        await app.StartAsync();
        return new ServerUnderTest(app, options);
    }

    public Task<Answered> Get(string path) => Send(HttpMethod.Get, path);

    public Task<Answered> Post(string path, string json) => Send(HttpMethod.Post, path, Encoding.UTF8.GetBytes(json));

    /// <summary>Sends a request and reads the answer to its end.</summary>
    public async Task<Answered> Send(HttpMethod method, string path, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        using var request = Request(method, path, body, headers);
        var response = await Client.SendAsync(request);
        return new Answered(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    /// <summary>Sends a request and returns with the first bytes of its answer.</summary>
    public Task<HttpResponseMessage> Open(string path, string json, CancellationToken cancel = default)
        => Client.SendAsync(Request(HttpMethod.Post, path, Encoding.UTF8.GetBytes(json)), HttpCompletionOption.ResponseHeadersRead, cancel);

    /// <summary>Waits for something that comes soon; only a fault takes all the time.</summary>
    public static async Task Eventually(Func<bool> isThere, string what)
    {
        var patience = Task.Delay(TimeSpan.FromSeconds(60));
        while (!isThere())
        {
            patience.IsCompleted.ShouldBeFalse(what);
            await Task.Delay(5);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }

    static HttpRequestMessage Request(HttpMethod method, string path, byte[]? body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new ByteArrayContent(body);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        return request;
    }
}

/// <summary>One server for the laws of a class.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    ServerUnderTest? _server;

    internal ServerUnderTest Server => _server.ShouldNotBeNull();

    public async ValueTask InitializeAsync() => _server = await ServerUnderTest.Start();

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
