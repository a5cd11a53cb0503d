using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Ouro.Cli.Replies;
using Ouro.Laws.Formats;
using Ouro.Laws.Serving.Store;

namespace Ouro.Laws.Cli.Replies;

/// <summary>Conversations through the program.</summary>
public sealed class ChatCommandLaws
{
    const string Name = "I am ouro-nano, a small looped model.";

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public void Lines_are_answered_and_commands_obeyed()
    {
        using var shop = new StoreShop();

        var answer = Chat(shop, "Who are you?", "/set num_iterations 1", "/set parameter top_k 5", "/set system \"Be brief.\"", "/show", "Who are you?", "/unset system", "/show system");

        answer.Code.ShouldBe(0, answer.Errors);
        answer.OutputLines[0].ShouldBe(Name);
        answer.OutputLines.ShouldContain(line => line.StartsWith("num_iterations", StringComparison.Ordinal) && line.TrimEnd().EndsWith(" 1", StringComparison.Ordinal));
        answer.OutputLines.ShouldContain(line => line.StartsWith("top_k ", StringComparison.Ordinal) && line.TrimEnd().EndsWith(" 5", StringComparison.Ordinal));
        answer.OutputLines.ShouldContain(line => line.StartsWith("system", StringComparison.Ordinal) && line.Contains("Be brief.", StringComparison.Ordinal));
        answer.OutputLines[^1].ShouldBe("There is no system message.");
        answer.ErrorLines[0].ShouldBe("11 tokens, 1.1 of 4 loops each");
        answer.ErrorLines[1].ShouldEndWith("1.0 of 1 loops each");
    }

    [Fact]
    public void What_was_saved_goes_on_where_it_ended()
    {
        using var shop = new StoreShop();

        Chat(shop, "Who are you?", "/set num_iterations 3", "/save me/talk:one").Code.ShouldBe(0);
        var file = OuroProgram.RunIn(shop.Environment(), "show", "me/talk:one", "--modelfile").ShouldSucceed().Output;
        var later = OuroProgram.RunWith("/show messages\n/clear\n/retry\n", shop.Environment(), "chat", "me/talk:one");

        file.ShouldContain("PARAMETER num_iterations 3");
        file.ShouldNotContain("seed");      // nobody set one
        file.ShouldContain($"MESSAGE assistant \"\"\"{Name}\"\"\"");
        later.OutputLines[..2].ShouldBe(["user: Who are you?", $"assistant: {Name}"]);
        later.OutputLines[^1].ShouldBe(Name);   // the question that came along, asked again
    }

    [Fact]
    public void A_message_may_have_several_lines()
    {
        using var shop = new StoreShop();

        var answer = Chat(shop, "\"\"\"Who", "are you?\"\"\"", "/set system \"\"\"one", "two\"\"\"", "/show modelfile");

        answer.Code.ShouldBe(0, answer.Errors);
        answer.Output.ShouldContain("MESSAGE user \"\"\"Who\nare you?\"\"\"");
        answer.Output.ShouldContain("SYSTEM \"\"\"one\ntwo\"\"\"");
    }

    [Fact]
    public void A_text_that_is_not_closed_is_told()
    {
        using var shop = new StoreShop();

        OuroProgram.RunWith("/set system \"\"\"one\ntwo\n", shop.Environment(), "chat").ShouldRefuse("opened with \"\"\"");
    }

    [Theory]
    [InlineData("/nosuch", "no command '/nosuch'")]
    [InlineData("/set nosuch 1", "no setting 'nosuch'")]
    [InlineData("/set num_iterations", "needs a value")]
    [InlineData("/set num_iterations 1.5", "must be a whole number")]
    [InlineData("/set think maybe", "on or off")]
    [InlineData("/set num_ctx 200000000", "tokens of context need")]
    [InlineData("/unset nosuch", "no setting 'nosuch'")]
    [InlineData("/show nosuch", "settings, messages, modelfile")]
    [InlineData("/save", "needs a name")]
    [InlineData("/save ../../x", "name")]
    [InlineData("/save nano", "comes with")]
    [InlineData("/retry", "nothing was asked")]
    public void A_line_that_cannot_be_used_gets_a_sentence_and_the_conversation_goes_on(string line, string says)
    {
        using var shop = new StoreShop();

        var answer = Chat(shop, line, "Who are you?");

        answer.Code.ShouldBe(1);
        answer.ErrorLines[0].ShouldStartWith("ouro: ");
        answer.ErrorLines[0].ShouldContain(says);
        answer.OutputLines.ShouldHaveSingleItem().ShouldBe(Name);
    }

    [Fact]
    public void What_was_taken_away_is_not_saved()
    {
        using var shop = new StoreShop();
        shop.Create("brief", new Ouro.Serving.Store.Modelfile { From = "nano", System = "Be brief." });

        OuroProgram.RunWith("/unset system\n/save plain\n", shop.Environment(), "chat", "brief").ShouldSucceed();

        shop.Find("plain").ShouldNotBeNull().System.ShouldBeNull();
        shop.Find("brief").ShouldNotBeNull().System.ShouldBe("Be brief.");
    }

    [Fact]
    public void Another_try_is_another_text_and_one_that_fails_leaves_all_as_it_was()
    {
        using var shop = new StoreShop();

        var answer = OuroProgram.RunWith("Tell me about Ann.\n/retry\n/retry\n/set num_ctx 3\n/retry\n/show messages\n", shop.Environment(),
            "chat", "--seed", "5", "--num-predict", "8", "--temperature", "4", "--top-k", "0", "--top-p", "1");

        var said = answer.OutputLines[..^2];
        said.Distinct().Count().ShouldBe(said.Length, answer.Output);
        answer.OutputLines[^2].ShouldBe("user: Tell me about Ann.");
        answer.OutputLines[^1].ShouldBe($"assistant: {said[^1]}");
        answer.Errors.ShouldContain("the context holds 3");
    }

    [Fact]
    public void A_conversation_that_outgrows_the_context_goes_on_without_its_oldest_part()
    {
        using var shop = new StoreShop();

        var answer = Chat(shop, [.. Enumerable.Repeat("Who are you?", 16), "/show"]);

        answer.Code.ShouldBe(0, answer.Errors);
        answer.OutputLines.Count(line => line.Length > 0 && !line.Contains("  ", StringComparison.Ordinal)).ShouldBe(16);
        answer.Errors.ShouldContain("nearly full: the oldest");
        answer.OutputLines.ShouldContain(line => line.StartsWith("messages", StringComparison.Ordinal) && line.TrimEnd().EndsWith(" 32", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_interrupt_ends_lines_from_a_pipe()
    {
        using var shop = new StoreShop();
        using var process = OuroProgram.StartIn(shop.Environment(), ["chat", OuroProgram.Golden("one-layer-32-loops"), "--seed", "7"]);
        try
        {
            await process.StandardInput.WriteAsync("hello\nhello\nhello\n");
            process.StandardInput.Close();
            (await process.StandardOutput.ReadAsync(new char[1])).ShouldBe(1);

            OuroProgram.Interrupt(process);
            var answer = OuroProgram.Finish(process, process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());

            answer.Code.ShouldBe(130, answer.Errors);
            answer.ErrorLines.ShouldHaveSingleItem().ShouldBe("[interrupted]");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public void A_message_that_does_not_fit_is_refused_and_forgotten()
    {
        using var shop = new StoreShop();

        var answer = Chat(shop, new string('x', 3000), "/show messages", "Who are you?");

        answer.ErrorLines[0].ShouldContain("the context holds 512");
        answer.OutputLines.ShouldHaveSingleItem().ShouldBe(Name);
    }

    [Fact]
    public void A_model_without_chat_format_is_refused()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(OuroProgram.Golden("one-layer-32-loops")).Where(file => Path.GetFileName(file) != "tokenizer_config.json"))
            File.Copy(file, folder.File(Path.GetFileName(file)));

        OuroProgram.RunWith("hi\n", "chat", folder.Path).ShouldRefuse("no chat format");
    }

    [Fact]
    public async Task On_a_terminal_keys_edit_colours_show_depth_and_the_history_is_kept()
    {
        if (!File.Exists("/usr/bin/script"))
            Assert.Skip("needs 'script' of util-linux, which makes a terminal");

        using var shop = new StoreShop();
        var environment = new Dictionary<string, string>(shop.Environment()) { ["TERM"] = "xterm-256color" };

        var shown = await OnTerminal(environment, "Who am you\b\b\b\b\b\bare you?\r");
        var again = await OnTerminal(environment, "\e[A\r");

        shown.ShouldContain("\e[38;5;35m");
        Plain(shown).ShouldContain(Name);
        Plain(again).ShouldContain(Name);
        InputHistory.Open(Path.Combine(shop.Environment()["OURO_MODELS"], "history.jsonl")).Entries.ShouldBe(["Who are you?"]);
    }

    [Fact]
    public void A_history_forgets_the_oldest_and_survives_a_broken_file()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("history.jsonl");
        File.WriteAllText(file, "\"first\"\nno JSON\n\"\\u001b[2J\"\n");

        var history = InputHistory.Open(file);
        for (var i = 0; i < 3_000; i++)
            history.Add($"{i}");
        history.Add("2999");
        history.Add(" ");

        var later = InputHistory.Open(file).Entries;
        later.Count.ShouldBe(1_000);
        later[^1].ShouldBe("2999");
        InputHistory.Open(folder.File("none/such")).Entries.ShouldBeEmpty();
    }

    static Answer Chat(StoreShop shop, params string[] lines)
        => OuroProgram.RunWith(string.Join('\n', lines) + "\n", shop.Environment(), "chat", "--temperature", "0");

    /// <summary>What a terminal gets to see while keys are pressed.</summary>
    static async Task<string> OnTerminal(IReadOnlyDictionary<string, string> environment, string keys)
    {
        var start = new ProcessStartInfo("/usr/bin/script", ["-qec", $"stty cols 80 rows 24; dotnet '{OuroProgram.Program}' chat --temperature 0", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start).ShouldNotBeNull();
        try
        {
            return await Shown(process, keys);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    static async Task<string> Shown(Process process, string keys)
    {
        var shown = new StringBuilder();
        var seen = await ShownUntil(process, shown, ">>> ", 0);
        await process.StandardInput.WriteAsync(keys);
        await process.StandardInput.FlushAsync();
        seen = await ShownUntil(process, shown, "loops each", seen);
        await ShownUntil(process, shown, ">>> ", seen);
        await process.StandardInput.WriteAsync("\u0004");
        await process.StandardInput.FlushAsync();
        shown.Append(await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience));
        return shown.ToString();
    }

    /// <summary>Reads until a text stands behind a place.</summary>
    /// <returns>Where it ends.</returns>
    static async Task<int> ShownUntil(Process process, StringBuilder shown, string text, int from)
    {
        var buffer = new char[256];
        int found;
        while ((found = shown.ToString().IndexOf(text, from, StringComparison.Ordinal)) < 0)
        {
            var count = await process.StandardOutput.ReadAsync(buffer).AsTask().WaitAsync(Patience);
            count.ShouldBeGreaterThan(0, shown.ToString());
            shown.Append(buffer, 0, count);
        }

        return found + text.Length;
    }

    static string Plain(string shown) => Regex.Replace(shown, "\e\\[[0-9;?]*[A-Za-z]", "");
}
