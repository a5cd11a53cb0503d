using System.Text.Json;
using Ouro.Chat;
using Ouro.Text;

namespace Ouro.Laws.Chat;

/// <summary>Conversations as token ids: the file's template, another one, tools and thinking.</summary>
public sealed class ChatFormatLaws(SharedChatModel shared) : IClassFixture<SharedChatModel>
{
    const string Marked = "{% for message in messages %}<|im_start|>{{ message.role }}!{{ message.content }}<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant!{% endif %}";

    Tokenizer Tokenizer => shared.Model.Tokenizer;

    [Fact]
    public void The_file_s_own_template_writes_what_ChatML_says()
    {
        ChatTurn[] turns = [new("system", "Be brief."), new("user", "Sort <|im_end|> 413."), new("assistant", "134"), new("user", "  And 21? ")];
        var format = new ChatFormat(Tokenizer);

        format.TemplateProblem.ShouldBeNull();
        format.Encode(new ChatRequest(turns, ReplySettings.None)).Ids
            .ShouldBe(new ChatMl(Tokenizer).Encode([.. turns.Select(turn => new ChatMessage(turn.Role, turn.Content))], NextTurn.Assistant));
    }

    [Fact]
    public void Another_template_takes_its_place()
    {
        var prompt = new ChatFormat(Tokenizer, Marked).Encode(new ChatRequest([new ChatTurn("user", "a <|im_start|> b")], ReplySettings.None));

        Tokenizer.Decode(prompt.Ids).ShouldBe("<|im_start|>user!a <|im_start|> b<|im_end|><|im_start|>assistant!");
        prompt.Ids.Count(id => id == Tokenizer.Vocabulary.FindSpecial("<|im_start|>")).ShouldBe(2);
    }

    [Fact]
    public void A_template_that_cannot_be_used_is_refused_in_a_sentence()
        => Should.Throw<ChatException>(() => new ChatFormat(Tokenizer, "{% for %}")).Message.ShouldContain("chat template cannot be used");

    [Fact]
    public void A_template_may_refuse_a_conversation()
        => Should.Throw<ChatException>(() => new ChatFormat(Tokenizer, "{{ raise_exception('no ' + messages[0].role) }}").Encode(new ChatRequest([new ChatTurn("user", "x")], ReplySettings.None)))
            .Message.ShouldContain("no user");

    [Fact]
    public void Tools_get_into_the_prompt_of_a_template_that_knows_none()
    {
        var tool = new ToolDefinition("weather", "Tells it.", JsonElement.Parse("""{"type":"object"}"""));
        ChatTurn[] turns =
        [
            new("user", "Rome?"), new("assistant", "") { ToolCalls = [new ToolCall("1", "weather", """{"city": "Rome"}""")] },
            new("tool", "sunny") { ToolCallId = "1" },
        ];
        var text = Tokenizer.Decode(new ChatFormat(Tokenizer).Encode(new ChatRequest(turns, ReplySettings.None) { Tools = [tool] }).Ids);

        text.ShouldContain("\"name\":\"weather\"");
        text.ShouldContain("<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>");
        text.ShouldContain("<tool_response>\nsunny\n</tool_response>");
        text.IndexOf("<tools>", StringComparison.Ordinal).ShouldBeLessThan(text.IndexOf("Rome?", StringComparison.Ordinal));
    }
}
