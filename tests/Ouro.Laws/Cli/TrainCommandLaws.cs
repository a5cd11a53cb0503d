using Ouro.Laws.Formats;
using Ouro.Laws.Training;

namespace Ouro.Laws.Cli;

/// <summary>Training through the program: to the end, stopped, killed, and told what cannot be.</summary>
public sealed class TrainCommandLaws : IDisposable
{
    const int Interrupted = 130;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_recipe_of_the_readme_makes_a_model_that_answers()
    {
        var place = _folder.File("smoke");

        var answer = OuroProgram.Run("train", Repository.Path("recipes/smoke.json"), "-o", place).ShouldSucceed();

        answer.Errors.ShouldContain("stage 3 of 3 (gate), step 4 of 4");
        answer.OutputLines.ShouldHaveSingleItem().ShouldContain(place);
        OuroProgram.Run("inspect", place, "--json").ShouldSucceed().Json.GetProperty("layers").GetInt32().ShouldBe(2);
        OuroProgram.Run("run", place, "7 + 5", "--num-predict", "4").ShouldSucceed();
        File.ReadAllText(Path.Combine(place, "training", "loss.svg")).ShouldContain("stable 2");
    }

    [Fact]
    public async Task Killed_at_any_moment_it_goes_on_bit_for_bit()
    {
        var recipe = Longer();
        OuroProgram.Run("train", recipe, "-o", _folder.File("straight"), "--threads", "1").ShouldSucceed();

        var place = _folder.File("killed");
        for (var times = 0; times < 3; times++)
        {
            using var process = OuroProgram.Start("train", recipe, "-o", place, "--checkpoint-every", "0", "--threads", "1");
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await Begun(place, after: times * 5);
            process.Kill();
            OuroProgram.Finish(process, output, errors).Code.ShouldNotBe(0);
        }

        OuroProgram.Run("train", recipe, "-o", place, "--threads", "2").ShouldSucceed().Errors.ShouldContain("going on after");

        File.ReadAllBytes(Path.Combine(place, "model.safetensors")).ShouldBe(File.ReadAllBytes(Path.Combine(_folder.File("straight"), "model.safetensors")));
    }

    [Fact]
    public async Task An_interrupt_keeps_everything_and_says_so()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("there is no way to send Ctrl-C to one process here");

        var place = _folder.File("interrupted");
        using var process = OuroProgram.Start("train", Longer(), "-o", place, "--checkpoint-every", "0");
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await Begun(place, after: 1);

        OuroProgram.Interrupt(process);
        var answer = OuroProgram.Finish(process, output, errors);

        answer.Code.ShouldBe(Interrupted, answer.Errors);
        answer.Errors.ShouldContain("the same command goes on from there");
        answer.Output.ShouldBeEmpty();
        File.Exists(Path.Combine(place, "model.safetensors")).ShouldBeFalse();
        Directory.GetDirectories(Path.Combine(place, "training")).ShouldHaveSingleItem().ShouldContain("checkpoint-");
    }

    [Fact]
    public void What_cannot_be_trained_gets_one_sentence()
    {
        var recipe = _folder.File("tiny.json", TinyRecipe.Text);
        OuroProgram.Run("train", "no-such.json").ShouldRefuse("no-such.json", "no such file");
        OuroProgram.Run("train", _folder.File("bad.json", "{")).ShouldRefuse("bad.json", "not valid JSON");
        OuroProgram.Run("train", recipe, "-o", _folder.File("x"), "--stages", "nosuch").ShouldRefuse("no stage 'nosuch'", "first, second, gate");
        OuroProgram.Run("train", recipe, "-o", recipe).ShouldRefuse("tiny.json");
        OuroProgram.Run("train", recipe, "-o", _folder.File("x"), "--tokens-scale", "0").Code.ShouldBe(2);

        OuroProgram.Run("train", recipe, "-o", _folder.File("x"), "--stages", "first", "--tokens-scale", "0.2").ShouldSucceed();
        OuroProgram.Run("train", recipe, "-o", _folder.File("x")).ShouldRefuse("another recipe", "--restart");
    }

    [Fact]
    public void A_model_is_trained_on_and_the_gate_alone_leaves_the_rest()
    {
        var source = OuroProgram.Golden("tiny-bf16");
        var data = _folder.File("data.jsonl", string.Join('\n', Enumerable.Range(0, 20).Select(number
            => $$"""{"messages":[{"role":"user","content":"the value of {{number}}"},{"role":"assistant","content":"is {{number}}"}]}""")));
        string[] few = ["--tokens", "256", "--rows", "64", "--longest", "64"];

        OuroProgram.Run(["finetune", source, "--data", data, "-o", _folder.File("all"), "--learning-rate", "1e-3", .. few]).ShouldSucceed();
        OuroProgram.Run(["finetune", source, "--data", data, "-o", _folder.File("gate"), "--gate-only", .. few]).ShouldSucceed();

        Changed("all").ShouldContain(name => name.Contains("mlp", StringComparison.Ordinal));
        Changed("gate").ShouldAllBe(name => name.Contains("early_exit_gate", StringComparison.Ordinal));
        Changed("gate").ShouldNotBeEmpty();
        OuroProgram.Run("run", _folder.File("gate"), "hello", "--num-predict", "2").ShouldSucceed();
        OuroProgram.Run("finetune", source, "--data", _folder.File("none.jsonl"), "-o", _folder.File("x")).ShouldRefuse("none.jsonl");

        string[] Changed(string name)
        {
            var (before, after) = (Conversion.Workshop.Contents(source), Conversion.Workshop.Contents(_folder.File(name)));
            before.Keys.ShouldBe(after.Keys, ignoreOrder: true);
            return [.. before.Keys.Where(tensor => !before[tensor].AsSpan().SequenceEqual(after[tensor]))];
        }
    }

    [Fact]
    public void Layers_are_copied_from_either_kind_of_file()
    {
        var source = OuroProgram.Golden("tiny-bf16");
        var gguf = _folder.File("m.gguf");
        OuroProgram.Run("convert", source, "-o", gguf).ShouldSucceed();
        var layers = OuroProgram.Run("inspect", source, "--json").Json.GetProperty("layers").GetInt32();
        var wanted = (2 * layers).ToString(System.Globalization.CultureInfo.InvariantCulture);

        OuroProgram.Run("upcycle", source, "--layers", wanted, "--order", "interleaved", "-o", _folder.File("a")).ShouldSucceed();
        OuroProgram.Run("upcycle", gguf, "--layers", wanted, "--order", "interleaved", "-o", _folder.File("b")).ShouldSucceed();

        OuroProgram.Run("verify", _folder.File("a"), _folder.File("b")).ShouldSucceed();
        OuroProgram.Run("run", _folder.File("b"), "hello", "--num-predict", "2").ShouldSucceed();
        OuroProgram.Run("upcycle", source, "--layers", "1", "-o", _folder.File("c")).ShouldRefuse("1 layers cannot be made");
        OuroProgram.Run("upcycle", source, "--layers", wanted, "-o", source, "--force").ShouldRefuse("the source itself");
    }

    /// <summary>Some seconds of work where a checkpoint is written after each step.</summary>
    string Longer() => _folder.File("longer.json", TinyRecipe.Text.Replace("\"tokens\": 640", "\"tokens\": 6400", StringComparison.Ordinal));

    /// <summary>Waits until so many checkpoints were written.</summary>
    static async Task Begun(string place, int after)
    {
        var training = Path.Combine(place, "training");
        while (!Directory.Exists(training) || Directory.GetDirectories(training, "checkpoint-*").Select(Number).DefaultIfEmpty(0).Max() <= after)
            await Task.Delay(TimeSpan.FromMilliseconds(5));
    }

    static int Number(string path) => int.TryParse(Path.GetFileName(path).AsSpan("checkpoint-".Length), out var number) ? number : 0;
}
