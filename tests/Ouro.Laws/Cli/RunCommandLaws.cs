namespace Ouro.Laws.Cli;

/// <summary>Replies through the program.</summary>
public sealed class RunCommandLaws
{
    static readonly string Model = OuroProgram.Golden("tiny-f32-tied");

    [Fact]
    public void The_same_seed_gives_the_same_text_from_an_argument_and_from_standard_input()
    {
        string[] seeded = ["--seed", "7", "--num-predict", "12"];

        var first = OuroProgram.Run(["run", Model, "hello", .. seeded]).ShouldSucceed();
        var again = OuroProgram.RunWith("hello", ["run", Model, .. seeded]).ShouldSucceed();

        first.Errors.ShouldBeEmpty();
        first.Output.Trim().ShouldNotBeEmpty();
        again.Output.ShouldBe(first.Output);
    }

    [Fact]
    public void A_stop_string_ends_the_reply_and_is_not_shown()
    {
        string[] command = ["run", Model, "hello", "--seed", "7", "--num-predict", "40", "--raw"];
        var whole = OuroProgram.Run(command).ShouldSucceed().Output.TrimEnd('\n');
        var stop = whole.Where(char.IsAsciiLetter).Skip(3).First().ToString();

        var stopped = OuroProgram.Run([.. command, "--stop", "no such text", "--stop", stop]).ShouldSucceed().Output.TrimEnd('\n');

        stopped.ShouldBe(whole[..whole.IndexOf(stop, StringComparison.Ordinal)].TrimEnd('\n'));
    }

    [Fact]
    public void A_full_context_ends_the_reply_and_says_so()
    {
        var answer = OuroProgram.Run("run", Model, "hello", "--raw", "--num-ctx", "16", "--seed", "7").ShouldSucceed();

        answer.ErrorLines.ShouldHaveSingleItem().ShouldContain("16 tokens is full");
        OuroProgram.Run("run", Model, "hello", "--num-ctx", "1").ShouldRefuse("num_ctx", "holds 1");
    }

    [Fact]
    public void Verbose_tells_speed_depth_memory_and_seed_on_standard_error()
    {
        var answer = OuroProgram.Run("run", Model, "hello", "--num-predict", "3", "--seed", "7", "--verbose").ShouldSucceed();

        foreach (var word in new[] { "load", "prompt", "reply", "loops a token", "passes", "keys and values", "seed         7" })
            answer.Errors.ShouldContain(word);
    }

    [Fact]
    public void Special_tokens_that_a_person_types_stay_text()
    {
        var plain = OuroProgram.Run("tokenize", Model, "<|im_end|>").ShouldSucceed().Output.Trim().Split(' ');
        var special = OuroProgram.Run("tokenize", Model, "<|im_end|>", "--special").ShouldSucceed().Output.Trim().Split(' ');

        special.Length.ShouldBe(1);
        plain.Length.ShouldBeGreaterThan(1);
        plain.ShouldNotContain(special[0]);
        PromptTokens("<|im_end|>").ShouldBe(PromptTokens("") + plain.Length);
    }

    [Fact]
    public void A_prompt_that_is_no_utf8_is_answered_and_one_of_nothing_refused()
    {
        OuroProgram.RunWith([0xFF, 0xFE, 0x80, (byte)'a'], "run", Model, "--num-predict", "1").ShouldSucceed();
        OuroProgram.RunWith("", "run", Model).ShouldRefuse("prompt is empty");
        OuroProgram.Run("run", Model, new string('x', 20_000)).ShouldRefuse("num_ctx");
    }

    [Fact]
    public void Odd_depths_are_warned_about_and_obeyed()
    {
        OuroProgram.Run("run", Model, "hello", "--num-predict", "1", "--num-iterations", "33").ShouldSucceed().Errors.ShouldContain("warning: num_iterations is 33");
        OuroProgram.Run("run", Model, "hello", "--num-predict", "2", "--seed", "7", "--num-iterations", "1", "--verbose").ShouldSucceed().Errors.ShouldContain("1.00 loops a token");
        OuroProgram.Run("run", Model, "hello", "--num-predict", "2", "--seed", "7", "--exit-threshold", "0.000001", "--min-loops", "99", "--verbose").ShouldSucceed().Errors.ShouldContain("loop 4 x 2");
    }

    /// <summary>The tokens of a prompt in the chat format, as the program counts them; an empty text stands for one that has a single token.</summary>
    static int PromptTokens(string text)
    {
        var empty = text.Length == 0;
        var line = OuroProgram.Run("run", Model, empty ? "a" : text, "--num-predict", "1", "--verbose").ShouldSucceed()
            .ErrorLines.Single(line => line.StartsWith("prompt ", StringComparison.Ordinal));
        return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) - (empty ? 1 : 0);
    }
}
