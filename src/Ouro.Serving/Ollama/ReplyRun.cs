using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving.Ollama;

/// <summary>What text a reply is put into: chat and generate differ in that alone.</summary>
/// <param name="isChat">True for <c>message</c>, false for <c>response</c>.</param>
readonly struct ReplyShape(bool isChat)
{
    /// <summary>Writes what was said; nothing that is empty but the text itself.</summary>
    public void Write(Utf8JsonWriter json, ReplyPiece piece)
    {
        if (isChat)
        {
            json.WriteStartObject("message");
            json.WriteString("role", ChatMessage.Assistant);
        }

        json.WriteString(isChat ? "content" : "response", piece.Answer);
        if (piece.Reasoning.Length > 0)
            json.WriteString("thinking", piece.Reasoning);
        if (!isChat)
            return;

        if (piece.ToolCalls.Count > 0)
            WriteCalls(json, piece.ToolCalls);
        json.WriteEndObject();
    }

    static void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ToolCall> calls)
    {
        json.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            json.WriteStartObject();
            json.WriteString("id", call.Id);
            json.WriteStartObject("function");
            json.WriteString("name", call.Name);
            json.WritePropertyName("arguments");
            json.WriteRawValue(call.Arguments);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

/// <summary>Answers a request with a reply: line by line as it is written, or in one object.</summary>
sealed class ReplyRun(HttpContext context, ReplyFields fields, ModelLease lease, bool isChat, long started)
{
    readonly ReplyShape _shape = new(isChat);
    readonly TimeProvider _clock = context.RequestServices.GetRequiredService<TimeProvider>();
    readonly List<int> _ids = [];

    /// <summary>True to tell the text's tokens, so that a client can go on from them.</summary>
    public bool TellsContext { get; init; }

    /// <summary>One sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Writes the reply.</summary>
    /// <remarks>Nothing is sent before the first piece is there, so that a request that cannot be met gets a status of its own.</remarks>
    public async Task Answer(ReplyRequest request)
    {
        foreach (var warning in Warnings.Concat(request.Warnings))
            ServingLog.Warned(context.RequestServices.GetRequiredService<ILogger<ReplyRun>>(), context.Request.Path.Value!, Problems.Plain(warning));

        var pieces = lease.Model.Reply(request, context.RequestAborted);
        if (fields.Streams)
            await Stream(request, pieces).ConfigureAwait(false);
        else
            await Whole(request, pieces).ConfigureAwait(false);
    }

    async Task Stream(ReplyRequest request, IAsyncEnumerable<ReplyPiece> pieces)
    {
        using var lines = new JsonLines(context);
        await foreach (var piece in pieces.ConfigureAwait(false))
        {
            Note(piece);
            await lines.Send(json => Write(json, piece, request)).ConfigureAwait(false);
        }
    }

    async Task Whole(ReplyRequest request, IAsyncEnumerable<ReplyPiece> pieces)
    {
        var (answer, reasoning) = (new StringBuilder(), new StringBuilder());
        var (tokens, calls) = (new List<ReplyToken>(), new List<ToolCall>());
        ReplySummary? summary = null;
        await foreach (var piece in pieces.ConfigureAwait(false))
        {
            Note(piece);
            answer.Append(piece.Answer);
            reasoning.Append(piece.Reasoning);
            tokens.AddRange(piece.Tokens);
            calls.AddRange(piece.ToolCalls);
            summary = piece.Summary;
        }

        var whole = new ReplyPiece(answer.ToString(), reasoning.ToString(), tokens) { ToolCalls = calls, Summary = summary };
        await Json.Answer(context, json => Write(json, whole, request)).ConfigureAwait(false);
    }

    void Note(ReplyPiece piece)
    {
        _ids.AddRange(piece.Tokens.Select(token => token.Id));
        if (piece.Summary is { } summary)
            context.RequestServices.GetRequiredService<ServingMetrics>().Replied(summary, Stopwatch.GetElapsedTime(started));
    }

    void Write(Utf8JsonWriter json, ReplyPiece piece, ReplyRequest request)
    {
        json.WriteString("model", fields.Model);
        json.WriteTime("created_at", _clock.GetUtcNow());
        _shape.Write(json, piece);
        if (fields.TopLogProbs is not null && piece.Tokens.Count > 0)
            TokenJson.WriteLogProbs(json, lease.Model.Tokenizer, piece.Tokens);
        if (fields.TokenDepths)
            TokenJson.WriteDepths(json, piece.Tokens);
        json.WriteBoolean("done", piece.Summary is not null);
        if (piece.Summary is { } summary)
            WriteEnd(json, summary, request);
    }

    void WriteEnd(Utf8JsonWriter json, ReplySummary summary, ReplyRequest request)
    {
        json.WriteString("done_reason", summary.End == ReplyEnd.Stop ? "stop" : "length");
        json.WriteNanoseconds("total_duration", Stopwatch.GetElapsedTime(started));
        json.WriteNanoseconds("load_duration", lease.LoadTime);
        json.WriteNumber("prompt_eval_count", summary.PromptTokens);
        json.WriteNanoseconds("prompt_eval_duration", summary.PromptTime);
        json.WriteNumber("eval_count", summary.Tokens);
        json.WriteNanoseconds("eval_duration", summary.WriteTime);
        if (TellsContext)
            json.WriteNumbers("context", request.Prompt.Concat(_ids));
        DepthJson.Write(json, [summary], digits: 6);
        if (fields.TokenDepths)
        {
            json.WriteNumbers("token_ids", _ids);
            json.WriteNumbers("prompt_token_ids", request.Prompt);
        }

        if (summary.IsComplete == false)
            json.WriteBoolean("format_complete", false);
        if (Warnings.Count + request.Warnings.Count > 0)
            json.WriteStrings("warnings", [.. Warnings, .. request.Warnings]);
    }

    /// <summary>Answers a request that has nothing to reply to: it loads the model, or unloads it.</summary>
    public Task AnswerLoading() => AnswerLoading(context, fields, isChat, isUnloading: false, Stopwatch.GetElapsedTime(started), lease.LoadTime);

    /// <inheritdoc cref="AnswerLoading()"/>
    public static Task AnswerLoading(HttpContext context, ReplyFields fields, bool isChat, bool isUnloading, TimeSpan total, TimeSpan loading)
        => Json.Answer(context, json =>
        {
            json.WriteString("model", fields.Model);
            json.WriteTime("created_at", context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());
            new ReplyShape(isChat).Write(json, new ReplyPiece("", "", []));
            json.WriteBoolean("done", true);
            json.WriteString("done_reason", isUnloading ? "unload" : "load");
            json.WriteNanoseconds("total_duration", total);
            json.WriteNanoseconds("load_duration", loading);
        });
}
