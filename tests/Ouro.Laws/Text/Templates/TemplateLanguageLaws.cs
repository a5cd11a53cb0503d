using System.Text.Json;
using Ouro.Text.Templates;

namespace Ouro.Laws.Text.Templates;

/// <summary>Templates render as Jinja2 3.1.6 renders them, set as Hugging Face's library sets it.</summary>
public sealed class TemplateLanguageLaws
{
    [Theory, InlineData("language.jsonl"), InlineData("expressions.jsonl")]
    public void Every_template_renders_as_by_the_reference(string file)
    {
        var context = TemplateSamples.Context(TemplateSamples.Shared);
        var cases = TemplateSamples.Lines(file).ToArray();

        cases.Length.ShouldBeGreaterThan(100);
        cases.Select(expected => Difference(expected.GetProperty("template").GetString()!, context, expected)).OfType<string>().ShouldBeEmpty();
    }

    [Fact]
    public void Every_sample_renders_every_conversation_as_the_reference()
    {
        var conversations = TemplateSamples.Conversations();
        var prompts = TemplateSamples.Lines("prompts.jsonl").ToArray();

        prompts.Length.ShouldBe(TemplateSamples.Names.Length * conversations.Count);
        prompts.Select(expected => Difference(
                TemplateSamples.Source(expected.GetProperty("sample").GetString()!),
                TemplateSamples.Context(conversations[expected.GetProperty("conversation").GetString()!]), expected))
            .OfType<string>().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{{ 1 }}\n  {{ 1 + 'a' }}", 2, 6, "'+' stands between an integer and a text; expected two numbers, texts or lists.")]
    [InlineData("{% if x %}", 1, 11, "found 'the end'; expected 'elif' or 'else' or 'endif'.")]
    [InlineData("\n\n{% include 'x' %}", 3, 4, "found 'include'; expected one of the statements")]
    [InlineData("{{ messages | nope }}", 1, 15, "found 'nope'; expected the name of a filter that is known here.")]
    [InlineData("{{ 'abc", 1, 4, "a text is not closed; expected '.")]
    [InlineData("{{ $ }}", 1, 4, "'$' has no meaning in a tag.")]
    [InlineData("{{ nobody.home }}", 1, 10, "'nobody' is undefined, so it has no 'home'.")]
    [InlineData("{{ nobody() }}", 1, 4, "'nobody' is called, but is undefined.")]
    [InlineData("{{ x() }}", 1, 4, "a text is called, but is no function.")]
    [InlineData("{% break %}", 1, 4, "'break' stands outside a loop.")]
    [InlineData("{{ [1](2) }}", 1, 5, "a list is called, but is no function.")]
    [InlineData("{{ x.split(1, 2, 3) }}", 1, 11, "split takes at most 2 arguments and was given 3.")]
    [InlineData("{{ x.replace(1, 'a') }}", 1, 13, "argument 1 of replace is an integer; expected a text.")]
    [InlineData("{{ messages.append(1) }}", 1, 19, "only a list that the template made can be appended to; this one was given to it.")]
    public void A_mistake_is_told_with_its_place_in_one_sentence(string source, int line, int column, string problem)
    {
        var mistake = Should.Throw<TemplateException>(() => TemplateSamples.Render(source, TemplateSamples.ContextWith("x")));

        (mistake.Line, mistake.Column).ShouldBe((line, column), mistake.Message);
        mistake.Message.ShouldStartWith($"The chat template, line {line}, column {column}: {problem}");
        mistake.Message.ShouldNotContain('\n');
    }

    [Fact]
    public void A_refusal_is_told_apart_from_a_mistake_and_keeps_to_one_line()
    {
        var refusal = Should.Throw<TemplateException>(() => TemplateSamples.Render("{{ raise_exception('not\\nthis: ' ~ x) }}", TemplateSamples.ContextWith("\u001b[31m")));

        refusal.Fault.ShouldBe(TemplateFault.Refusal);
        refusal.Message.ShouldEndWith("the template refuses this conversation: not this:  [31m");
    }

    [Fact]
    public void A_list_that_the_template_made_can_grow_and_a_loop_over_it_does_not_see_that()
        => TemplateSamples.Text(TemplateSamples.Render("{% set l = [1] %}{% for i in l %}{% set _ = l.append(i + 1) %}{% endfor %}{{ l }}", TemplateSamples.ContextWith("")))
            .ShouldBe("[1, 2]");

    [Fact]
    public void Messages_from_objects_and_from_JSON_are_the_same()
    {
        var json = TemplateSamples.Conversations()["tools used"];
        var arguments = json.GetProperty("messages")[1].GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments");
        TemplateMessage[] messages =
        [
            new("user", "Weather?"), new("assistant", "") { ToolCalls = [new("call00001", "get_weather", arguments)] },
            new("tool", "{\"sky\": \"grey\"}") { ToolCallId = "call00001", Name = "get_weather" }, TemplateMessage.Of(new("assistant", "Grey.")), new("user", "Thanks"),
        ];
        var fromJson = TemplateSamples.Context(json);

        var samples = TemplateSamples.Names.Where(sample => TemplateTraits.Of(ChatTemplate.Parse(TemplateSamples.Source(sample))).KnowsToolCalls).ToArray();
        samples.ShouldNotBeEmpty();
        foreach (var sample in samples)
            TemplateSamples.Render(TemplateSamples.Source(sample), fromJson with { Messages = TemplateContext.Of(messages).Messages })
                .ShouldBe(TemplateSamples.Render(TemplateSamples.Source(sample), fromJson), sample);
    }

    [Theory]
    [InlineData("{}", "not a list of objects")]
    [InlineData("[1]", "not a list of objects")]
    [InlineData("[{\"role\": \"user\", \"content\": 1000000000000000000000000000000000000000000}]", "at most 127 bits")]
    [InlineData("[{\"role\": \"user\", \"content\": \"\\ud800\"}]", "not valid Unicode")]
    public void Messages_that_are_none_are_refused_in_one_sentence(string json, string finding)
        => Should.Throw<ArgumentException>(() => TemplateContext.Of(JsonElement.Parse(json))).Message.ShouldContain(finding);

    [Fact]
    public async Task Many_threads_render_what_one_renders()
    {
        var template = ChatTemplate.Parse(TemplateSamples.Source("hermes-tools.jinja"));
        var context = TemplateSamples.Context(TemplateSamples.Conversations()["tools used"]);
        var alone = template.Render(context);

        var together = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => template.Render(context))));

        together.ShouldAllBe(parts => parts.SequenceEqual(alone));
    }

    static string? Difference(string template, TemplateContext context, JsonElement expected)
    {
        var error = expected.TryGetProperty("error", out var stated) ? stated.GetString() : null;
        try
        {
            var text = TemplateSamples.Text(TemplateSamples.Render(template, context));
            return error is not null
                ? $"{template}\n  gives {text}\n  should be refused"
                : text == expected.GetProperty("text").GetString() ? null : $"{template}\n  gives     {text}\n  should be {expected.GetProperty("text").GetString()}";
        }
        catch (TemplateException refused)
        {
            var isRefusal = refused.Fault == TemplateFault.Refusal && refused.Message.EndsWith(
                expected.TryGetProperty("message", out var message) ? message.GetString()! : "", StringComparison.Ordinal);
            return error is not null && (error == "refusal") == isRefusal ? null : $"{template}\n  {refused.Message}";
        }
    }
}
