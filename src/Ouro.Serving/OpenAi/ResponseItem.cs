using System.Text;
using System.Text.Json;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving;

/// <summary>What an item of a response's output is.</summary>
enum ResponseItemKind
{
    /// <summary>What the model thought.</summary>
    Reasoning,

    /// <summary>What it answered.</summary>
    Message,

    /// <summary>A function that it wants called.</summary>
    Call,
}

/// <summary>One item of a response's output as it grows.</summary>
/// <param name="kind">What it is.</param>
/// <param name="index">Its place in the output.</param>
/// <param name="call">The call, if it is one.</param>
sealed class ResponseItem(ResponseItemKind kind, int index, ToolCall? call = null)
{
    /// <summary>What it is.</summary>
    public ResponseItemKind Kind => kind;

    /// <summary>Its place in the output.</summary>
    public int Index => index;

    /// <summary>Its name, which nothing else has.</summary>
    public string Id { get; } = ServedRequest.NewId(kind switch { ResponseItemKind.Reasoning => "rs_", ResponseItemKind.Message => "msg_", _ => "fc_" });

    /// <summary>Its text so far.</summary>
    public StringBuilder Text { get; } = new();

    /// <summary>The tokens of its text.</summary>
    public List<ReplyToken> Tokens { get; } = [];

    /// <summary>The call, if it is one.</summary>
    public ToolCall? Call => call;

    /// <summary>Writes it.</summary>
    /// <param name="status">in_progress, completed or incomplete. What is in progress is written empty.</param>
    /// <param name="tokenizer">Null if nobody asked for probabilities.</param>
    public void Write(Utf8JsonWriter json, string status, Tokenizer? tokenizer)
    {
        json.WriteStartObject();
        json.WriteString("id", Id);
        json.WriteString("type", kind switch { ResponseItemKind.Reasoning => "reasoning", ResponseItemKind.Message => "message", _ => "function_call" });
        json.WriteString("status", status);
        if (call is not null)
        {
            json.WriteString("call_id", call.Id);
            json.WriteString("name", call.Name);
            json.WriteString("arguments", status == "in_progress" ? "" : call.Arguments);
            json.WriteEndObject();
            return;
        }

        if (kind == ResponseItemKind.Message)
        {
            json.WriteString("role", "assistant");
        }
        else
        {
            json.WriteStartArray("summary");
            json.WriteEndArray();
        }

        json.WriteStartArray("content");
        if (status != "in_progress")
            WritePart(json, Text.ToString(), tokenizer);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes the one part of its content.</summary>
    public void WritePart(Utf8JsonWriter json, string text, Tokenizer? tokenizer)
    {
        json.WriteStartObject();
        json.WriteString("type", kind == ResponseItemKind.Message ? "output_text" : "reasoning_text");
        json.WriteString("text", text);
        if (kind == ResponseItemKind.Message)
        {
            json.WriteStartArray("annotations");
            json.WriteEndArray();
            WriteLogProbs(json, tokenizer, text.Length > 0 ? Tokens : []);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes <c>logprobs</c>, an empty list if nobody asked.</summary>
    public static void WriteLogProbs(Utf8JsonWriter json, Tokenizer? tokenizer, IReadOnlyList<ReplyToken> tokens)
    {
        json.WritePropertyName("logprobs");
        if (tokenizer is not null)
        {
            LogProbJson.WriteTokens(json, tokenizer, tokens);
            return;
        }

        json.WriteStartArray();
        json.WriteEndArray();
    }
}
