using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Serving;

/// <summary><c>POST /v1/embeddings</c>: the model's last state behind each text, scaled to length 1.</summary>
static class Embeddings
{
    const int MostTexts = 2048;

    /// <summary>Texts under way at once, so that one request does not fill the queue.</summary>
    const int MostTogether = 16;

    /// <summary>Answers a request.</summary>
    public static async Task Handle(HttpContext context)
    {
        using var served = await ServedRequest.Open(context).ConfigureAwait(false);
        var (body, model) = (served.Body, served.Model);
        var isBase64 = body.Find("encoding_format")?.Word("float", "base64") == "base64";
        if (body.Find("dimensions") is { } dimensions && dimensions.Whole(1, int.MaxValue) != model.Config.Width)
        {
            throw OpenAiException.Unsupported("dimensions",
                $"dimensions is {dimensions.Value.GetRawText()}, but this model's states have {model.Config.Width} numbers and cannot be shortened; leave it out.");
        }

        var settings = RequestSettings.Read(body, served.Entry, 0);
        var inputs = TextInput.Read(body.Need("input"), model.Tokenizer, SpecialText.Plain, MostTexts);
        foreach (var input in inputs)
            served.CheckLength(new ReplyRequest(input.Ids, settings), input.Path);

        var states = await Compute(model, inputs, settings, context.RequestAborted).ConfigureAwait(false);
        await Json.Answer(context, StatusCodes.Status200OK, json => Write(json, served, inputs, states, isBase64)).ConfigureAwait(false);
    }

    static async Task<float[][]> Compute(ChatModel model, IReadOnlyList<TextInput> inputs, ReplySettings settings, CancellationToken cancel)
    {
        var states = new float[inputs.Count][];
        var options = new ParallelOptions { MaxDegreeOfParallelism = MostTogether, CancellationToken = cancel };
        await Parallel.ForAsync(0, states.Length, options, async (i, ends) =>
            states[i] = await model.Embed(inputs[i].Ids, settings, ends).ConfigureAwait(false)).ConfigureAwait(false);
        return states;
    }

    static void Write(Utf8JsonWriter json, ServedRequest served, IReadOnlyList<TextInput> inputs, float[][] states, bool isBase64)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var i = 0; i < states.Length; i++)
        {
            json.WriteStartObject();
            json.WriteString("object", "embedding");
            json.WriteNumber("index", i);
            json.WritePropertyName("embedding");
            WriteState(json, states[i], isBase64);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model", served.ModelName);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", inputs.Sum(input => (long)input.Ids.Length));
        json.WriteNumber("total_tokens", inputs.Sum(input => (long)input.Ids.Length));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteState(Utf8JsonWriter json, float[] state, bool isBase64)
    {
        if (isBase64)
        {
            var bytes = new byte[state.Length * sizeof(float)];
            for (var i = 0; i < state.Length; i++)
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), state[i]);
            json.WriteBase64StringValue(bytes);
            return;
        }

        json.WriteStartArray();
        foreach (var number in state)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
