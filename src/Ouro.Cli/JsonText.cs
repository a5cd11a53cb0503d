using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ouro.Cli;

/// <summary>Results for programs: one indented JSON object on standard output.</summary>
static class JsonText
{
    static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Print(JsonObject fields)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, Indented))
            fields.WriteTo(writer);
        Console.WriteLine(Encoding.UTF8.GetString(text.ToArray()));
    }

    public static JsonArray Strings(IEnumerable<string> items) => new([.. items.Select(item => (JsonNode?)JsonValue.Create(item))]);

    public static JsonArray Objects(IEnumerable<JsonObject> items) => new([.. items.Select(item => (JsonNode?)item)]);
}
