using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ouro.Laws.Cli;

/// <summary>The commands for programs say what the reference says, in the shapes that other programs rely on.</summary>
public sealed class GoldenCommandLaws
{
    // The bar of the golden data for single-precision arithmetic.
    const double Near = 1e-4;

    // Two tokens this near each other may be chosen differently by another rounding; the golden texts promise no more.
    const double Tie = 1e-3;

    static readonly string Tokenizer = Repository.Path("src/Ouro.Text/ouro.tokenizer.json");

    [Theory]
    [InlineData("tiny-bf16", "forward.json")]
    [InlineData("tiny-bf16", "forward-q0.5.json")]
    [InlineData("tiny-f32-tied", "forward.json")]
    [InlineData("tiny-f32-tied", "forward-q0.5.json")]
    [InlineData("one-layer-32-loops", "forward.json")]
    [InlineData("one-layer-32-loops", "forward-q0.5.json")]
    public void Trace_prints_the_reference_chances_logits_and_exits(string folder, string file)
    {
        var expected = Parse($"{folder}/expected/{file}");
        string[] threshold = expected.GetProperty("q") is { ValueKind: JsonValueKind.Number } q ? ["--exit-threshold", q.GetRawText()] : [];

        var trace = OuroProgram.Run(["trace", OuroProgram.Golden(folder), "--ids", Ids(expected.GetProperty("ids")), "--json", .. threshold]).ShouldSucceed().Json;

        trace.EnumerateObject().Select(field => field.Name).ShouldBe(["ids", "loops", "exit_loop"]);
        trace.GetProperty("ids").GetRawText().ShouldBe(Compact(expected.GetProperty("ids")));
        var loops = trace.GetProperty("loops").EnumerateArray().ToArray();
        loops.Select(loop => loop.GetProperty("loop").GetInt32()).ShouldBe(Enumerable.Range(1, expected.GetProperty("ut_steps").GetInt32()));
        foreach (var (name, reference) in new[] { ("gate_logit", "gate_logit"), ("stop_chance", "lambda"), ("exit_chance", "pdf"), ("cumulative", "cdf") })
        {
            foreach (var (loop, found) in loops.Index())
                ShouldBeNear(found.GetProperty(name), expected.GetProperty(reference)[loop]);
        }

        trace.GetProperty("exit_loop").EnumerateArray().Select(exit => exit.GetInt32() - 1)
            .ShouldBe(expected.GetProperty("exit_step").EnumerateArray().Select(step => step.GetInt32()));
        ShouldHaveLogits(loops, trace.GetProperty("exit_loop"), expected);
    }

    [Fact]
    public void Trace_of_a_quantised_file_prints_the_logits_of_its_weights()
    {
        var expected = Parse("gguf/ouro-Q5_K_M.expected.json");

        var trace = OuroProgram.Run(
            "trace", OuroProgram.Golden("gguf/ouro-Q5_K_M.gguf"), "--ids", Ids(expected.GetProperty("ids")), "--json", "--activations", "f32").ShouldSucceed().Json;

        foreach (var (token, reference) in expected.GetProperty("logits_last_loop").EnumerateArray().Index())
            ShouldBeNear(trace.GetProperty("loops")[3].GetProperty("logits")[token], reference);
    }

    [Theory]
    [InlineData("tiny-bf16")]
    [InlineData("tiny-f32-tied")]
    [InlineData("one-layer-32-loops")]
    public void Generate_writes_the_reference_text_up_to_a_tie(string folder)
    {
        var expected = Parse($"{folder}/expected/generate-full-depth.json");
        var reference = expected.GetProperty("tokens").EnumerateArray().ToArray();

        var found = OuroProgram.Run(
            "generate", OuroProgram.Golden(folder), "--ids", Ids(expected.GetProperty("prompt")), "-n", $"{reference.Length}", "--json").ShouldSucceed().Json;

        found.EnumerateObject().Select(field => field.Name).ShouldBe(["prompt_ids", "ids", "tokens", "passes", "rows"]);
        found.GetProperty("prompt_ids").GetRawText().ShouldBe(Compact(expected.GetProperty("prompt")));
        var tokens = found.GetProperty("tokens").EnumerateArray().ToArray();
        tokens.Length.ShouldBe(reference.Length);
        tokens.Select(token => token.GetProperty("id").GetInt32()).ShouldBe(found.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()));
        var certain = tokens.TakeWhile(token => token.GetProperty("margin").GetDouble() >= Tie).Count();
        certain.ShouldBeGreaterThan(8, "a golden text with a tie so early would test nothing");
        for (var i = 0; i < certain; i++)
        {
            tokens[i].GetProperty("id").GetInt32().ShouldBe(reference[i].GetProperty("id").GetInt32(), $"token {i}");
            tokens[i].GetProperty("depth").GetInt32().ShouldBe(reference[i].GetProperty("exit_step").GetInt32() + 1);
            tokens[i].GetProperty("loops_run").GetInt32().ShouldBe(reference[i].GetProperty("last_step_run").GetInt32() + 1);
        }

        found.GetProperty("passes").GetInt64().ShouldBePositive();
        found.GetProperty("rows").GetInt64().ShouldBeGreaterThanOrEqualTo(found.GetProperty("passes").GetInt64());
    }

    [Fact]
    public void Tokenize_reads_a_text_a_line_and_writes_the_official_ids()
    {
        // A JSON text cannot carry half a surrogate pair, so those rows stay with the library's own tests.
        var rows = Rows().Where(row => row.GetProperty("kind").GetString() == "encode" && !row.TryGetProperty("utf16", out _)).ToArray();
        rows.Length.ShouldBeGreaterThan(80);
        var input = string.Concat(rows.Select(row => JsonSerializer.Serialize(TextOf(row)) + "\n"));

        var answer = OuroProgram.RunWith(input, "tokenize", Tokenizer, "--json-lines", "--special").ShouldSucceed();

        answer.OutputLines.ShouldBe(rows.Select(row => Compact(row.GetProperty("ids"))));
    }

    [Fact]
    public void Detokenize_reads_ids_a_line_and_writes_the_official_text()
    {
        var rows = Rows();
        var input = string.Concat(rows.Select(row => Compact(row.GetProperty("ids")) + "\n"));

        var all = OuroProgram.RunWith(input, "detokenize", Tokenizer, "--json-lines").ShouldSucceed();
        var plain = OuroProgram.RunWith(input, "detokenize", Tokenizer, "--json-lines", "--skip-special").ShouldSucceed();

        all.OutputLines.Select(line => JsonElement.Parse(line).GetString()).ShouldBe(rows.Select(row => row.GetProperty("decoded").GetString()));
        plain.OutputLines.Select(line => JsonElement.Parse(line).GetString()).ShouldBe(rows.Select(row => row.GetProperty("decoded_skip_special").GetString()));
    }

    static void ShouldHaveLogits(JsonElement[] loops, JsonElement exits, JsonElement expected)
    {
        if (expected.TryGetProperty("step_logits", out var steps))
        {
            var kept = expected.TryGetProperty("step_logits_kept_steps", out var which)
                ? [.. which.EnumerateArray().Select(step => step.GetInt32())] : Enumerable.Range(0, steps.GetArrayLength()).ToArray();
            foreach (var (i, step) in kept.Index())
            {
                foreach (var (token, reference) in steps[i].EnumerateArray().Index())
                    ShouldBeNear(loops[step].GetProperty("logits")[token], reference);
            }
        }

        if (expected.TryGetProperty("logits", out var read))
        {
            foreach (var (token, reference) in read.EnumerateArray().Index())
                ShouldBeNear(loops[exits[token].GetInt32() - 1].GetProperty("logits")[token], reference);
        }
    }

    static void ShouldBeNear(JsonElement found, JsonElement expected)
    {
        found.GetArrayLength().ShouldBe(expected.GetArrayLength());
        foreach (var (number, reference) in found.EnumerateArray().Zip(expected.EnumerateArray()))
            Math.Abs(number.GetDouble() - reference.GetDouble()).ShouldBeLessThan(Near);
    }

    static JsonElement Parse(string relative) => JsonElement.Parse(File.ReadAllText(OuroProgram.Golden(relative)));

    static JsonElement[] Rows() => [.. File.ReadLines(OuroProgram.Golden("tokenizer/golden.jsonl")).Select(line => JsonElement.Parse(line))];

    static string Ids(JsonElement ids) => string.Join(',', ids.EnumerateArray().Select(id => id.GetInt32().ToString(CultureInfo.InvariantCulture)));

    static string Compact(JsonElement ids) => $"[{Ids(ids)}]";

    static string TextOf(JsonElement row)
        => row.TryGetProperty("bytes_hex", out var bytes) ? Encoding.UTF8.GetString(Convert.FromHexString(bytes.GetString()!)) : row.GetProperty("text").GetString()!;
}
