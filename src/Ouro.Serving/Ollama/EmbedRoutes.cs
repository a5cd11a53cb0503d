using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ouro.Chat;

namespace Ouro.Serving.Ollama;

/// <summary><c>/api/embed</c> and the older <c>/api/embeddings</c>: the state behind a text, as a list of numbers.</summary>
static class EmbedRoutes
{
    const int MostInputs = 2048;

    /// <summary>Several texts at once; their passes are shared.</summary>
    public static async Task Embed(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var request = new Fields(body.RootElement);
        var (model, options) = (request.Model(), RequestOptions.Read(request));
        var inputs = ReadInputs(request);
        var truncates = request.Flag("truncate") ?? true;
        if (request.Has("dimensions"))
            throw new ApiException(StatusCodes.Status400BadRequest, "dimensions cannot be chosen: this model's states mean something as a whole only; leave dimensions out.");

        using var lease = await Rent(context, request, model).ConfigureAwait(false);
        var settings = options.Over(lease.Entry, context.RequestServices.GetRequiredService<ServingOptions>());
        var texts = inputs.Select((input, i) => Tokens(lease.Model, settings, input, truncates, $"input[{i}]")).ToArray();
        var states = await All(lease.Model, texts, settings, context.RequestAborted).ConfigureAwait(false);
        await Json.Answer(context, json =>
        {
            json.WriteString("model", model);
            json.WriteStartArray("embeddings");
            foreach (var state in states)
                WriteState(json, state);
            json.WriteEndArray();
            json.WriteNanoseconds("total_duration", Stopwatch.GetElapsedTime(started));
            json.WriteNanoseconds("load_duration", lease.LoadTime);
            json.WriteNumber("prompt_eval_count", texts.Sum(text => text.Length));
            if (options.Warnings.Count > 0)
                json.WriteStrings("warnings", options.Warnings);
        }).ConfigureAwait(false);
    }

    /// <summary>One text.</summary>
    public static async Task Embeddings(HttpContext context)
    {
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var request = new Fields(body.RootElement);
        var (model, options) = (request.Model(), RequestOptions.Read(request));
        var prompt = request.Text("prompt") ?? "";
        using var lease = await Rent(context, request, model).ConfigureAwait(false);
        var settings = options.Over(lease.Entry, context.RequestServices.GetRequiredService<ServingOptions>());
        float[] state = prompt.Length == 0 ? []
            : await lease.Model.Embed(Tokens(lease.Model, settings, prompt, truncates: true, "prompt"), settings, context.RequestAborted).ConfigureAwait(false);
        await Json.Answer(context, json =>
        {
            json.WritePropertyName("embedding");
            WriteState(json, state);
        }).ConfigureAwait(false);
    }

    /// <summary>All texts; the first that fails ends the others.</summary>
    static async Task<float[][]> All(ChatModel model, int[][] texts, ReplySettings settings, CancellationToken cancel)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var states = texts.Select(text => model.Embed(text, settings, together.Token)).ToArray();
        try
        {
            return await Task.WhenAll(states).ConfigureAwait(false);
        }
        finally
        {
            await together.CancelAsync().ConfigureAwait(false);
        }
    }

    static Task<ModelLease> Rent(HttpContext context, Fields request, string model)
        => context.RequestServices.GetRequiredService<ModelPool>().Rent(model, KeepAlive.Read(request["keep_alive"]), context.RequestAborted);

    static List<string> ReadInputs(Fields request)
    {
        switch (request["input"])
        {
            case { ValueKind: JsonValueKind.String } one:
                return [one.GetString()!];
            case { ValueKind: JsonValueKind.Array }:
                return [.. request.List("input", MostInputs).Select((input, i) =>
                    input.ValueKind == JsonValueKind.String ? input.GetString()! : throw request.Wrong($"input[{i}]", input, "a string"))];
            case { ValueKind: JsonValueKind.Undefined }:
                return [];
            case var other:
                throw request.Wrong("input", other, "a string or a list of strings");
        }
    }

    static int[] Tokens(ChatModel model, ReplySettings settings, string text, bool truncates, string name)
    {
        var tokens = model.Tokenizer.Encode(text);
        var most = settings.ContextTokens(model.Config);
        return tokens.Length == 0 ? throw new ApiException(StatusCodes.Status400BadRequest, $"{name} is empty, or holds nothing that this model's vocabulary can say; give some text.")
            : tokens.Length <= most ? tokens
            : truncates ? tokens[..most]
            : throw new ApiException(StatusCodes.Status400BadRequest, $"{name} has {tokens.Length:N0} tokens, but the context holds {most:N0}; shorten it, raise num_ctx, or let it be truncated.");
    }

    static void WriteState(Utf8JsonWriter json, float[] state)
    {
        json.WriteStartArray();
        foreach (var number in state)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
