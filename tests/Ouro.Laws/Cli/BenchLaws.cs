using System.Diagnostics;
using System.Text.Json;
using Ouro.Cli;
using Ouro.Cli.Bench;
using Ouro.Formats;
using Ouro.Laws.Formats;
using Ouro.Tensors;

namespace Ouro.Laws.Cli;

/// <summary><c>ouro bench</c>: what is asked for is what is measured, and told; how long it takes is nobody's business here.</summary>
public sealed class BenchLaws
{
    const int UsageError = 2;
    const int Interrupted = 130;

    static readonly string Model = OuroProgram.Golden("tiny-bf16");

    static readonly string[] Short = ["--threads", "1", "--depth", "0,70", "--loops", "1,2", "--seconds", "0"];

    [Fact]
    public void The_plan_has_every_loop_count_at_every_depth_then_more_rows_then_the_prompt()
    {
        Workload.Plan([2], [1, 4], 512, [0, 64], [1, 4]).ShouldBe(
        [
            new Workload(Work.Decode, 2, 1, 0, 1), new Workload(Work.Decode, 2, 1, 64, 1),
            new Workload(Work.Decode, 2, 1, 0, 4), new Workload(Work.Decode, 2, 1, 64, 4),
            new Workload(Work.Decode, 2, 4, 0, 1), new Workload(Work.Prefill, 2, 512, 0, 1),
        ]);
        Workload.Plan([1, 2], [8], 0, [16], [3]).ShouldBe([new Workload(Work.Decode, 1, 8, 16, 3), new Workload(Work.Decode, 2, 8, 16, 3)]);
    }

    [Fact]
    public void Json_and_table_tell_every_line_and_a_baseline_gives_its_ratio()
    {
        using var folder = new TemporaryFolder();
        var json = OuroProgram.Run(["bench", Model, .. Short, "--rows", "1,3", "--prefill", "9", "--json"]).ShouldSucceed();
        json.Errors.ShouldBeEmpty();
        json.Json.GetProperty("interrupted").GetBoolean().ShouldBeFalse();
        var model = json.Json.GetProperty("models").EnumerateArray().ShouldHaveSingleItem();
        model.GetProperty("model").GetString().ShouldBe("tiny-bf16");
        var lines = model.GetProperty("measurements").EnumerateArray().ToArray();
        lines.Select(line => (line.GetProperty("work").GetString(), Number(line, "rows"), Number(line, "depth"), Number(line, "loops"))).ShouldBe(
            [("decode", 1, 0, 1), ("decode", 1, 70, 1), ("decode", 1, 0, 2), ("decode", 1, 70, 2), ("decode", 3, 0, 1), ("prefill", 9, 0, 1)]);
        foreach (var line in lines)
        {
            line.GetProperty("best_seconds").GetDouble().ShouldBeGreaterThan(0);
            line.GetProperty("median_seconds").GetDouble().ShouldBeGreaterThanOrEqualTo(line.GetProperty("best_seconds").GetDouble());
            (line.GetProperty("tokens_per_second").GetDouble() * line.GetProperty("best_seconds").GetDouble()).ShouldBe(Number(line, "rows"), 1e-9);
        }

        var stack = Number(model, "stack_bytes");
        (Number(lines[2], "bytes_read") - Number(lines[0], "bytes_read")).ShouldBe(stack);
        File.WriteAllText(folder.File("before.json"), json.Output);

        var table = OuroProgram.Run(["bench", Model, .. Short, "--rows", "1", "--prefill", "8", "--baseline", folder.File("before.json")]).ShouldSucceed();

        table.Output.ShouldContain("of 3 repetitions");
        var printed = table.OutputLines.Where(line => line.Contains("decode", StringComparison.Ordinal)).ToArray();
        printed.Length.ShouldBe(4);
        printed.ShouldAllBe(line => !line.TrimEnd().EndsWith('-'));
        printed.ShouldAllBe(line => line.Length <= 80, "a terminal is eighty columns wide");
        table.OutputLines.Single(line => line.Contains("prefill", StringComparison.Ordinal)).TrimEnd().ShouldEndWith("-", Case.Sensitive, "a prompt of another length is another measurement");
        table.Output.ShouldContain("x base: how many times as fast");
        table.Errors.ShouldBeEmpty();
    }

    [Fact]
    public void Random_weights_are_measured_type_by_type_and_kept_only_where_asked()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["bench", "--shape", "1x64x4x64x64", "-t", "q8_0,f16", "--threads", "1", "--rows", "1", "--prefill", "0", "--depth", "0", "--seconds", "0", "--json"];
        var models = OuroProgram.Run([.. arguments, "--cache", folder.File("kept")]).ShouldSucceed().Json.GetProperty("models").EnumerateArray().ToArray();

        models.Select(model => model.GetProperty("model").GetString()).ShouldBe(["1x64x4x64x64 q8_0", "1x64x4x64x64 f16"]);
        models[0].GetProperty("measurements").EnumerateArray().Select(line => Number(line, "loops")).ShouldBe([1, 4]);
        Directory.GetFiles(folder.File("kept")).Select(Path.GetFileName).Order().ShouldBe(["1x64x4x64x64-f16.gguf", "1x64x4x64x64-q8_0.gguf"]);
    }

    [Fact]
    public void A_ratio_divides_best_by_best_of_the_same_model_settings_and_work()
    {
        using var model = MeasuredModel.Open(Model, ActivationType.Int8, ElementType.F16);
        var run = new BenchRun("m", null, model, Workload.Plan([1], [1], 0, [5], [2]));
        run.Run(TimeSpan.Zero, _ => { }, CancellationToken.None).ShouldBeTrue();
        var line = run.Measured.ShouldHaveSingleItem();
        line.Seconds.Count.ShouldBe(BenchRun.Rounds);
        var json = BenchJson.Of(DateTimeOffset.UnixEpoch, [run], baseline: null, interrupted: false).ToJsonString();

        Ratio(json).ShouldBe(1);
        var best = JsonElement.Parse(json).GetProperty("models")[0].GetProperty("measurements")[0].GetProperty("best_seconds").GetRawText();
        Ratio(json.Replace($"\"best_seconds\":{best}", "\"best_seconds\":3", StringComparison.Ordinal)).ShouldBe(3 / line.Seconds.Best);
        foreach (var (same, other) in new[] { ("\"m\"", "\"n\""), ("\"f16\"", "\"q8_0\""), ("\"int8\"", "\"f32\""), ("\"depth\":5", "\"depth\":6"), ("\"decode\"", "\"prefill\"") })
        {
            var changed = json.Replace(same, other, StringComparison.Ordinal);
            changed.ShouldNotBe(json);
            Ratio(changed).ShouldBeNull();
        }

        double? Ratio(string text) => Baseline.Parse("b", text).Ratio(run, line);
    }

    [Fact]
    public void A_baseline_that_bench_did_not_print_is_refused()
    {
        const string Lines = """
            {"models": [{"model": "m", "kv_type": "f16", "activations": "int8", "measurements": [
                {"work": "decode", "threads": 2, "rows": 1, "depth": 0, "loops": 4, "best_seconds": SECONDS}]}]}
            """;
        Baseline.Parse("b", Lines.Replace("SECONDS", "0.5", StringComparison.Ordinal)).Path.ShouldBe("b");
        foreach (var wrong in new[] { "0", "-1", "\"fast\"", "null" })
        {
            Should.Throw<UserErrorException>(() => Baseline.Parse("b", Lines.Replace("SECONDS", wrong, StringComparison.Ordinal))).Message.ShouldContain("--json");
        }

        foreach (var text in new[] { "", "[]", "{}", "{\"models\": 3}", "{\"models\": [null]}", "{\"models\": [{\"measurements\": [{}]}]}", "null" })
            Should.Throw<UserErrorException>(() => Baseline.Parse("b", text), text);
        Baseline.Parse("b", "{\"models\": []}").Path.ShouldBe("b");
    }

    [Fact]
    public void What_cannot_be_measured_is_refused()
    {
        string[][] mistakes =
        [
            ["--rows", "0"], ["--rows", "1,,2"], ["--rows", "1;2"], ["--depth", "-1"], ["--loops", "x"], ["--threads", "0"], ["--prefill", "-1"], ["--seconds", "-1"],
            ["--type", "q9"], ["--type", "q8_0,"], ["--kv-type", "q2"], [Model, "--shape", "1x64x4"], [Model, "--type", "q8_0"], [Model, "--cache", "x"],
        ];
        foreach (var mistake in mistakes)
        {
            var answer = OuroProgram.Run(["bench", .. mistake]);

            answer.Code.ShouldBe(UsageError, string.Join(' ', mistake));
            answer.ErrorLines[^1].ShouldContain("bench --help");
        }

        OuroProgram.Run("bench", "no-such.gguf").ShouldRefuse("no-such.gguf", "no such file");
        OuroProgram.Run("bench", "--shape", "7").ShouldRefuse("'7' is no shape");
        OuroProgram.Run("bench", Model, "--baseline", "no-such.json").ShouldRefuse("no-such.json", "--json");
        OuroProgram.Run("bench", Model, "--baseline", Repository.Path("README.md")).ShouldRefuse("README.md", "--json");
        OuroProgram.Run("bench", Model, "--depth", "200000000", "--prefill", "0").ShouldRefuse("--depth", "for keys and values");
    }

    [Fact]
    public void An_interrupt_keeps_what_was_measured()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("there is no way to send Ctrl-C to one process here");

        using var process = OuroProgram.Start("bench", Model, "--rows", "1", "--prefill", "0", "--depth", "0", "--loops", "1", "--seconds", "600", "--json");
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        Wait(process);

        OuroProgram.Interrupt(process);
        var answer = OuroProgram.Finish(process, output, errors);

        answer.Code.ShouldBe(Interrupted, answer.Errors);
        answer.ErrorLines.ShouldHaveSingleItem().ShouldStartWith("interrupted");
        answer.Json.GetProperty("interrupted").GetBoolean().ShouldBeTrue();
    }

    /// <summary>Until it has worked for a while and so surely listens; how much it has measured by then does not matter.</summary>
    static void Wait(Process process)
    {
        while (!process.HasExited && process.TotalProcessorTime < TimeSpan.FromSeconds(2))
        {
            Thread.Sleep(20);
            process.Refresh();
        }
    }

    static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();
}
