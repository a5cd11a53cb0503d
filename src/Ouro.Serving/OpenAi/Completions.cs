using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving;

/// <summary><c>POST /v1/completions</c>: texts that are continued as they stand, without the chat format. Text that spells a special token becomes it.</summary>
static class Completions
{
    /// <summary>Most replies to one request.</summary>
    const int MostReplies = 64;

    const string Kind = "text_completion";

    /// <summary>Answers a request.</summary>
    public static async Task Handle(HttpContext context)
    {
        using var served = await ServedRequest.Open(context).ConfigureAwait(false);
        var request = Read(served);
        if (request.Streams)
            await StreamedAnswer.Run(context, stream => Stream(served, request, stream, context.RequestAborted)).ConfigureAwait(false);
        else
            await Whole(context, served, request).ConfigureAwait(false);
    }

    static CompletionRequest Read(ServedRequest served)
    {
        var body = served.Body;
        if (body.Find("suffix") is { } suffix && suffix.Text().Length > 0)
            throw OpenAiException.Unsupported("suffix", "suffix is not supported here: this model writes forward only.");
        var choices = RequestSettings.Choices(body);
        if (body.Find("best_of") is { } best && best.Whole(1, RequestSettings.MostChoices) != choices)
            throw OpenAiException.Unsupported("best_of", "best_of is not supported here; ask for n replies and choose among them.");

        var top = body.Find("logprobs")?.Whole(0, RequestSettings.MostTopLogProbs);
        var echoes = body.Find("echo")?.Flag() ?? false;
        if (echoes && top is not null)
            throw OpenAiException.Unsupported("echo", "echo together with logprobs is not supported here: the prompt's own probabilities are not kept.");

        var settings = RequestSettings.Read(body, served.Entry, 0, "max_tokens");
        var inputs = TextInput.Read(body.Need("prompt"), served.Model.Tokenizer, SpecialText.Parsed, MostReplies);
        if (inputs.Count * choices > MostReplies)
            throw OpenAiException.Bad("prompt", $"{inputs.Count} prompts with {choices} replies each are {inputs.Count * choices} replies, but at most {MostReplies} are written at once.");

        var seed = RandomSeed.Draw();
        var replies = new List<ReplyRequest>();
        foreach (var input in inputs)
        {
            var reply = new ReplyRequest(input.Ids, settings) { SplitsThinking = false, TopLogProbs = top, Seed = seed };
            served.CheckLength(reply, input.Path);
            replies.AddRange(Enumerable.Range(0, choices).Select(choice => reply with { Choice = choice }));
        }

        string[] echoed = echoes ? [.. inputs.Select(input => input.Text ?? TextOf(served.Model, input.Ids))] : [];
        return new CompletionRequest(replies, echoed, choices, ChatCompletionRequest.IsStream(body), ChatCompletionRequest.AsksForUsage(body));
    }

    static string TextOf(ChatModel model, int[] ids)
        => model.Tokenizer.Decode([.. ids.Where(id => id < model.Tokenizer.Vocabulary.Count)]);

    static async Task Whole(HttpContext context, ServedRequest served, CompletionRequest request)
    {
        var texts = new StringBuilder[request.Replies.Count];
        var tokens = new List<ReplyToken>[texts.Length];
        var summaries = new ReplySummary[texts.Length];
        await ServedRequest.Together(texts.Length, async (index, cancel) =>
        {
            (texts[index], tokens[index]) = (new StringBuilder(request.Echo(index)), []);
            await foreach (var piece in served.Model.Reply(request.Replies[index], cancel).ConfigureAwait(false))
            {
                texts[index].Append(piece.Answer);
                tokens[index].AddRange(piece.Tokens);
                summaries[index] ??= piece.Summary!;
            }
        }, context.RequestAborted).ConfigureAwait(false);

        var report = new ReplyReport();
        foreach (var summary in summaries)
            report.Add(summary);
        await Json.Answer(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            served.WriteHead(json, ServedRequest.NewId("cmpl-"), Kind);
            json.WriteStartArray("choices");
            for (var i = 0; i < texts.Length; i++)
                WriteChoice(json, served, request, i, texts[i].ToString(), tokens[i], 0, summaries[i]);
            json.WriteEndArray();
            report.WriteUsage(json, request.Choices);
            report.WriteDepth(json);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    static async Task Stream(ServedRequest served, CompletionRequest request, EventStream stream, CancellationToken cancel)
    {
        var id = ServedRequest.NewId("cmpl-");
        var report = new ReplyReport();
        await ServedRequest.Together(request.Replies.Count, async (index, ends) =>
        {
            var (echo, offset) = (request.Echo(index), 0);
            await foreach (var piece in served.Model.Reply(request.Replies[index], ends).ConfigureAwait(false))
            {
                var text = echo + piece.Answer;
                echo = "";
                if (piece.Summary is { } summary)
                    report.Add(summary);
                else if (text.Length == 0 && !(request.HasLogProbs && piece.Tokens.Count > 0))
                    continue;
                await stream.Send(json => WriteChunk(json, served, request, id, piece, index, text, ref offset)).ConfigureAwait(false);
            }
        }, cancel).ConfigureAwait(false);

        if (request.IncludesUsage)
            await stream.Send(json => report.WriteUsageChunk(json, served, id, Kind, request.Choices)).ConfigureAwait(false);
        await stream.Done().ConfigureAwait(false);
    }

    static void WriteChunk(
        Utf8JsonWriter json, ServedRequest served, CompletionRequest request, string id, ReplyPiece piece, int index, string text, ref int offset)
    {
        json.WriteStartObject();
        served.WriteHead(json, id, Kind);
        json.WriteStartArray("choices");
        offset = WriteChoice(json, served, request, index, text, piece.Tokens, offset, piece.Summary);
        json.WriteEndArray();
        if (request.IncludesUsage)
            json.WriteNull("usage");
        if (piece.Summary is { } summary)
            DepthJson.Write(json, [summary], ReplyReport.DepthDigits);
        json.WriteEndObject();
    }

    /// <summary>Writes a reply or a part of it.</summary>
    /// <param name="offset">Characters of the reply in front of it.</param>
    /// <returns>Characters of the reply up to its end.</returns>
    static int WriteChoice(
        Utf8JsonWriter json, ServedRequest served, CompletionRequest request, int index, string text, IReadOnlyList<ReplyToken> tokens, int offset, ReplySummary? summary)
    {
        json.WriteStartObject();
        json.WriteString("text", text);
        json.WriteNumber("index", index);
        if (request.HasLogProbs)
        {
            json.WritePropertyName("logprobs");
            offset = LogProbJson.WriteLists(json, served.Model.Tokenizer, tokens, offset);
        }
        else
        {
            json.WriteNull("logprobs");
        }

        json.WriteString("finish_reason", summary is null ? null : ReplyReport.FinishReason(summary, hasCalls: false));
        json.WriteEndObject();
        return offset;
    }

    /// <summary>What was asked for.</summary>
    /// <param name="Replies">The texts to continue, the choices of a prompt beside each other.</param>
    /// <param name="Echoed">The prompts that are repeated in front; empty if they are not.</param>
    /// <param name="Choices">Replies to each prompt.</param>
    sealed record CompletionRequest(IReadOnlyList<ReplyRequest> Replies, string[] Echoed, int Choices, bool Streams, bool IncludesUsage)
    {
        public bool HasLogProbs => Replies[0].TopLogProbs is not null;

        public string Echo(int reply) => Echoed.Length == 0 ? "" : Echoed[reply / Choices];
    }
}
