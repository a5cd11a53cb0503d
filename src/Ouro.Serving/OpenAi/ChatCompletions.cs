using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
static class ChatCompletions
{
    /// <summary>Answers a request.</summary>
    public static async Task Handle(HttpContext context)
    {
        using var served = await ServedRequest.Open(context).ConfigureAwait(false);
        var request = ChatCompletionRequest.Read(served);
        if (request.Streams)
            await StreamedAnswer.Run(context, stream => new ChatStream(served, request, stream).Run(context.RequestAborted)).ConfigureAwait(false);
        else
            await Whole(context, served, request).ConfigureAwait(false);
    }

    static async Task Whole(HttpContext context, ServedRequest served, ChatCompletionRequest request)
    {
        var choices = new Choice[request.Choices];
        await ServedRequest.Together(choices.Length, async (index, cancel) =>
        {
            var choice = choices[index] = new Choice();
            await foreach (var piece in served.Model.Reply(request.Reply with { Choice = index }, cancel).ConfigureAwait(false))
                choice.Add(piece, request.Tools);
        }, context.RequestAborted).ConfigureAwait(false);

        var report = new ReplyReport();
        foreach (var choice in choices)
            report.Add(choice.Summary!);
        await Json.Answer(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            served.WriteHead(json, ServedRequest.NewId("chatcmpl-"), "chat.completion");
            json.WriteStartArray("choices");
            for (var i = 0; i < choices.Length; i++)
                choices[i].Write(json, i, request.HasLogProbs ? served.Model.Tokenizer : null);
            json.WriteEndArray();
            report.WriteUsage(json, request.Choices);
            report.WriteDepth(json);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    /// <summary>Writes <c>logprobs</c>: those of the answer's tokens, or null.</summary>
    /// <param name="tokenizer">Null if nobody asked.</param>
    public static void WriteLogProbs(Utf8JsonWriter json, Tokenizer? tokenizer, IEnumerable<ReplyToken> tokens)
    {
        if (tokenizer is null)
        {
            json.WriteNull("logprobs");
            return;
        }

        json.WriteStartObject("logprobs");
        json.WritePropertyName("content");
        LogProbJson.WriteTokens(json, tokenizer, tokens.Where(token => token.Part == ReplyPart.Answer));
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    /// <summary>Writes a call.</summary>
    /// <param name="index">Its number in the message, as streams have it; null leaves it out.</param>
    public static void WriteCall(Utf8JsonWriter json, ToolCall call, int? index)
    {
        json.WriteStartObject();
        if (index is { } number)
            json.WriteNumber("index", number);
        json.WriteString("id", call.Id);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", call.Name);
        json.WriteString("arguments", call.Arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>One reply as it grows.</summary>
    sealed class Choice
    {
        readonly StringBuilder _answer = new(), _reasoning = new();
        readonly List<ToolCall> _calls = [];
        readonly List<ReplyToken> _tokens = [];

        public ReplySummary? Summary { get; private set; }

        public void Add(ReplyPiece piece, RequestTools tools)
        {
            _answer.Append(piece.Answer);
            _reasoning.Append(piece.Reasoning);
            _calls.AddRange(tools.Wanted(piece.ToolCalls, _calls.Count));
            _tokens.AddRange(piece.Tokens);
            Summary ??= piece.Summary;
        }

        public void Write(Utf8JsonWriter json, int index, Tokenizer? tokenizer)
        {
            json.WriteStartObject();
            json.WriteNumber("index", index);
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", _answer.Length == 0 && _calls.Count > 0 ? null : _answer.ToString());
            json.WriteNull("refusal");
            if (_reasoning.Length > 0)
                json.WriteString("reasoning_content", _reasoning.ToString());
            if (_calls.Count > 0)
            {
                json.WriteStartArray("tool_calls");
                foreach (var call in _calls)
                    WriteCall(json, call, index: null);
                json.WriteEndArray();
            }

            json.WriteEndObject();
            WriteLogProbs(json, tokenizer, _tokens);
            json.WriteString("finish_reason", ReplyReport.FinishReason(Summary!, _calls.Count > 0));
            json.WriteEndObject();
        }
    }
}
