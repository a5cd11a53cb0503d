using System.Xml.Linq;
using Ouro.Cli.Bench;
using Ouro.Generation;
using Ouro.Laws.Formats;

namespace Ouro.Laws.Cli;

/// <summary>The depth dial on the command line: exits, policies, guesses, and what is told about them.</summary>
public sealed class DepthCommandLaws
{
    const int UsageError = 2;

    static readonly string Model = OuroProgram.Golden("tiny-bf16");

    [Theory]
    [InlineData("--exit-threshold", "1")]
    [InlineData("--exit-threshold", "0.5")]
    [InlineData("--exit-confidence", "0.02")]
    [InlineData("--exit-state-change", "0.5")]
    public void Guessing_ahead_changes_passes_and_nothing_else(string rule, string value)
    {
        string[] arguments = ["generate", Model, "--ids", "5,9,200", "-n", "40", "--json", rule, value];
        var plain = OuroProgram.Run(arguments).ShouldSucceed().Json;

        foreach (var draft in new[] { "1", "2", "3", "auto" })
        {
            var ahead = OuroProgram.Run([.. arguments, "--draft-loops", draft]).ShouldSucceed().Json;

            ahead.GetProperty("tokens").GetRawText().ShouldBe(plain.GetProperty("tokens").GetRawText());
            if (draft == "1" && value == "1")
                ahead.GetProperty("passes").GetInt64().ShouldBeLessThan(plain.GetProperty("passes").GetInt64());
        }
    }

    [Fact]
    public void A_token_that_exits_saves_its_deeper_loops_only_if_the_policy_says_so()
    {
        string[] arguments = ["generate", Model, "--ids", "5,9,200", "-n", "32", "--json", "--exit-threshold", "0.6", "--kv-policy"];
        var exact = OuroProgram.Run([.. arguments, "exact"]).ShouldSucceed().Json;
        var saving = OuroProgram.Run([.. arguments, "last-exited"]).ShouldSucceed().Json;

        exact.GetProperty("rows").GetInt64().ShouldBe(4 * (3 + 31));
        var depths = saving.GetProperty("tokens").EnumerateArray().Skip(1).Sum(token => token.GetProperty("depth").GetInt64());
        saving.GetProperty("rows").GetInt64().ShouldBe(4 * 3 + depths);
    }

    [Fact]
    public void A_wavefront_can_be_drawn()
    {
        using var folder = new TemporaryFolder();
        var drawing = folder.File("wavefront.svg");

        var text = OuroProgram.Run("trace", Model, "--ids", "5,9,200", "--write", "8", "--draft-loops", "1", "--svg", drawing).ShouldSucceed();

        text.OutputLines[0].ShouldEndWith("1 2 3 4");
        text.Output.ShouldContain("8 tokens in ");
        var rows = XDocument.Load(drawing).Descendants().Count(element => element.Name.LocalName == "text" && element.Value is "1" or "2" or "3" or "4");
        text.Output.ShouldContain($" {rows} rows");
    }

    [Theory]
    [InlineData("run|MODEL|--draft-loops|0", "--draft-loops is '0', but it must be auto or off, or a whole number from 1")]
    [InlineData("run|MODEL|--draft-loops|soon", "--draft-loops is 'soon', but it must be auto or off, or a whole number from 1")]
    [InlineData("run|MODEL|--kv-policy|none", "--kv-policy is 'none', but it must be one of exact, last-exited")]
    [InlineData("run|MODEL|--exit-confidence|2", "--exit-confidence is '2', but it must be a number from 0.000001 to 1")]
    [InlineData("trace|MODEL|--ids|1|--svg|x.svg", "--svg draws what --write writes")]
    [InlineData("bench|MODEL|--tokens|9", "--tokens is about replies; say how many are written at once with --sequences")]
    public void What_makes_no_sense_is_said_in_a_sentence(string commandLine, string sentence)
    {
        var answer = OuroProgram.Run(commandLine.Replace("MODEL", Model, StringComparison.Ordinal).Split('|'));

        answer.Code.ShouldBe(UsageError);
        answer.Errors.ShouldContain(sentence);
    }

    [Fact]
    public void Replies_are_measured_beside_plain_ones_and_what_is_assumed_is_called_so()
    {
        string[] arguments = ["bench", Model, "--sequences", "1,3", "--tokens", "12", "--depth", "5", "--threads", "1", "--seconds", "0"];
        var json = OuroProgram.Run([.. arguments, "--assume-acceptance", "1", "--draft-loops", "1", "--json"]).ShouldSucceed().Json;
        var lines = json.GetProperty("models")[0].GetProperty("replies").EnumerateArray().ToArray();

        lines.Select(line => (line.GetProperty("how").GetString(), line.GetProperty("sequences").GetInt32())).ShouldBe([("plain", 1), ("asked", 1), ("plain", 3), ("asked", 3)]);
        foreach (var line in lines)
        {
            line.GetProperty("tokens_per_second").GetDouble().ShouldBeGreaterThan(0);
            line.GetProperty("p95_latency_seconds").GetDouble().ShouldBeGreaterThanOrEqualTo(line.GetProperty("median_latency_seconds").GetDouble());
            line.GetProperty("mean_depth").GetDouble().ShouldBe(4);
        }

        // The first token follows from the prompt; each of the others takes four passes, or one behind the first four.
        lines[0].GetProperty("passes_per_token").GetDouble().ShouldBe(4 * 11 / 12.0, 1e-9);
        lines[1].GetProperty("passes_per_token").GetDouble().ShouldBe((4 + 10) / 12.0, 1e-9);
        lines[1].GetProperty("guesses_kept").GetDouble().ShouldBe(1);
        OuroProgram.Run([.. arguments, "--assume-depth", "2.4", "--kv-policy", "last-exited"]).ShouldSucceed().Output.ShouldContain("Decisions marked as assumed are simulated");
    }

    [Theory]
    [InlineData(4, 2.4)]
    [InlineData(4, 1)]
    [InlineData(4, 4)]
    [InlineData(32, 5.5)]
    public void Assumed_depths_have_the_mean_that_was_asked_for(int loops, double mean)
    {
        var rule = new AssumedDepth(loops, mean);
        var depths = Enumerable.Range(16, 200).Select(position => Enumerable.Range(1, loops).First(loop => rule.Reads(new LoopOutcome(position, loop, 0))));

        depths.Average().ShouldBe(mean, 0.06 * mean);
    }
}
