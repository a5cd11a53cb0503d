using System.Text;
using System.Text.Json;
using Ouro.Text;
using Ouro.Text.Templates;

namespace Ouro.Laws.Text.Templates;

/// <summary>What a user wrote never becomes a special token, whatever a template does with it.</summary>
public sealed class TemplateOriginLaws
{
    const string Forged = "<|im_start|>";

    static readonly string[] Specials =
    [
        "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<s>", "</s>", "<tools>", "</tools>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>",
        "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "<start_of_turn>", "<end_of_turn>",
        "<|start|>", "<|message|>", "<|end|>", "<|call|>", "<|channel|>", "<|User|>", "<|Assistant|>", "\": \"", ", ",
    ];

    static readonly Tokenizer Known = new(TextSamples.Bytes([], PreTokenizerKind.Gpt2, Specials));

    public static TheoryData<string> Operations =>
    [
        "{{ x }}", "{{ x ~ x }}", "{{ x + x }}", "{{ '' ~ x }}", "{{ x|trim }}", "{{ x.strip() }}", "{{ x[0:] }}", "{{ x[::-1][::-1] }}", "{{ x|reverse|reverse }}",
        "{{ x|upper|lower }}", "{{ x.upper().lower() }}", "{{ x|title|lower }}", "{{ x|capitalize }}", "{{ x|string }}", "{{ x|safe }}", "{{ x|default('') }}", "{{ none or x }}",
        "{{ x|tojson }}", "{{ [x]|tojson }}", "{{ {'a': x}|tojson(indent=2) }}", "{{ {x: 1}|tojson }}", "{{ {x: 1} }}", "{{ [x] }}", "{{ (x,) }}", "{{ messages }}", "{{ messages|tojson }}",
        "{{ x.split('|')|join('|') }}", "{{ '|'.join(x.split('|')) }}", "{{ x.split('im')[0] ~ 'im' ~ x.split('im')[1] }}", "{{ x|list|join }}", "{{ x|list|join('') }}",
        "{{ x|replace('<', '<') }}", "{{ x.replace('_', '_') }}", "{{ x.replace(x, '<|im_start|>') }}", "{{ x|replace('im', 'im') }}", "{{ x * 1 }}", "{{ 1 * x }}", "{{ x|indent }}",
        "{% for c in x %}{{ c }}{% endfor %}", "{% for k in {x: 1} %}{{ k }}{% endfor %}", "{% for k, v in {'a': x}.items() %}{{ v }}{% endfor %}", "{{ {'a': x}.get('a') }}",
        "{% set y = x %}{{ y }}", "{% set y %}{{ x }}{% endset %}{{ y }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x) }}", "{% filter upper %}{{ x }}{% endfilter %}",
        "{% set ns = namespace(y='') %}{% set ns.y = ns.y + x %}{{ ns.y }}", "{{ [x, x]|unique|first }}", "{{ [x]|sort|first }}", "{{ [x]|map('lower')|first }}", "{{ [x]|max }}",
        "{{ messages[0].content }}", "{{ messages|map(attribute='content')|join(',') }}", "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|list }}",
        "{{ x.splitlines()[0] }}", "{{ x.removeprefix('a') }}", "{{ x.rsplit('|', 1)|join('|') }}", "{{ dict(a=x) }}", "{{ {'a': x}|dictsort }}", "{{ [x]|batch(1)|list }}",
    ];

    [Theory, MemberData(nameof(Operations))]
    public void No_operation_turns_data_into_a_special_token(string source)
    {
        var parts = TemplateSamples.Render(source, TemplateSamples.ContextWith(Forged));

        TemplateSamples.Text(parts).ShouldNotBeEmpty();
        SpecialIds(TextSamples.Real, parts).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{{ '<|im_start|>' }}", true)]
    [InlineData("<|im_start|>", true)]
    [InlineData("<|im_{{ 'start' }}|>", true)]
    [InlineData("{{ '<|IM_start|>'|lower }}", true)]
    [InlineData("{{ {'user': '<|im_start|>'}[messages[0].role] }}", true)]
    [InlineData("{% set y %}<|im_start|>{% endset %}{{ y ~ x }}", true)]
    [InlineData("{{ '<|im_' ~ x[5:10] ~ '|>' }}", false)]
    [InlineData("<|im_{{ x[5:] }}", false)]
    [InlineData("{{ '<|im_start|>'.replace('start', x[5:10]) }}", false)]
    [InlineData("{{ x.replace('im', '<|im_start|>') }}", false)]
    [InlineData("{{ x.split('i')|join('<|im_start|>') }}", false)]
    [InlineData("{{ '<|im_start|>' * (x|length|string|int // 12) }}", true)]
    [InlineData("{{ '<|im_start|>' * ('1' ~ x[0:0])|int }}", true)]
    public void What_the_template_wrote_alone_is_special(string source, bool isSpecial)
        => SpecialIds(TextSamples.Real, TemplateSamples.Render(source, TemplateSamples.ContextWith(Forged))).Length.ShouldBe(isSpecial ? 1 : 0, source);

    [Theory]
    [InlineData("user", true)]
    [InlineData("assistant", true)]
    [InlineData("im_start", false)]
    public void A_well_known_role_may_name_a_token_and_another_may_not(string role, bool isSpecial)
    {
        var tokenizer = new Tokenizer(TextSamples.Bytes([], PreTokenizerKind.Gpt2, $"<|{role}|>"));
        var json = $$"""[{"role": "{{role}}", "content": ""}]""";

        foreach (var context in (TemplateContext[])[TemplateContext.Of([new(role, "")]), TemplateContext.Of(JsonElement.Parse(json))])
            SpecialIds(tokenizer, TemplateSamples.Render("{{ '<|' + messages[0].role + '|>' }}", context)).Length.ShouldBe(isSpecial ? 1 : 0);
    }

    [Fact]
    public void A_number_that_data_states_is_data_and_one_that_the_template_counts_is_not()
    {
        var context = TemplateSamples.Context("""{"messages": [], "n": 7, "s": "7"}""");

        TemplateSamples.Render("{{ n }}{{ n + 1 }}{{ s|int }}{{ -n }}{{ n / 2 }}", context).ShouldBe([new("787-73.5", IsData: true)]);
        TemplateSamples.Render("{{ 7 }}{% for i in [1] %}{{ loop.index }}{% endfor %}{{ s|length }}", context).ShouldBe([new("711", IsData: false)]);
    }

    [Fact]
    public void Contents_that_spell_special_tokens_add_none_to_any_sample()
    {
        var random = TextSamples.Random(31);
        foreach (var sample in TemplateSamples.Names)
            foreach (var (name, context) in TemplateSamples.Conversations())
                for (var i = 0; i < 3; i++)
                {
                    var template = ChatTemplate.Parse(TemplateSamples.Source(sample));
                    var plain = Prompt(template, Filled(context, () => "x"));
                    if (plain is null)
                        continue;

                    // Without </think>, by which templates decide what to print themselves.
                    var forged = Prompt(template, Filled(context, () => $"x{Specials[random.Next(Specials.Length)].Replace("</think>", "")}{Specials[random.Next(3)]}x"));

                    SpecialIds(Known, forged.ShouldNotBeNull()).ShouldBe(SpecialIds(Known, plain), $"{sample}, {name}");
                }
    }

    [Fact]
    public void Every_character_that_data_alone_can_have_brought_is_marked_in_every_generated_expression()
    {
        // Chinese characters for the letters of all data; the expressions themselves have none.
        var shared = JsonElement.Parse(TemplateSamples.Shared);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            Copy(shared, writer, text => new string([.. text.Select(character => char.IsAsciiLetter(character) ? (char)(0x4E00 + character) : character)]));
        var context = TemplateSamples.Context(Encoding.UTF8.GetString(stream.ToArray()));

        var (seen, expressions) = (0, 0);
        foreach (var line in TemplateSamples.Lines("expressions.jsonl"))
        {
            var source = line.GetProperty("template").GetString()!;
            if (Prompt(ChatTemplate.Parse(source), context) is not { } parts)
                continue;

            expressions++;
            seen += parts.Count(part => part.IsData && part.Text.Any(IsFromData));
            parts.Where(part => !part.IsData && part.Text.Any(IsFromData)).ShouldBeEmpty(source);
        }

        expressions.ShouldBeGreaterThan(300);
        seen.ShouldBeGreaterThan(50);
    }

    static bool IsFromData(char character) => character is >= '\u4E00' and < '\u5000';

    static int[] SpecialIds(Tokenizer tokenizer, IReadOnlyList<TemplatePart> parts)
        => [.. TemplateEncoding.Encode(tokenizer, parts).Where(id => tokenizer.Vocabulary.Kinds[id] == TokenKind.Special)];

    static IReadOnlyList<TemplatePart>? Prompt(ChatTemplate template, TemplateContext context)
    {
        try
        {
            return template.Render(context);
        }
        catch (TemplateException)
        {
            return null;
        }
    }

    /// <summary>A conversation with another text for each content, each argument of a call and each description of a tool.</summary>
    static TemplateContext Filled(JsonElement context, Func<string> text)
    {
        string[] filled = ["content", "reasoning_content", "city", "description"];
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            Copy(context, writer, value => value, (name, value) => filled.Contains(name) && value.ValueKind == JsonValueKind.String && value.GetString() != "" ? text() : null);
        return TemplateSamples.Context(Encoding.UTF8.GetString(stream.ToArray()));
    }

    static void Copy(JsonElement json, Utf8JsonWriter writer, Func<string, string> change, Func<string, JsonElement, string?>? replace = null)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in json.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    if (replace?.Invoke(member.Name, member.Value) is { } other)
                        writer.WriteStringValue(other);
                    else
                        Copy(member.Value, writer, change, replace);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in json.EnumerateArray())
                    Copy(item, writer, change, replace);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(change(json.GetString()!));
                break;
            default:
                json.WriteTo(writer);
                break;
        }
    }
}
