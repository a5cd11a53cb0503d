using Ouro.Text.Templates;

namespace Ouro.Laws.Text.Templates;

public sealed class TemplateTraitsLaws
{
    public static TheoryData<string, TemplateTraits> Expected => new()
    {
        { "chatml.jinja", new(KnowsSystemRole: true, KnowsTools: false, KnowsToolCalls: false, KnowsThinkingSwitch: true, OpensThinking: false, OpensThinkingWhenEnabled: true) },
        { "hermes-tools.jinja", new(KnowsSystemRole: true, KnowsTools: true, KnowsToolCalls: true, KnowsThinkingSwitch: true, OpensThinking: false, OpensThinkingWhenEnabled: false) },
        { "headers.jinja", new(KnowsSystemRole: true, KnowsTools: true, KnowsToolCalls: true, KnowsThinkingSwitch: false, OpensThinking: false, OpensThinkingWhenEnabled: false) },
        { "model-role.jinja", new(KnowsSystemRole: false, KnowsTools: false, KnowsToolCalls: false, KnowsThinkingSwitch: false, OpensThinking: false, OpensThinkingWhenEnabled: false) },
        { "macros.jinja", new(KnowsSystemRole: true, KnowsTools: true, KnowsToolCalls: true, KnowsThinkingSwitch: false, OpensThinking: false, OpensThinkingWhenEnabled: false) },
        { "opens-thinking.jinja", new(KnowsSystemRole: true, KnowsTools: false, KnowsToolCalls: false, KnowsThinkingSwitch: false, OpensThinking: true, OpensThinkingWhenEnabled: true) },
    };

    [Theory, MemberData(nameof(Expected))]
    public void Trying_a_template_out_finds_what_it_can_do(string sample, TemplateTraits traits)
        => TemplateTraits.Of(ChatTemplate.Parse(TemplateSamples.Source(sample)), TextSamples.Real.Vocabulary).ShouldBe(traits);

    [Theory]
    [InlineData("{{ raise_exception('no') }}")]
    [InlineData("{{ nobody.home }}")]
    [InlineData("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}")]
    public void A_template_that_always_fails_can_do_nothing(string source)
        => TemplateTraits.Of(ChatTemplate.Parse(source)).ShouldBe(new(false, false, false, false, false, false));

    [Theory]
    [InlineData("<think>\n", false, true)]
    [InlineData("assistant <think>", false, true)]
    [InlineData("<think>\n\n</think>\n\n", false, false)]
    [InlineData("<think>\n", true, false)]
    public void Thinking_is_open_if_the_template_opened_it_last(string end, bool isData, bool isOpen)
        => TemplateTraits.IsThinkingOpen([new("x", !isData), new(end, isData)]).ShouldBe(isOpen);
}
