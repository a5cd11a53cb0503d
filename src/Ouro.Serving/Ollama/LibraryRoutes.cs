using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Ouro.Serving.Ollama;

/// <summary>The routes that change which models there are.</summary>
static class LibraryRoutes
{
    const int MostEntries = 1000;

    /// <summary>Makes a model from another one, from uploaded files or from a Modelfile.</summary>
    public static async Task Create(HttpContext context)
    {
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var request = new Fields(body.RootElement);
        var model = new ModelToCreate(request.Model())
        {
            Modelfile = request.Text("modelfile") is { Length: > 0 } file ? file : null,
            From = request.Text("from") is { Length: > 0 } from ? from : null,
            Files = Files(request),
            Parameters = Parameters(request),
            System = request.Text("system"),
            Template = request.Text("template"),
            Licenses = Licenses(request),
            Messages = [.. request.Objects("messages", MostEntries).Select(ChatFields.ReadTurn)],
            Quantize = request.Text("quantize") is { Length: > 0 } type ? type : null,
        };
        if (model is { Modelfile: null, From: null, Files.Count: 0 })
            throw Bad("from, files or modelfile is missing; say what the model is made from.");
        if (request.Has("adapters"))
            throw Bad("adapters cannot be used by models of this family; leave adapters out.");

        await Follow(context, request, Library(context).Create(model, context.RequestAborted)).ConfigureAwait(false);
    }

    /// <summary>Fetches a model.</summary>
    public static async Task Pull(HttpContext context)
    {
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var request = new Fields(body.RootElement);
        await Follow(context, request, Library(context).Pull(request.Model(), context.RequestAborted)).ConfigureAwait(false);
    }

    /// <summary>Gives a model a second name.</summary>
    public static async Task Copy(HttpContext context)
    {
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var request = new Fields(body.RootElement);
        Library(context).Copy(request.Model("source", "source"), request.Model("destination", "destination"));
        context.Response.ContentLength = 0;
    }

    /// <summary>Takes a model away; whoever uses it now may finish.</summary>
    public static async Task Delete(HttpContext context)
    {
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var name = new Fields(body.RootElement).Model();
        var pool = context.RequestServices.GetRequiredService<ModelPool>();
        if (Library(context).Find(name) is null)
            throw new UnknownModelException(name);

        pool.Unload(name);
        Library(context).Delete(name);
        context.Response.ContentLength = 0;
    }

    /// <summary>Models are not published from here.</summary>
    public static Task Push(HttpContext context)
        => throw new ApiException(StatusCodes.Status501NotImplemented, "models cannot be pushed from here; upload the file to where you publish, and others can pull it.");

    /// <summary>Says by its status whether a file is there.</summary>
    public static Task HasBlob(HttpContext context)
    {
        context.Response.StatusCode = Library(context).HasBlob(Digest(context)) ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <summary>Takes a file.</summary>
    public static async Task AddBlob(HttpContext context)
    {
        var digest = Digest(context);
        // A model is larger than any request; the library counts what its disk can hold.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        if (!Library(context).HasBlob(digest))
            await Library(context).AddBlob(digest, context.Request.Body, context.RequestAborted).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.ContentLength = 0;
    }

    /// <summary>Tells how it goes, line by line or at the end.</summary>
    static async Task Follow(HttpContext context, Fields request, IAsyncEnumerable<LibraryProgress> steps)
    {
        var streams = request.Flag("stream") ?? true;
        using var lines = new JsonLines(context);
        var last = new LibraryProgress("success");
        await foreach (var step in steps.ConfigureAwait(false))
        {
            last = step;
            if (streams)
                await lines.Send(json => Write(json, step)).ConfigureAwait(false);
        }

        if (!streams)
            await Json.Answer(context, json => Write(json, last)).ConfigureAwait(false);
    }

    static void Write(Utf8JsonWriter json, LibraryProgress step)
    {
        json.WriteString("status", step.Status);
        if (step.Digest is { } digest)
            json.WriteString("digest", digest);
        if (step.Total is { } total)
            json.WriteNumber("total", total);
        if (step.Completed is { } completed)
            json.WriteNumber("completed", completed);
    }

    static IModelLibrary Library(HttpContext context) => context.RequestServices.GetRequiredService<IModelLibrary>();

    static string Digest(HttpContext context)
    {
        var text = context.Request.RouteValues["digest"] as string ?? "";
        return DigestOf(text) ?? throw Bad($"'{Problems.Plain(text)}' is no digest; expected sha256: and 64 hexadecimal digits.");
    }

    static string? DigestOf(string text)
        => text.Length == 71 && (text.StartsWith("sha256:", StringComparison.Ordinal) || text.StartsWith("sha256-", StringComparison.Ordinal)) && text[7..].All(char.IsAsciiHexDigit)
            ? text[7..].ToLowerInvariant()
            : null;

    static Dictionary<string, string> Files(Fields request)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        if (request.Object("files") is not { } given)
            return files;

        foreach (var file in given.Element.EnumerateObject())
        {
            if (files.Count == MostEntries)
                throw Bad($"files has more than {MostEntries:N0} entries, which is the most that is taken.");
            files[file.Name] = file.Value.ValueKind == JsonValueKind.String && DigestOf(file.Value.GetString()!) is { } digest
                ? $"sha256:{digest}"
                : throw given.Wrong(Problems.Plain(file.Name), file.Value, "sha256: and 64 hexadecimal digits");
        }

        return files;
    }

    /// <summary>Settings as words; a list becomes an entry for each element.</summary>
    static List<(string, string)> Parameters(Fields request)
    {
        var parameters = new List<(string, string)>();
        if (request.Object("parameters") is not { } given)
            return parameters;

        foreach (var parameter in given.Element.EnumerateObject())
        {
            var name = Problems.Plain(parameter.Name);
            if (parameter.Value.ValueKind == JsonValueKind.Array)
                parameters.AddRange(given.List(parameter.Name, MostEntries).Select(value => (name, Word(value))));
            else if (parameter.Value.ValueKind != JsonValueKind.Null)
                parameters.Add((name, Word(parameter.Value)));
            string Word(JsonElement value) => value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Number => value.GetRawText(),
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                _ => throw given.Wrong(name, value, "a number, a word, or a list of these"),
            };
        }

        return parameters;
    }

    static List<string> Licenses(Fields request) => request["license"] switch
    {
        { ValueKind: JsonValueKind.Array } => [.. request.List("license", MostEntries).Select((license, i) =>
            license.ValueKind == JsonValueKind.String ? license.GetString()! : throw request.Wrong($"license[{i}]", license, "a string"))],
        _ => request.Text("license") is { Length: > 0 } license ? [license] : [],
    };

    static ApiException Bad(string sentence) => new(StatusCodes.Status400BadRequest, sentence);
}
