using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ouro.Serving;

/// <summary>The chat page, as the build put it into this program; a plain one if it did not.</summary>
sealed class PageFiles
{
    const string Prefix = "page/";
    const string Index = "index.html";

    /// <summary>Nothing from elsewhere, nothing inline, in nobody's frame.</summary>
    const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    static readonly byte[] Plain = """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Ouro</title></head>
        <body><h1>Ouro is running</h1>
        <p>The chat page is not part of this build: it is made with npm, which was not there. Build again with Node installed, or talk to the API:</p>
        <pre>curl http://127.0.0.1:11434/api/chat -d '{"model": "nano", "messages": [{"role": "user", "content": "What is 3 + 4?"}]}'</pre>
        <p><a href="/api/tags">models</a>, <a href="/props">limits and settings</a>, <a href="/metrics">metrics</a></p>
        </body></html>
        """u8.ToArray();

    readonly Dictionary<string, (byte[] Bytes, string Tag)> _files = [];

    /// <summary>Reads what is embedded.</summary>
    public PageFiles()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames())
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal))
                continue;

            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            Add(name[Prefix.Length..].Replace('\\', '/'), bytes);
        }

        if (!_files.ContainsKey(Index))
            Add(Index, Plain);
    }

    /// <summary>Routes for every file but the page itself, which lies at <c>/</c>.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (name, file) in _files)
            routes.MapMethods($"/{name}", [HttpMethods.Get, HttpMethods.Head], context => Send(context, name, file));
    }

    /// <summary>Sends the page.</summary>
    public Task SendIndex(HttpContext context) => Send(context, Index, _files[Index]);

    void Add(string name, byte[] bytes) => _files[name] = (bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..32]}\"");

    static async Task Send(HttpContext context, string name, (byte[] Bytes, string Tag) file)
    {
        var headers = context.Response.Headers;
        headers.ETag = file.Tag;
        // Names of assets carry their content's hash, so a name never changes its content.
        headers.CacheControl = name.StartsWith("assets/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        context.Response.ContentType = TypeOf(name);
        if (context.Request.Headers.IfNoneMatch.ToString().Contains(file.Tag, StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentLength = file.Bytes.Length;
        await context.Response.Body.WriteAsync(file.Bytes, context.RequestAborted).ConfigureAwait(false);
    }

    static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" or ".mjs" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".ico" => "image/x-icon",
        ".json" or ".webmanifest" or ".map" => "application/json; charset=utf-8",
        ".woff2" => "font/woff2",
        ".txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
}
