using System.Text.Json;
using System.Text.Json.Nodes;
using Ouro.Text.Templates;

namespace Ouro.Laws.Text.Templates;

/// <summary>Hugging Face's JavaScript library renders as we do where it has an opinion. See tests/second-opinions/jinja.</summary>
[Trait("Category", "SecondOpinion")]
public sealed class JinjaSecondOpinion
{
    // What it does otherwise than Python, so that we differ on purpose: the remainder of a negative number has the sign of the dividend, int reads
    // the digits that a text begins with, capitalize and title leave the other letters large, and truth values and objects join as JavaScript names them.
    static readonly string[] KnownToDiffer = [" % ", "|int", "|capitalize", "|title", "|join("];

    [Fact]
    public async Task Every_sample_renders_every_conversation_alike()
    {
        // JavaScript has no integers beyond 53 bits.
        var conversations = JsonElement.Parse(TemplateSamples.ReadText("conversations.json").Replace("18446744073709551615", "18")).EnumerateArray()
            .Select(conversation => conversation.GetProperty("context")).ToArray();
        var cases = TemplateSamples.Names.SelectMany(sample => conversations.Select(context => (Template: TemplateSamples.Source(sample), Context: context))).ToArray();

        var theirs = await RenderByOthers(cases);

        foreach (var (ours, (given, answer)) in cases.Select(given => OurAnswer(given.Template, given.Context)).Zip(cases.Zip(theirs)))
            ours.ShouldBe(TextOf(answer), given.Template + "\n" + given.Context);
    }

    [Fact]
    public async Task Generated_expressions_have_the_same_values()
    {
        var context = JsonElement.Parse(TemplateSamples.Shared);
        var cases = TemplateSamples.Lines("expressions.jsonl")
            .Select(line => (Template: $"{{{{ ({line.GetProperty("template").GetString()![3..^3]}) | tojson }}}}", Context: context)).ToArray();

        var theirs = await RenderByOthers(cases);

        var (alike, different) = (0, new List<string>());
        foreach (var (given, answer) in cases.Zip(theirs))
        {
            // It lacks find, dict, min, max, sum, select, reject, map with a filter and more, and says so.
            if (TextOf(answer) is not { } text)
                continue;
            if (OurAnswer(given.Template, given.Context) == text)
                alike++;
            else
                different.Add(given.Template);
        }

        different.Where(template => !KnownToDiffer.Any(template.Contains)).ShouldBeEmpty();
        different.Count.ShouldBeLessThan(15);
        alike.ShouldBeGreaterThanOrEqualTo(180);
    }

    static string? TextOf(JsonElement answer) => answer.TryGetProperty("text", out var text) ? text.GetString() : null;

    static string? OurAnswer(string template, JsonElement context)
    {
        try
        {
            return TemplateSamples.Text(TemplateSamples.Render(template, TemplateSamples.Context(context)));
        }
        catch (TemplateException)
        {
            return null;
        }
    }

    static async Task<JsonElement[]> RenderByOthers((string Template, JsonElement Context)[] cases)
    {
        var lines = cases.Select(given => new JsonObject { ["template"] = given.Template, ["context"] = JsonNode.Parse(given.Context.GetRawText()) }.ToJsonString());
        var output = await NodeScript.Run("second-opinions/jinja", "Jinja of Hugging Face", ["render.mjs", TemplateSamples.Now.ToString("s", null)], lines);
        JsonElement[] answers = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
        answers.Length.ShouldBe(cases.Length);
        return answers;
    }
}
