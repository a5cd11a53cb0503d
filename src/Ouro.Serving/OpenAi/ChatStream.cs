using System.Text.Json;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving;

/// <summary>A chat completion that is sent while it is written: all its choices side by side.</summary>
sealed class ChatStream(ServedRequest served, ChatCompletionRequest request, EventStream stream)
{
    const string Chunk = "chat.completion.chunk";

    static readonly Action<Utf8JsonWriter> NoDelta = _ => { };

    readonly string _id = ServedRequest.NewId("chatcmpl-");
    readonly ReplyReport _report = new();
    readonly Tokenizer? _tokenizer = request.HasLogProbs ? served.Model.Tokenizer : null;

    /// <summary>Sends it, to the end.</summary>
    public async Task Run(CancellationToken cancel)
    {
        await ServedRequest.Together(request.Choices, One, cancel).ConfigureAwait(false);
        if (request.IncludesUsage)
            await stream.Send(json => _report.WriteUsageChunk(json, served, _id, Chunk, request.Choices)).ConfigureAwait(false);
        await stream.Done().ConfigureAwait(false);
    }

    async Task One(int index, CancellationToken cancel)
    {
        var (hasBegun, calls) = (false, 0);
        await foreach (var piece in served.Model.Reply(request.Reply with { Choice = index }, cancel).ConfigureAwait(false))
        {
            if (!hasBegun)
                await Send(index, json => { json.WriteString("role", "assistant"); json.WriteString("content", ""); }, []).ConfigureAwait(false);
            hasBegun = true;

            IReadOnlyList<ToolCall> wanted = [.. request.Tools.Wanted(piece.ToolCalls, calls)];
            var first = calls;
            calls += wanted.Count;
            if (piece.Answer.Length > 0 || piece.Reasoning.Length > 0 || wanted.Count > 0 || (_tokenizer is not null && piece.Tokens.Count > 0))
                await Send(index, json => WriteDelta(json, piece, wanted, first), piece.Tokens).ConfigureAwait(false);
            if (piece.Summary is not { } summary)
                continue;

            _report.Add(summary);
            await stream.Send(json => WriteChunk(json, index, NoDelta, [], summary, calls > 0)).ConfigureAwait(false);
        }
    }

    Task Send(int index, Action<Utf8JsonWriter> delta, IReadOnlyList<ReplyToken> tokens)
        => stream.Send(json => WriteChunk(json, index, delta, tokens, summary: null, hasCalls: false));

    void WriteChunk(Utf8JsonWriter json, int index, Action<Utf8JsonWriter> delta, IReadOnlyList<ReplyToken> tokens, ReplySummary? summary, bool hasCalls)
    {
        json.WriteStartObject();
        served.WriteHead(json, _id, Chunk);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteStartObject("delta");
        delta(json);
        json.WriteEndObject();
        ChatCompletions.WriteLogProbs(json, tokens.Count > 0 ? _tokenizer : null, tokens);
        json.WriteString("finish_reason", summary is null ? null : ReplyReport.FinishReason(summary, hasCalls));
        json.WriteEndObject();
        json.WriteEndArray();
        if (request.IncludesUsage)
            json.WriteNull("usage");
        if (summary is not null)
            DepthJson.Write(json, [summary], ReplyReport.DepthDigits);
        json.WriteEndObject();
    }

    static void WriteDelta(Utf8JsonWriter json, ReplyPiece piece, IReadOnlyList<ToolCall> calls, int first)
    {
        if (piece.Reasoning.Length > 0)
            json.WriteString("reasoning_content", piece.Reasoning);
        if (piece.Answer.Length > 0)
            json.WriteString("content", piece.Answer);
        if (calls.Count == 0)
            return;

        json.WriteStartArray("tool_calls");
        for (var i = 0; i < calls.Count; i++)
            ChatCompletions.WriteCall(json, calls[i], first + i);
        json.WriteEndArray();
    }
}
