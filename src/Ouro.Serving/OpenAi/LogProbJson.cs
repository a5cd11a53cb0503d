using System.Text;
using System.Text.Json;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving;

/// <summary>Writes how probable tokens were.</summary>
static class LogProbJson
{
    /// <summary>A list of tokens as chats and responses have it: the text of each, its bytes, and the likeliest in its place.</summary>
    public static void WriteTokens(Utf8JsonWriter json, Tokenizer tokenizer, IEnumerable<ReplyToken> tokens)
    {
        json.WriteStartArray();
        foreach (var token in tokens)
        {
            json.WriteStartObject();
            WriteToken(json, tokenizer, token.Id, token.LogProb ?? 0);
            json.WriteStartArray("top_logprobs");
            foreach (var top in token.Top)
            {
                json.WriteStartObject();
                WriteToken(json, tokenizer, top.Id, top.LogProb);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Four lists side by side, as text completions have it.</summary>
    /// <param name="offset">Characters of the text in front of the first token.</param>
    /// <returns>Characters in front of the next token.</returns>
    public static int WriteLists(Utf8JsonWriter json, Tokenizer tokenizer, IReadOnlyList<ReplyToken> tokens, int offset)
    {
        json.WriteStartObject();
        json.WriteStartArray("tokens");
        foreach (var token in tokens)
            json.WriteStringValue(TextOf(tokenizer, token.Id));
        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (var token in tokens)
            json.WriteNumberValue(Finite(token.LogProb ?? 0));
        json.WriteEndArray();
        json.WriteStartArray("top_logprobs");
        foreach (var token in tokens)
        {
            json.WriteStartObject();
            foreach (var top in token.Top.DistinctBy(top => TextOf(tokenizer, top.Id)))
                json.WriteNumber(TextOf(tokenizer, top.Id), Finite(top.LogProb));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("text_offset");
        foreach (var token in tokens)
        {
            json.WriteNumberValue(offset);
            offset += token.Text.Length;
        }

        json.WriteEndArray();
        json.WriteEndObject();
        return offset;
    }

    static void WriteToken(Utf8JsonWriter json, Tokenizer tokenizer, int id, double logProb)
    {
        json.WriteString("token", Encoding.UTF8.GetString(BytesOf(tokenizer, id)));
        json.WriteNumber("logprob", Finite(logProb));
        json.WriteStartArray("bytes");
        foreach (var value in BytesOf(tokenizer, id))
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    /// <summary>The text of a token, or its bytes spelled out where they are only part of a character.</summary>
    static string TextOf(Tokenizer tokenizer, int id)
    {
        var bytes = BytesOf(tokenizer, id);
        if (System.Text.Unicode.Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);

        var text = new StringBuilder("bytes:");
        foreach (var value in bytes)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{value:x2}");
        return text.ToString();
    }

    /// <summary>A head may be padded with ids that no text has.</summary>
    static ReadOnlySpan<byte> BytesOf(Tokenizer tokenizer, int id) => (uint)id < (uint)tokenizer.Vocabulary.Count ? tokenizer.BytesOf(id) : [];

    /// <summary>JSON has no infinity; OpenAI writes -9999 for what is out of the question.</summary>
    static double Finite(double logProb) => double.IsFinite(logProb) ? Math.Min(0, logProb) : -9999;
}
