using System.Globalization;
using System.Text.Json;
using Ouro.Formats;
using Ouro.Text;

namespace Ouro.Serving.Store;

/// <summary>What a name stands for, as JSON and back.</summary>
static class Manifest
{
    /// <summary>Most bytes of one; its texts are bounded by <see cref="Modelfile.MostBytes"/>, and JSON escapes make at most six bytes of a character.</summary>
    public const int MostBytes = 8 * Modelfile.MostBytes;

    const int Format = 1;

    public static byte[] Write(StoredModel model)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteString("name", model.Name.ToString());
            json.WriteString("created", model.Created.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("source", model.Source);
            json.WriteStartObject("weights");
            json.WriteString("digest", model.Weights.ToString());
            json.WriteNumber("bytes", model.Bytes);
            json.WriteEndObject();
            json.WriteStartObject("details");
            json.WriteString("type", model.Details.Type);
            json.WriteNumber("parameters", model.Details.Parameters);
            json.WriteNumber("layers", model.Details.Layers);
            json.WriteNumber("loops", model.Details.Loops);
            json.WriteNumber("context_tokens", model.Details.ContextTokens);
            json.WriteBoolean("gate", model.Details.HasGate);
            json.WriteEndObject();
            Pairs(json, "parameters", "name", "value", model.Parameters.All.Select(parameter => (parameter.Name, parameter.Value)));
            if (model.Template is not null)
                json.WriteString("template", model.Template);
            if (model.System is not null)
                json.WriteString("system", model.System);
            Pairs(json, "messages", "role", "content", model.Messages.Select(message => (message.Role, message.Content)));
            json.WriteStartArray("licenses");
            foreach (var license in model.Licenses)
                json.WriteStringValue(license);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return text.ToArray();
    }

    /// <summary>Reads a manifest. It may have been written by another version, or damaged.</summary>
    /// <param name="path">Where it lies, for messages.</param>
    /// <param name="folder">The store that it belongs to.</param>
    /// <exception cref="StoreException">It is not one.</exception>
    public static StoredModel Read(string path, ReadOnlyMemory<byte> bytes, StoreFolder folder)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            if (root.GetProperty("format").GetInt32() != Format)
                throw new StoreException(StoreFault.Storage, $"{path}: was written by a newer version of this program. Use that version, or remove the model and make it again.");

            var weights = root.GetProperty("weights");
            var digest = Digest.Parse(weights.GetProperty("digest").GetString()!);
            var texts = new Modelfile
            {
                From = root.GetProperty("source").GetString()!,
                Parameters = [.. Pairs(root, "parameters", "name", "value").Select(pair => new ModelParameter(pair.Item1, pair.Item2))],
                Template = root.TryGetProperty("template", out var template) ? template.GetString() : null,
                System = root.TryGetProperty("system", out var system) ? system.GetString() : null,
                Messages = [.. Pairs(root, "messages", "role", "content").Select(pair => new ChatMessage(pair.Item1, pair.Item2))],
                Licenses = [.. root.GetProperty("licenses").EnumerateArray().Select(license => license.GetString()!)],
            }.Checked();
            return new StoredModel
            {
                Name = ModelName.Parse(root.GetProperty("name").GetString()!),
                Digest = Digest.Of(bytes.Span),
                Weights = digest,
                Bytes = weights.GetProperty("bytes").GetInt64(),
                Path = folder.BlobPath(digest),
                Source = texts.From,
                Created = root.GetProperty("created").GetDateTimeOffset(),
                Details = Details(root.GetProperty("details")),
                Parameters = new StoredParameters(texts.Parameters),
                Template = texts.Template,
                System = texts.System,
                Messages = texts.Messages,
                Licenses = texts.Licenses,
            };
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or StoreException { Fault: StoreFault.Invalid })
        {
            throw new StoreException(StoreFault.Storage, $"{path}: is not a manifest of this store ({problem.Reason}). Remove the model with 'ouro rm' and make it again.", problem);
        }
    }

    static StoredDetails Details(JsonElement details) => new(
        details.GetProperty("type").GetString()!, details.GetProperty("parameters").GetInt64(), details.GetProperty("layers").GetInt32(), details.GetProperty("loops").GetInt32(),
        details.GetProperty("context_tokens").GetInt32(), details.GetProperty("gate").GetBoolean());

    static void Pairs(Utf8JsonWriter json, string name, string first, string second, IEnumerable<(string, string)> pairs)
    {
        json.WriteStartArray(name);
        foreach (var (one, other) in pairs)
        {
            json.WriteStartObject();
            json.WriteString(first, one);
            json.WriteString(second, other);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static IEnumerable<(string, string)> Pairs(JsonElement root, string name, string first, string second)
        => root.GetProperty(name).EnumerateArray().Select(pair => (pair.GetProperty(first).GetString()!, pair.GetProperty(second).GetString()!));
}
