using System.Text.Json;
using Ouro.Chat;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Laws.Chat;

/// <summary>Settings from Modelfiles, requests and people.</summary>
public sealed class ReplySettingsLaws
{
    [Fact]
    public void Every_setting_can_be_named_and_is_told_back()
    {
        foreach (var setting in Setting.All)
        {
            var value = setting.Low < 0 ? 0 : setting.Low;
            foreach (var name in setting.Aliases.Prepend(setting.Name))
                ReplySettings.None.With(name, value.ToString(System.Globalization.CultureInfo.InvariantCulture)).Find(setting).ShouldBe(value, name);
            ReplySettings.Knows(setting.Name).ShouldBeTrue();
        }

        var all = ReplySettings.None.With("seed", "-5").With("stop", "a").With("stop", "b").With("kv_policy", "last_exited").With("kv_type", "Q8_0").With("draft_loops", "off");
        all.Entries().ShouldBe([("draft_loops", "0"), ("seed", "-5"), ("stop", "a"), ("stop", "b"), ("kv_policy", "last-exited"), ("kv_type", "q8_0")]);
    }

    [Fact]
    public void What_a_request_says_goes_over_what_the_model_says()
    {
        var model = ReplySettings.None.With("temperature", "0.5").With("num_iterations", "3").With("stop", "x");
        var request = ReplySettings.None.With("temperature", JsonElement.Parse("0.25")).With("stop", JsonElement.Parse("[\"y\", \"z\"]"));
        var both = request.Over(model);

        both.Of(Setting.Temperature).ShouldBe(0.25);
        both.Rule(new OuroConfig { Layers = 1, Width = 32, Heads = 1, KvHeads = 1, HeadSize = 32, FeedForwardWidth = 32, Vocabulary = 10, Loops = 4 }).Loops.ShouldBe(3);
        both.Stops!.Value.ShouldBe(["y", "z"]);
        both.Without("stop").Stops.ShouldBeNull();
    }

    [Theory]
    [InlineData("temperature", "\"hot\"", "temperature is 'hot', but it must be a number from 0 to 10.")]
    [InlineData("temperature", "11", "temperature is 11, but it must be a number from 0 to 10.")]
    [InlineData("num_iterations", "1.5", "num_iterations is 1.5, but it must be a whole number from 0 to 4096.")]
    [InlineData("top_k", "[1]", "top_k is a JSON array, but it must be a number or a word.")]
    [InlineData("kv_policy", "\"all\"", "kv_policy is 'all', but it must be one of average, exact, first-loop, last-exited, last-loop.")]
    [InlineData("stop", "[\"\"]", "a stop string has 0 characters, but it must have 1 to 1,024.")]
    [InlineData("stop", "7", "stop is a JSON number, but it must be a string or a list of at most 64 strings.")]
    [InlineData("seed", "1.5", "seed is '1.5', but it must be a whole number of 64 bits.")]
    public void A_value_that_cannot_be_is_refused_in_a_sentence(string name, string json, string sentence)
        => Should.Throw<SettingException>(() => ReplySettings.None.With(name, JsonElement.Parse(json))).Message.ShouldBe(sentence);
}
