using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ouro.Chat;
using Ouro.Serving.Ollama;

namespace Ouro.Serving;

/// <summary>Puts a server together: <see cref="Build"/>, then <c>StartAsync</c>, and <c>StopAsync</c> to let replies finish.</summary>
public static class ServingApp
{
    const int MostConnections = 4096;

    /// <summary>A server that is ready to start. Disposing it unloads all models.</summary>
    /// <param name="catalog">The models; the routes that change something work if it is an <see cref="IModelLibrary"/>.</param>
    /// <param name="more">Maps further routes behind the same limits and checks.</param>
    /// <exception cref="FormatException">The address cannot be used; the message is one sentence.</exception>
    public static WebApplication Build(ServingOptions options, IModelCatalog catalog, Action<IEndpointRouteBuilder>? more = null)
    {
        // The empty builder reads no files and no environment: what holds is what is written here.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var addresses = options.Address.Resolve();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Limit(kestrel, options, addresses));
        AddServices(builder.Services, options, catalog as IModelLibrary ?? new BuiltInLibrary([], catalog));

        var app = builder.Build();
        var frame = app.Services.GetRequiredService<RequestFrame>();
        app.Use(next => context => frame.Run(context, next));
        HostRoutes.Map(app);
        OllamaApi.Map(app);
        more?.Invoke(app);
        return app;
    }

    /// <summary>The address at which a started server listens, with its real port.</summary>
    public static ServerAddress AddressOf(WebApplication app, ServingOptions options)
        => app.Urls.FirstOrDefault() is { } url ? options.Address with { Port = new Uri(url).Port } : options.Address;

    static void AddServices(IServiceCollection services, ServingOptions options, IModelLibrary library)
    {
        services.AddRoutingCore();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTime);
        services.AddSingleton<IHostLifetime, SignalsAreOthers>();
        services.AddSingleton(options);
        services.AddSingleton(library);
        services.AddSingleton<IModelCatalog>(library);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ILoggerProvider>(provider => new LineLog(options.Log, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(new Admission(options.Parallel + options.MostWaiting));
        services.AddSingleton<ServingMetrics>();
        services.AddSingleton<PageFiles>();
        services.AddSingleton(new RequestGate(options));
        services.AddSingleton<RequestFrame>();
        services.AddSingleton<ModelFacts>();
        services.AddSingleton<TraceRoute>();
        services.AddSingleton(provider => new ModelPool(
            library,
            new ModelPoolOptions
            {
                MostModels = options.MostModels,
                KeepAlive = options.KeepAlive,
                Loading = options.Loading,
                Model = new ChatModelOptions { MostTexts = options.Parallel },
            },
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ModelPool>>()));
    }

    /// <summary>What clients may take: bytes, time and connections.</summary>
    static void Limit(KestrelServerOptions kestrel, ServingOptions options, IPAddress[] addresses)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.MaxRequestBodySize = options.MostRequestBytes;
        kestrel.Limits.RequestHeadersTimeout = options.ClientPatience;
        kestrel.Limits.KeepAliveTimeout = 8 * options.ClientPatience;   // without a request under way
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(options.SlowestClient, options.ClientPatience);
        kestrel.Limits.MinResponseDataRate = new MinDataRate(options.SlowestClient, 2 * options.ClientPatience);
        // HTTP/2 would need encryption in browsers, and one connection could then carry a hundred requests past the limit above.
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
        foreach (var address in addresses)
            kestrel.Listen(address, options.Address.Port);
    }

    /// <summary>Who starts the server listens to signals; the host must not.</summary>
    sealed class SignalsAreOthers : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
