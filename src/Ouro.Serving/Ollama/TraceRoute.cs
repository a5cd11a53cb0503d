using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ouro.Chat;
using Ouro.Generation;
using Ouro.Text;

namespace Ouro.Serving.Ollama;

/// <summary><c>/api/trace</c>, ours: what every loop would have said at each place of a reply, and how ready the gate found it.</summary>
sealed class TraceRoute : IDisposable
{
    const int MostTokens = 1024;
    const int MostLoops = 64;
    const long MostBytes = 1L << 30;
    const int Shown = 3;

    /// <summary>A trace holds all logits of a text, so only one is made at a time.</summary>
    readonly SemaphoreSlim _turn = new(1);

    /// <summary>Answers.</summary>
    public async Task Trace(HttpContext context)
    {
        using var body = await RequestBody.Read(context).ConfigureAwait(false);
        var request = new Fields(body.RootElement);
        var (name, options) = (request.Model(), RequestOptions.Read(request));
        using var lease = await context.RequestServices.GetRequiredService<ModelPool>()
            .Rent(name, KeepAlive.Read(request["keep_alive"]), context.RequestAborted).ConfigureAwait(false);

        var model = lease.Model;
        var prompt = request.Ids("prompt_token_ids", MostTokens, model.Config.Vocabulary);
        var reply = request.Ids("token_ids", MostTokens, model.Config.Vocabulary);
        var rule = options.Over(lease.Entry, context.RequestServices.GetRequiredService<ServingOptions>()).Rule(model.Config);
        Check(prompt.Length, reply.Length, rule.Loops, model.Config.Vocabulary);

        await _turn.WaitAsync(context.RequestAborted).ConfigureAwait(false);
        try
        {
            // What would follow the last token is nobody's question.
            var trace = await model.Trace([.. prompt, .. reply[..^1]], rule, context.RequestAborted).ConfigureAwait(false);
            await Json.Answer(context, json => Write(json, trace, model.Tokenizer, prompt.Length, reply)).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    static void Check(int prompt, int reply, int loops, int vocabulary)
    {
        if (prompt == 0 || reply == 0)
            throw new ApiException(StatusCodes.Status400BadRequest, $"{(prompt == 0 ? "prompt_token_ids" : "token_ids")} is empty; give the ids that a reply with token_depths told.");
        if (prompt + reply > MostTokens)
            throw new ApiException(StatusCodes.Status400BadRequest, $"prompt and reply have {prompt + reply:N0} tokens, but at most {MostTokens:N0} are traced; take a shorter stretch.");
        if (loops > MostLoops || (long)(prompt + reply) * loops * vocabulary * sizeof(float) > MostBytes)
            throw new ApiException(StatusCodes.Status400BadRequest, $"{loops:N0} loops of {prompt + reply:N0} tokens are too much to trace; take fewer loops or tokens.");
    }

    static void Write(Utf8JsonWriter json, Trace trace, Tokenizer tokenizer, int prompt, int[] reply)
    {
        json.WriteNumber("loops", trace.Loops.Count);
        json.WriteStartArray("tokens");
        for (var i = 0; i < reply.Length; i++)
        {
            var place = prompt + i - 1;   // where the token was decided
            json.WriteStartObject();
            json.WriteNumber("id", reply[i]);
            json.WriteString("text", TokenJson.TextOf(tokenizer, reply[i]));
            json.WriteNumber("depth", trace.ExitLoop[place]);
            json.WriteStartArray("exit_chance");
            foreach (var loop in trace.Loops.Where(loop => loop.ExitChance.Length > 0))
                json.WriteNumberValue(Math.Round(loop.ExitChance[place], 6));
            json.WriteEndArray();
            json.WriteStartArray("said");
            foreach (var loop in trace.Loops)
                WriteSaid(json, tokenizer, TokenRanking.Likeliest(loop.Logits[place], TokenRanking.LogSum(loop.Logits[place]), Shown));
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteSaid(Utf8JsonWriter json, Tokenizer tokenizer, TokenLogProb[] likeliest)
    {
        json.WriteStartObject();
        WriteToken(json, tokenizer, likeliest[0]);
        json.WriteStartArray("top");
        foreach (var token in likeliest)
        {
            json.WriteStartObject();
            WriteToken(json, tokenizer, token);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteToken(Utf8JsonWriter json, Tokenizer tokenizer, TokenLogProb token)
    {
        json.WriteString("text", TokenJson.TextOf(tokenizer, token.Id));
        json.WriteNumber("probability", Math.Round(Math.Exp(token.LogProb), 6));
    }
}
