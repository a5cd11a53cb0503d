using System.Text;
using System.Text.Json;
using Ouro.Text.Templates;

namespace Ouro.Laws.Text.Templates;

/// <summary>A template is a program from a file that nobody has read: it ends soon, takes little, and tells in one sentence what it did wrong.</summary>
public sealed class HostileTemplateLaws
{
    static readonly TemplateLimits Small = new() { Steps = 1_000_000, Characters = 1 << 20 };

    public static TheoryData<string, string> TooMuch => new()
    {
        { "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "takes more than 1,000,000 steps" },
        { "{% for i in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}", "grows beyond 1,048,576 characters" },
        { "{% set ns = namespace(s='a') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "grows beyond 1,048,576 characters" },
        { "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "takes more than" },
        { "{% set ns = namespace(s=[1]) %}{% for i in range(999) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}", "nested deeper than 100 levels" },
        { "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson }}", "more than 1,000,000 steps" },
        { "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}", "more than 1,000,000 steps" },
        { "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}", "nested deeper than 100 levels" },
        { "{% set l = [] %}{% set _ = l.append(l) %}{{ l|tojson }}", "nested deeper than 100 levels" },
        { "{% set l = [] %}{% set _ = l.append(l) %}{% set m = [] %}{% set _ = m.append(m) %}{{ l == m }}", "nested deeper than 100 levels" },
        { "{{ 'a' * 9999999999 }}", "grows beyond" },
        { "{{ [1] * 9999999999 }}", "more than 1,000,000 steps" },
        { "{{ range(1000000000000)|list }}", "range would give 2,147,483,647 numbers; at most 100,000 are allowed" },
        { "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "more than 100 macros call each other" },
        { "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(90) }}", "more than 1,000,000 steps" },
        { "{{ 'a'|indent(999999999, true) }}", "grows beyond" },
        { "{{ [1]|tojson(indent=999999999) }}", "grows beyond" },
        { "{{ 'a'|replace('', 'b' * 1000000)|length }}{{ ('a' * 1000)|replace('a', 'b' * 10000) }}", "grows beyond" },
        { "{{ (range(9999)|join)|list|map('replace', '', 'x' * 10000)|join }}", "more than 1,000,000 steps" },
        { "{% set s = 'a' * 1000000 %}{{ ('a' * 499999 ~ 'b') in s }}", "more than 1,000,000 steps" },
        { "{% set s = 'a' * 1000000 %}{% set t = s ~ '' %}{% for i in range(99999) %}{{ s == t }}{% endfor %}", "more than 1,000,000 steps" },
        { "{% set s = 'a' * 1000000 %}{{ ([s ~ 1, s ~ 2] * 10000)|sort|length }}", "more than 1,000,000 steps" },
        { "{{ ('a ' * 500000).split()|length }}{{ ('a ' * 500000).split()|length }}{{ ('a ' * 500000).split()|length }}", "more than 1,000,000 steps" },
        { "{{ 10 ** 10 ** 10 }}", "more than 127 bits" },
        { "{{ 170141183460469231731687303715884105727 + 1 }}", "more than 127 bits" },
        { "{{ strftime_now('%Q') }}", "unknown directive" },
    };

    [Theory, MemberData(nameof(TooMuch))]
    public void What_asks_for_too_much_is_stopped(string source, string finding)
    {
        var template = ChatTemplate.Parse(source);

        var stopped = Should.Throw<TemplateException>(() => template.Render(TemplateSamples.ContextWith("x"), Small));

        stopped.Message.ShouldContain(finding);
        stopped.Fault.ShouldNotBe(TemplateFault.Syntax);
    }

    public static TheoryData<string, string> TooDeep => new()
    {
        { new string('(', 5_000) + "1" + new string(')', 5_000), "nested deeper than 100 levels" },
        { new string('[', 5_000) + "1" + new string(']', 5_000), "nested deeper than 100 levels" },
        { string.Concat(Enumerable.Repeat("not ", 5_000)) + "1", "nested deeper than 100 levels" },
        { new string('-', 5_000) + "1", "nested deeper than 100 levels" },
        { string.Concat(Enumerable.Repeat("1 if 1 else ", 5_000)) + "1", "nested deeper than 100 levels" },
    };

    [Theory, MemberData(nameof(TooDeep))]
    public void What_is_nested_too_deep_is_not_read(string expression, string finding)
        => Should.Throw<TemplateException>(() => ChatTemplate.Parse("{{ " + expression + " }}")).Message.ShouldContain(finding);

    [Fact]
    public void Blocks_nested_too_deep_are_not_read()
        => Should.Throw<TemplateException>(() => ChatTemplate.Parse(string.Concat(Enumerable.Repeat("{% if 1 %}", 20_000)))).Message.ShouldContain("nested deeper than 100 levels");

    [Fact]
    public void A_source_that_is_too_long_is_not_read()
        => Should.Throw<TemplateException>(() => ChatTemplate.Parse(new string('a', TemplateLimits.LongestSource + 1))).Message.ShouldContain("at most 262,144 are read");

    [Theory]
    [InlineData(" + 1")]
    [InlineData("|abs")]
    [InlineData(".a")]
    [InlineData(" or 1")]
    [InlineData(" < 1")]
    [InlineData(" is defined")]
    [InlineData("[0]")]
    [InlineData("()")]
    public void A_chain_as_long_as_the_source_allows_ends_in_a_value_or_a_sentence(string link)
    {
        var source = "{{ 1" + string.Concat(Enumerable.Repeat(link, 240_000 / link.Length)) + " }}";
        try
        {
            TemplateSamples.Render(source, TemplateSamples.ContextWith("x")).ShouldNotBeEmpty();
        }
        catch (TemplateException told)
        {
            told.Message.ShouldStartWith("The chat template, line 1, column ");
        }
    }

    [Fact]
    public void Rendering_stops_when_nobody_waits()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var template = ChatTemplate.Parse("{% for i in range(99999) %}{% for j in range(9) %}{% endfor %}{% endfor %}");

        Should.Throw<OperationCanceledException>(() => template.Render(TemplateSamples.ContextWith("x"), cancel: cancelled.Token));
    }

    [Fact]
    public void Data_nested_too_deep_is_refused()
    {
        var json = JsonElement.Parse(new string('[', 200) + new string(']', 200), new JsonDocumentOptions { MaxDepth = 1_000 });

        Should.Throw<ArgumentException>(() => TemplateValue.FromJson(json, isData: true)).Message.ShouldContain("nested deeper than 100 levels");
    }

    [Fact]
    public void Damaged_samples_give_a_text_or_a_sentence()
    {
        var random = TextSamples.Random(33);
        string[] pieces = ["{{", "}}", "{%", "%}", "-", "(", ")", "[", "]", "|", ".", "'", "if ", "else", "for ", "in ", "\n", "not ", " is ", "1", "~", ",", ":", "{", "x", "endif", "set ", "\\u"];
        var context = TemplateSamples.Context(TemplateSamples.Conversations()["tools used"]);
        var told = 0;
        foreach (var sample in TemplateSamples.Names)
            for (var i = 0; i < 150; i++)
            {
                var source = new StringBuilder(TemplateSamples.Source(sample));
                for (var damage = random.Next(1, 4); damage > 0; damage--)
                {
                    var place = random.Next(source.Length);
                    if (random.Next(2) == 0)
                        source.Remove(place, random.Next(int.Min(6, source.Length - place)));
                    else
                        source.Insert(place, pieces[random.Next(pieces.Length)]);
                }

                try
                {
                    ChatTemplate.Parse(source.ToString()).Render(context, Small);
                }
                catch (TemplateException sentence)
                {
                    told++;
                    sentence.Message.ShouldNotContain('\n');
                }
            }

        told.ShouldBeGreaterThan(300);
    }
}
