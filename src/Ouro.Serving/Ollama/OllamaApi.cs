using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Ouro.Serving.Ollama;

/// <summary>The routes of Ollama's API, and ours beside them.</summary>
static class OllamaApi
{
    static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/api/version", Reading, context => Json.Answer(context, json => json.WriteString("version", ServingOptions.Version)));
        routes.MapMethods("/api/tags", Reading, ModelRoutes.Tags);
        routes.MapMethods("/api/ps", Reading, ModelRoutes.Loaded);
        routes.MapPost("/api/show", ModelRoutes.Show);

        routes.MapPost("/api/chat", ReplyRoutes.Chat);
        routes.MapPost("/api/generate", ReplyRoutes.Generate);
        routes.MapPost("/api/embed", EmbedRoutes.Embed);
        routes.MapPost("/api/embeddings", EmbedRoutes.Embeddings);
        routes.MapPost("/api/trace", routes.ServiceProvider.GetRequiredService<TraceRoute>().Trace);

        routes.MapPost("/api/create", LibraryRoutes.Create);
        routes.MapPost("/api/copy", LibraryRoutes.Copy);
        routes.MapDelete("/api/delete", LibraryRoutes.Delete);
        routes.MapPost("/api/pull", LibraryRoutes.Pull);
        routes.MapPost("/api/push", LibraryRoutes.Push);
        routes.MapMethods("/api/blobs/{digest}", [HttpMethods.Head], LibraryRoutes.HasBlob);
        routes.MapPost("/api/blobs/{digest}", LibraryRoutes.AddBlob);
    }
}
