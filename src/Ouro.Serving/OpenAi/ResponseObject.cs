using System.Text.Json;
using Ouro.Generation;
using Ouro.Text;

namespace Ouro.Serving;

/// <summary>Writes a response as a whole: what was asked for, and what has come of it.</summary>
sealed class ResponseObject(ServedRequest served, ResponseRequest request)
{
    /// <summary>The response's name.</summary>
    public string Id { get; } = ServedRequest.NewId("resp_");

    /// <summary>For probabilities; null if nobody asked.</summary>
    public Tokenizer? Tokenizer { get; } = request.HasLogProbs ? served.Model.Tokenizer : null;

    /// <summary>Writes it.</summary>
    /// <param name="status">in_progress, completed, incomplete or failed.</param>
    /// <param name="items">The output.</param>
    /// <param name="report">What it cost; null as long as it is under way.</param>
    /// <param name="error">Why it failed, or null.</param>
    public void Write(Utf8JsonWriter json, string status, IReadOnlyList<ResponseItem> items, ReplyReport? report, OpenAiException? error = null)
    {
        json.WriteStartObject();
        json.WriteString("id", Id);
        json.WriteString("object", "response");
        json.WriteNumber("created_at", served.Created);
        json.WriteString("status", status);
        json.WriteBoolean("background", false);
        WriteEnd(json, status, error);
        WriteRequest(json);
        json.WriteStartArray("output");
        foreach (var item in items)
            item.Write(json, status == "incomplete" && item == items[^1] ? "incomplete" : "completed", Tokenizer);
        json.WriteEndArray();
        if (report is null)
        {
            json.WriteNull("usage");
        }
        else
        {
            report.WriteResponseUsage(json);
            report.WriteDepth(json);
        }

        json.WriteEndObject();
    }

    static void WriteEnd(Utf8JsonWriter json, string status, OpenAiException? error)
    {
        if (error is null)
        {
            json.WriteNull("error");
        }
        else
        {
            json.WriteStartObject("error");
            json.WriteString("code", error.Code ?? "server_error");
            json.WriteString("message", error.Message);
            json.WriteEndObject();
        }

        if (status == "incomplete")
        {
            json.WriteStartObject("incomplete_details");
            json.WriteString("reason", "max_output_tokens");
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("incomplete_details");
        }
    }

    void WriteRequest(Utf8JsonWriter json)
    {
        var settings = request.Reply.Settings;
        json.WriteString("model", served.ModelName);
        Repeat(json, "instructions", null);
        Repeat(json, "max_output_tokens", null);
        Repeat(json, "metadata", "{}");
        Repeat(json, "reasoning", """{"effort":null,"summary":null}""");
        Repeat(json, "text", """{"format":{"type":"text"}}""");
        Repeat(json, "tool_choice", "\"auto\"");
        Repeat(json, "tools", "[]");
        json.WriteBoolean("parallel_tool_calls", request.Tools.IsParallel);
        json.WriteNull("previous_response_id");
        json.WriteBoolean("store", false);
        json.WriteNumber("temperature", settings.Of(Setting.Temperature));
        json.WriteNumber("top_p", settings.Of(Setting.TopP));
        json.WriteNumber("top_logprobs", request.Reply.TopLogProbs ?? 0);
        json.WriteString("truncation", "disabled");
    }

    void Repeat(Utf8JsonWriter json, string name, string? otherwise)
    {
        json.WritePropertyName(name);
        if (request.Body.Find(name) is { } field)
            field.Value.WriteTo(json);
        else
            json.WriteRawValue(otherwise ?? "null");
    }
}
