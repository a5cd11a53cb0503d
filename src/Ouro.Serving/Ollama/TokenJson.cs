using System.Text.Json;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving.Ollama;

/// <summary>Writes what is told about single tokens.</summary>
static class TokenJson
{
    /// <summary>Each token with its id and depth: ours.</summary>
    public static void WriteDepths(Utf8JsonWriter json, IReadOnlyList<ReplyToken> tokens)
    {
        json.WriteStartArray("tokens");
        foreach (var token in tokens)
        {
            json.WriteStartObject();
            json.WriteString("text", token.Text);
            json.WriteNumber("id", token.Id);
            json.WriteNumber("depth", token.Depth);
            if (token.Part == ReplyPart.Reasoning)
                json.WriteBoolean("thinking", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Each token with its probability, as Ollama writes it.</summary>
    public static void WriteLogProbs(Utf8JsonWriter json, Tokenizer tokenizer, IReadOnlyList<ReplyToken> tokens)
    {
        json.WriteStartArray("logprobs");
        foreach (var token in tokens)
        {
            json.WriteStartObject();
            WriteLogProb(json, tokenizer, token.Id, token.LogProb ?? 0);
            if (token.Top.Count > 0)
            {
                json.WriteStartArray("top_logprobs");
                foreach (var (id, logProb) in token.Top)
                {
                    json.WriteStartObject();
                    WriteLogProb(json, tokenizer, id, logProb);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A token's text; empty for ids that a padded head has and no text.</summary>
    public static string TextOf(Tokenizer tokenizer, int id) => id < tokenizer.Vocabulary.Count ? tokenizer.Decode([id]) : "";

    static void WriteLogProb(Utf8JsonWriter json, Tokenizer tokenizer, int id, double logProb)
    {
        json.WriteString("token", TextOf(tokenizer, id));
        json.WriteNumber("logprob", double.IsFinite(logProb) ? logProb : -1e9);
        json.WriteStartArray("bytes");
        if (id < tokenizer.Vocabulary.Count)
        {
            foreach (var value in tokenizer.BytesOf(id))
                json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
