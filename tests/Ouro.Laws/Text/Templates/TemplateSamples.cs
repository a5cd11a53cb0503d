using System.Text.Json;
using Ouro.Text.Templates;

namespace Ouro.Laws.Text.Templates;

/// <summary>Templates, conversations, and what Jinja2 made of them; see tests/second-opinions/jinja/reference.py.</summary>
static class TemplateSamples
{
    /// <summary>The present as the reference saw it.</summary>
    public static readonly DateTimeOffset Now = new(2024, 7, 6, 9, 5, 3, TimeSpan.Zero);

    static readonly string Folder = Repository.Path("tests/Ouro.Laws/Text/Templates");

    public static string[] Names => [.. Directory.GetFiles(Path.Combine(Folder, "samples"), "*.jinja").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    /// <summary>The context of language.jsonl and expressions.jsonl.</summary>
    public static string Shared => ReadText("shared.json");

    public static string Source(string sample) => ReadText(Path.Combine("samples", sample));

    public static string ReadText(string file) => File.ReadAllText(Path.Combine(Folder, file));

    public static IEnumerable<JsonElement> Lines(string file) => File.ReadLines(Path.Combine(Folder, file)).Select(line => JsonElement.Parse(line));

    /// <summary>Conversations by name.</summary>
    public static Dictionary<string, JsonElement> Conversations()
        => JsonElement.Parse(ReadText("conversations.json")).EnumerateArray()
            .ToDictionary(conversation => conversation.GetProperty("name").GetString()!, conversation => conversation.GetProperty("context"));

    /// <summary>A context from JSON, all of it data except what names special tokens.</summary>
    public static TemplateContext Context(JsonElement json)
    {
        string[] known = ["messages", "tools", "add_generation_prompt", "enable_thinking", "bos_token", "eos_token"];
        bool Has(string name, out JsonElement value) => json.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

        return TemplateContext.Of(json.GetProperty("messages")) with
        {
            Tools = Has("tools", out var tools) ? TemplateValue.FromJson(tools, isData: true) : null,
            AddGenerationPrompt = Has("add_generation_prompt", out var add) && add.GetBoolean(),
            EnableThinking = Has("enable_thinking", out var thinking) ? thinking.GetBoolean() : null,
            BosToken = Has("bos_token", out var bos) ? bos.GetString() : null,
            EosToken = Has("eos_token", out var eos) ? eos.GetString() : null,
            Variables = json.EnumerateObject().Where(member => !known.Contains(member.Name))
                .ToDictionary(member => member.Name, member => TemplateValue.FromJson(member.Value, isData: true)),
            Now = Now,
        };
    }

    public static TemplateContext Context(string json) => Context(JsonElement.Parse(json));

    /// <summary>A context with one message and the variable <c>x</c>, which is data.</summary>
    public static TemplateContext ContextWith(string x) => TemplateContext.Of([new("user", x)]) with
    {
        Variables = new Dictionary<string, TemplateValue> { ["x"] = TemplateValue.Of(x, isData: true) },
        Now = Now,
    };

    public static string Text(IReadOnlyList<TemplatePart> parts) => string.Concat(parts.Select(part => part.Text));

    public static IReadOnlyList<TemplatePart> Render(string source, TemplateContext context) => ChatTemplate.Parse(source).Render(context);
}
