using System.Text.Json;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving;

/// <summary>Makes a response out of the pieces of a reply: items of output, and the events that tell of them if somebody listens.</summary>
/// <param name="stream">Where events go; null if nobody listens.</param>
sealed class ResponseRun(ServedRequest served, ResponseRequest request, EventStream? stream)
{
    readonly ResponseObject _response = new(served, request);
    readonly List<ResponseItem> _items = [];
    readonly ReplyReport _report = new();
    ResponseItem? _open;
    string _white = "";     // white space that belongs to the text behind it, if any comes
    int _calls;
    int _sequence;
    bool _hasBegun;

    /// <summary>Lets the model write it.</summary>
    /// <returns>completed or incomplete.</returns>
    public async Task<string> Run(CancellationToken cancel)
    {
        var status = "completed";
        await foreach (var piece in served.Model.Reply(request.Reply, cancel).ConfigureAwait(false))
        {
            await Begin().ConfigureAwait(false);
            if (piece.Reasoning.Length > 0)
                await Write(ResponseItemKind.Reasoning, piece.Reasoning, []).ConfigureAwait(false);
            await Answer(piece).ConfigureAwait(false);
            foreach (var call in request.Tools.Wanted(piece.ToolCalls, _calls))
                await Call(call).ConfigureAwait(false);
            if (piece.Summary is not { } summary)
                continue;

            _report.Add(summary);
            status = summary.End == ReplyEnd.Stop ? "completed" : "incomplete";
        }

        if (_items.Count == 0)
            await Write(ResponseItemKind.Message, _white, []).ConfigureAwait(false);
        await Close(status).ConfigureAwait(false);
        await Tell($"response.{status}", json => WriteResponse(json, status)).ConfigureAwait(false);
        return status;
    }

    /// <summary>Tells of a failure behind the first event.</summary>
    public Task Fail(OpenAiException error) => Tell("response.failed", json =>
    {
        json.WritePropertyName("response");
        _response.Write(json, "failed", _items, report: null, error);
    });

    /// <summary>Writes the response that came of it.</summary>
    public void WriteWhole(Utf8JsonWriter json, string status) => _response.Write(json, status, _items, _report);

    async Task Begin()
    {
        if (_hasBegun)
            return;

        _hasBegun = true;
        foreach (var name in (string[])["response.created", "response.in_progress"])
        {
            await Tell(name, json =>
            {
                json.WritePropertyName("response");
                _response.Write(json, "in_progress", [], report: null);
            }).ConfigureAwait(false);
        }
    }

    async Task Answer(ReplyPiece piece)
    {
        var tokens = piece.Tokens.Where(token => token.Part == ReplyPart.Answer).ToList();
        if (string.IsNullOrWhiteSpace(piece.Answer) && _open is not { Kind: ResponseItemKind.Message })
        {
            _white += piece.Answer;
            return;
        }

        var text = _white + piece.Answer;
        _white = "";
        if (text.Length > 0 || tokens.Count > 0)
            await Write(ResponseItemKind.Message, text, tokens).ConfigureAwait(false);
    }

    async Task Write(ResponseItemKind kind, string text, List<ReplyToken> tokens)
    {
        var item = _open is { } open && open.Kind == kind ? open : await Open(kind).ConfigureAwait(false);
        item.Text.Append(text);
        item.Tokens.AddRange(tokens);
        if (text.Length == 0)
            return;

        await Tell(NameOf(kind, "delta"), json =>
        {
            WritePlace(json, item);
            json.WriteString("delta", text);
            if (kind == ResponseItemKind.Message)
                ResponseItem.WriteLogProbs(json, _response.Tokenizer, tokens);
        }).ConfigureAwait(false);
    }

    async Task<ResponseItem> Open(ResponseItemKind kind)
    {
        await Close("completed").ConfigureAwait(false);
        var item = _open = new ResponseItem(kind, _items.Count);
        _items.Add(item);
        await TellItem("added", item, "in_progress").ConfigureAwait(false);
        await Tell("response.content_part.added", json =>
        {
            WritePlace(json, item);
            json.WritePropertyName("part");
            item.WritePart(json, "", _response.Tokenizer);
        }).ConfigureAwait(false);
        return item;
    }

    async Task Close(string status)
    {
        if (_open is not { } item)
            return;

        _open = null;
        var text = item.Text.ToString();
        await Tell(NameOf(item.Kind, "done"), json =>
        {
            WritePlace(json, item);
            json.WriteString("text", text);
            if (item.Kind == ResponseItemKind.Message)
                ResponseItem.WriteLogProbs(json, _response.Tokenizer, item.Tokens);
        }).ConfigureAwait(false);
        await Tell("response.content_part.done", json =>
        {
            WritePlace(json, item);
            json.WritePropertyName("part");
            item.WritePart(json, text, _response.Tokenizer);
        }).ConfigureAwait(false);
        await TellItem("done", item, status).ConfigureAwait(false);
    }

    async Task Call(ToolCall call)
    {
        await Close("completed").ConfigureAwait(false);
        var item = new ResponseItem(ResponseItemKind.Call, _items.Count, call);
        _items.Add(item);
        _calls++;
        await TellItem("added", item, "in_progress").ConfigureAwait(false);
        await TellArguments("delta", "delta", item).ConfigureAwait(false);
        await TellArguments("done", "arguments", item).ConfigureAwait(false);
        await TellItem("done", item, "completed").ConfigureAwait(false);
    }

    Task TellArguments(string what, string field, ResponseItem item) => Tell($"response.function_call_arguments.{what}", json =>
    {
        json.WriteString("item_id", item.Id);
        json.WriteNumber("output_index", item.Index);
        json.WriteString("name", item.Call!.Name);
        json.WriteString(field, item.Call.Arguments);
    });

    Task TellItem(string what, ResponseItem item, string status) => Tell($"response.output_item.{what}", json =>
    {
        json.WriteNumber("output_index", item.Index);
        json.WritePropertyName("item");
        item.Write(json, status, _response.Tokenizer);
    });

    async Task Tell(string type, Action<Utf8JsonWriter> write)
    {
        if (stream is null)
            return;

        await stream.Send(json =>
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteNumber("sequence_number", _sequence);
            write(json);
            json.WriteEndObject();
        }, type).ConfigureAwait(false);
        _sequence++;
    }

    void WriteResponse(Utf8JsonWriter json, string status)
    {
        json.WritePropertyName("response");
        WriteWhole(json, status);
    }

    static string NameOf(ResponseItemKind kind, string what) => kind == ResponseItemKind.Message ? $"response.output_text.{what}" : $"response.reasoning_text.{what}";

    static void WritePlace(Utf8JsonWriter json, ResponseItem item)
    {
        json.WriteString("item_id", item.Id);
        json.WriteNumber("output_index", item.Index);
        json.WriteNumber("content_index", 0);
    }
}
