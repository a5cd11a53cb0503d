using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ouro.Serving.Hub;

namespace Ouro.Laws.Serving;

/// <summary>One request that the test hub has seen.</summary>
sealed record SeenRequest(string Method, string Path, string? Range, string? Authorization);

/// <summary>A server on this machine that speaks as the Hugging Face hub does, and misbehaves where a test asks for it.</summary>
sealed class TestHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    readonly ConcurrentDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    readonly ConcurrentQueue<SeenRequest> _seen = new();
    readonly WebApplication _app;
    long _sent;

    public TestHub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(Answer);
        _app.StartAsync().GetAwaiter().GetResult();
        Address = new Uri(_app.Urls.Single());
    }

    /// <summary>What HF_ENDPOINT is set to.</summary>
    public Uri Address { get; }

    /// <summary>Another host that files come from, as most do on the real hub; null serves them itself.</summary>
    public TestHub? Cdn { get; set; }

    /// <summary>The token without which nothing is given out; null gives to everybody.</summary>
    public string? Token { get; set; }

    /// <summary>Bytes of a file after which the line breaks, in each answer; null never.</summary>
    public long? CutAfter { get; set; }

    /// <summary>How many answers still break; the others are whole.</summary>
    public int CutsLeft { get; set; } = int.MaxValue;

    /// <summary>What is really sent in place of a file's bytes.</summary>
    public Func<byte[], byte[]>? Garble { get; set; }

    /// <summary>Length that the list says of a file.</summary>
    public Func<long, long>? ListedLength { get; set; }

    /// <summary>Whether parts of files are given.</summary>
    public bool GivesRanges { get; set; } = true;

    /// <summary>Whether the list says hashes.</summary>
    public bool ListsHashes { get; set; } = true;

    /// <summary>Answers a request in place of the hub; false lets the hub answer.</summary>
    public Func<HttpContext, Task<bool>>? Instead { get; set; }

    /// <summary>Further names in lists, whose files do not exist.</summary>
    public List<string> ExtraNames { get; } = [];

    public IReadOnlyList<SeenRequest> Seen => [.. _seen];

    /// <summary>Bytes of files that went out, or were about to.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Options of a client that is not patient.</summary>
    public HubOptions Options => new() { Endpoint = Address, Stall = TimeSpan.FromSeconds(20), Attempts = 3, FirstPause = TimeSpan.FromMilliseconds(5) };

    public void Add(string repository, string name, byte[] bytes) => _files[$"{repository}/{name}"] = bytes;

    /// <summary>Adds every file of a folder.</summary>
    public void AddFolder(string repository, string folder)
    {
        foreach (var path in Directory.GetFiles(folder))
            Add(repository, Path.GetFileName(path), File.ReadAllBytes(path));
    }

    public byte[] this[string path] => _files[path];

    public void ForgetRequests()
    {
        _seen.Clear();
        Interlocked.Exchange(ref _sent, 0);
    }

    public void Dispose() => ((IDisposable)_app).Dispose();

    async Task Answer(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        _seen.Enqueue(new SeenRequest(request.Method, request.Path, request.Headers.Range, request.Headers.Authorization));
        if (Instead is { } instead && await instead(context))
            return;
        if (Token is not null && request.Headers.Authorization != $"Bearer {Token}")
        {
            response.StatusCode = 401;
            return;
        }

        var parts = request.Path.Value!.Trim('/').Split('/');
        if (parts is ["api", "models", var owner, var name, "revision", ..] && _files.Keys.Any(path => path.StartsWith($"{owner}/{name}/", StringComparison.Ordinal)))
            await List(response, $"{owner}/{name}");
        else if (parts is [var of, var repository, "resolve", _, .. var rest] && _files.TryGetValue($"{of}/{repository}/{string.Join('/', rest)}", out var bytes))
            await Resolve(context, $"{of}/{repository}/{string.Join('/', rest)}", bytes);
        else if (parts is ["cdn", .. var path] && _files.TryGetValue(string.Join('/', path), out var linked))
            await Send(context, linked);
        else
            response.StatusCode = 404;
    }

    async Task List(HttpResponse response, string repository)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("id", repository);
            json.WriteString("sha", Commit);
            json.WriteStartArray("tags");
            json.WriteStringValue("license:apache-2.0");
            json.WriteEndArray();
            json.WriteStartArray("siblings");
            foreach (var (path, bytes) in _files.Where(file => file.Key.StartsWith(repository + "/", StringComparison.Ordinal)).OrderBy(file => file.Key, StringComparer.Ordinal))
                Sibling(json, path[(repository.Length + 1)..], bytes);
            foreach (var name in ExtraNames)
                Sibling(json, name, [1, 2, 3]);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        response.ContentType = "application/json";
        await response.Body.WriteAsync(text.ToArray());
    }

    void Sibling(Utf8JsonWriter json, string name, byte[] bytes)
    {
        var length = ListedLength?.Invoke(bytes.Length) ?? bytes.Length;
        json.WriteStartObject();
        json.WriteString("rfilename", name);
        json.WriteNumber("size", length);
        if (ListsHashes && IsLarge(name))
        {
            json.WriteStartObject("lfs");
            json.WriteString("sha256", HashOf(name, bytes));
            json.WriteNumber("size", length);
            json.WriteEndObject();
        }
        else if (ListsHashes)
            json.WriteString("blobId", HashOf(name, bytes));
        json.WriteEndObject();
    }

    async Task Resolve(HttpContext context, string path, byte[] bytes)
    {
        var headers = context.Response.Headers;
        headers["X-Repo-Commit"] = Commit;
        headers["X-Linked-Size"] = bytes.Length.ToString(CultureInfo.InvariantCulture);
        headers["X-Linked-Etag"] = $"\"{HashOf(path, bytes)}\"";
        if (Cdn is { } other && IsLarge(path))
        {
            other._files[path] = bytes;
            context.Response.StatusCode = 302;
            headers.Location = new Uri(other.Address, $"cdn/{path}?signature=1").ToString();
            return;
        }

        await Send(context, bytes);
    }

    async Task Send(HttpContext context, byte[] bytes)
    {
        var content = Garble?.Invoke(bytes) ?? bytes;
        var (first, last) = (0, content.Length - 1);
        if (GivesRanges && context.Request.GetTypedHeaders().Range?.Ranges.Single() is { From: { } from } range)
        {
            (first, last) = ((int)from, (int)Math.Min(range.To ?? last, last));
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {first}-{last}/{content.Length}";
        }

        context.Response.ContentLength = last - first + 1;
        if (HttpMethods.IsHead(context.Request.Method))
            return;

        var count = last - first + 1;
        var breaks = CutAfter is { } most && most < count && CutsLeft-- > 0;
        if (breaks)
            count = (int)CutAfter!.Value;
        Interlocked.Add(ref _sent, count); // before the bytes go: a client that has them all may ask at once
        await context.Response.Body.WriteAsync(content.AsMemory(first, count));
        if (!breaks)
            return;

        await context.Response.Body.FlushAsync();
        context.Abort();
    }

    static bool IsLarge(string name) => name.EndsWith(".safetensors", StringComparison.Ordinal) || name.EndsWith(".gguf", StringComparison.Ordinal);

    /// <summary>SHA-256 of what is large, and the name that git has for the rest.</summary>
    static string HashOf(string name, byte[] bytes)
    {
        if (IsLarge(name))
            return Convert.ToHexStringLower(SHA256.HashData(bytes));
#pragma warning disable CA5350 // It is what git does.
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {bytes.Length}\0")), .. bytes]));
#pragma warning restore CA5350
    }
}
