using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Ouro.Chat;
using Ouro.Generation;

namespace Ouro.Serving;

/// <summary>What is not part of any API: the front door, health, limits and settings, metrics.</summary>
static class HostRoutes
{
    static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var page = routes.ServiceProvider.GetRequiredService<PageFiles>();
        page.Map(routes);
        routes.MapMethods("/", Reading, context => Front(context, page));
        routes.MapMethods("/health", Reading, Health);
        routes.MapMethods("/props", Reading, Properties);
        routes.MapMethods("/metrics", Reading, Metrics);
    }

    /// <summary>A page for people, and the words that programs look for.</summary>
    static Task Front(HttpContext context, PageFiles page)
    {
        context.Response.Headers.Vary = "Accept, Origin";
        return context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            ? page.SendIndex(context)
            : Text(context, "Ollama is running", "text/plain; charset=utf-8");
    }

    static Task Health(HttpContext context)
    {
        var models = context.RequestServices.GetRequiredService<ModelPool>().Models;
        return Json.Answer(context, json =>
        {
            json.WriteString("status", "ok");
            json.WriteStrings("models", models.Select(model => model.Entry.Name));
        });
    }

    static Task Properties(HttpContext context)
    {
        var options = context.RequestServices.GetRequiredService<ServingOptions>();
        return Json.Answer(context, json =>
        {
            json.WriteString("version", ServingOptions.Version);
            json.WriteStartObject("limits");
            json.WriteNumber("request_bytes", options.MostRequestBytes);
            json.WriteNumber("json_depth", RequestBody.DeepestJson);
            json.WriteNumber("models", options.MostModels);
            json.WriteNumber("parallel", options.Parallel);
            json.WriteNumber("queue", options.MostWaiting);
            json.WriteNumber("keep_alive_seconds", options.KeepAlive < TimeSpan.Zero ? -1 : options.KeepAlive.TotalSeconds);
            json.WriteNumber("context_tokens", options.ContextTokens ?? (int)Setting.NumCtx.Default);
            json.WriteEndObject();
            json.WriteStartArray("settings");
            foreach (var setting in Setting.All)
            {
                json.WriteStartObject();
                json.WriteString("name", setting.Name);
                json.WriteString("meaning", setting.Meaning);
                json.WriteNumber("default", setting.Default);
                json.WriteNumber("low", setting.Low);
                json.WriteNumber("high", setting.High);
                json.WriteBoolean("is_whole", setting.IsWhole);
                json.WriteStrings("aliases", setting.Aliases);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStrings("other_settings", ReplySettings.Names.Where(name => Setting.Find(name) is null));
        });
    }

    static Task Metrics(HttpContext context)
    {
        var services = context.RequestServices;
        var text = MetricsPage.Write(
            services.GetRequiredService<ServingMetrics>(), services.GetRequiredService<ModelPool>(), services.GetRequiredService<Admission>());
        return Text(context, text, MetricsPage.ContentType);
    }

    static async Task Text(HttpContext context, string text, string type)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }
}
