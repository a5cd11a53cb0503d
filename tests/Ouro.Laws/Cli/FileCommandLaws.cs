using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Laws.Conversion;

namespace Ouro.Laws.Cli;

/// <summary>Model files through the program: made, proved, mended, and never destroyed.</summary>
public sealed class FileCommandLaws : IDisposable
{
    static readonly string Source = OuroProgram.Golden("tiny-f32-tied");

    readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public void A_model_goes_to_gguf_and_back_and_says_the_same_tokens()
    {
        var gguf = _shop["there.gguf"];
        var back = _shop["back"];

        OuroProgram.Run("convert", Source, "-o", gguf).ShouldSucceed().Output.ShouldContain("f32");
        OuroProgram.Run("convert", gguf, "--to", "safetensors", "-o", back).ShouldSucceed();

        OuroProgram.Run("verify", Source, gguf).ShouldSucceed().Output.ShouldContain("nothing is lost");
        OuroProgram.Run("verify", Source, back).ShouldSucceed().Output.ShouldContain("nothing is lost");
        Tokens(gguf).ShouldBe(Tokens(Source));
        Tokens(back).ShouldBe(Tokens(Source));
        OuroProgram.Run("inspect", gguf, "--json").ShouldSucceed().Json.GetProperty("loops").GetInt32().ShouldBe(4);
    }

    [Fact]
    public void A_quantised_file_is_smaller_verifies_and_answers()
    {
        var source = OuroProgram.Golden("gguf/source");
        var small = _shop["small.gguf"];

        OuroProgram.Run("quantize", source, "-t", "q4_k_m", "-o", small).ShouldSucceed();

        OuroProgram.Run("verify", source, small).ShouldSucceed();
        new FileInfo(small).Length.ShouldBeLessThan(new FileInfo(Path.Combine(source, "model.safetensors")).Length / 4);
        OuroProgram.Run("run", small, "hello", "--num-predict", "2").ShouldSucceed();
        OuroProgram.Run("quantize", small, "-t", "q3_k_l", "-o", _shop["smaller.gguf"]).ShouldRefuse("--allow-requantize");
    }

    [Fact]
    public void A_lost_gate_is_said_and_put_back()
    {
        var lost = _shop["lost.gguf"];
        var whole = _shop["whole.gguf"];
        OuroProgram.Run("convert", Source, "--no-gate", "-o", lost).ShouldSucceed().Errors.ShouldContain("early_exit_gate");

        OuroProgram.Run("verify", Source, lost).Code.ShouldBe(1);
        OuroProgram.Run("generate", lost, "--ids", "1,2", "-n", "2").ShouldSucceed().Errors.ShouldContain("has no early-exit gate, so every token runs at full depth");
        OuroProgram.Run("inspect", lost, "--json").ShouldSucceed().Json.GetProperty("gate").GetBoolean().ShouldBeFalse();
        OuroProgram.Run("repair", lost, "--from", Source, "-o", whole).ShouldSucceed();

        OuroProgram.Run("verify", Source, whole).ShouldSucceed();
        Gates(whole).ShouldBe(Gates(Source));
    }

    [Fact]
    public void The_gate_is_the_same_wherever_a_file_keeps_it()
    {
        var gguf = _shop.ToGguf(Source, "ours.gguf");
        float[] weight, bias;
        using (var file = GgufFile.Open(gguf))
            (weight, bias) = (file.Metadata.GetFloats("ouro.early_exit.gate_weight")!, file.Metadata.GetFloats("ouro.early_exit.gate_bias")!);

        var other = _shop.Rewrite(gguf, "keys.gguf", metadata =>
        {
            RemoveGate(metadata);
            metadata.Set("ouro.early_exit_gate.weight", weight);
            metadata.Set("ouro.early_exit_gate.bias", bias);
        });
        var asTensors = WithGateTensors(gguf, "early_exit_gate", weight, bias);
        var asClassifier = WithGateTensors(gguf, "cls.output", weight, bias);

        var expected = Gates(Source);
        foreach (var file in new[] { gguf, other, asTensors, asClassifier })
            Gates(file).ShouldBe(expected, file);

        var torn = _shop.Rewrite(asTensors, "torn.gguf", metadata =>
        {
            metadata.Set("ouro.early_exit.gate_weight", weight);
            metadata.Set("ouro.early_exit.gate_bias", new[] { bias[0] + 1 });
        });
        OuroProgram.Run("trace", torn, "--ids", "1").ShouldRefuse("two early-exit gates that differ");
    }

    [Fact]
    public void A_source_is_never_overwritten_under_any_of_its_names()
    {
        var gguf = _shop.ToGguf(Source, "m.gguf");
        var folder = _shop.ToSafetensors(Source, "m");
        var link = _shop["linked"];
        Directory.CreateSymbolicLink(link, _shop.Folder);
        var before = (File.ReadAllBytes(gguf), File.ReadAllBytes(Path.Combine(folder, "model.safetensors")), File.ReadAllText(Path.Combine(folder, "config.json")));

        OuroProgram.Run("convert", gguf, "-o", gguf, "--force").ShouldRefuse("the source itself");
        OuroProgram.Run("convert", gguf, "-o", Path.Combine(link, "m.gguf"), "--force").ShouldRefuse("the source itself");
        OuroProgram.Run("convert", Path.Combine(folder, "model.safetensors"), "--to", "safetensors", "-o", folder, "--force").ShouldRefuse("the source itself");
        OuroProgram.Run("convert", folder, "-o", Path.Combine(folder, "config.json"), "--force").ShouldRefuse("the source itself");
        OuroProgram.Run("convert", gguf, "-o", folder).ShouldRefuse("exists already");

        (File.ReadAllBytes(gguf), File.ReadAllBytes(Path.Combine(folder, "model.safetensors")), File.ReadAllText(Path.Combine(folder, "config.json"))).ShouldBe(before, new ByContent());
    }

    [Fact]
    public void A_stack_cut_short_and_a_source_with_a_part_missing_are_refused()
    {
        var gguf = _shop.ToGguf(Source, "m.gguf");
        var cut = _shop.Rewrite(gguf, "cut.gguf", metadata => metadata.Set("ouro.block_count", 1u));
        var partial = _shop.RewritePublished(Source, "partial", tensor => tensor.Name.Contains("layers.0.input_layernorm_2", StringComparison.Ordinal) ? [] : [(tensor, Workshop.BytesOf(tensor))]);

        OuroProgram.Run("generate", cut, "--ids", "1").ShouldRefuse("layer 2", "there are 1");
        OuroProgram.Run("verify", partial, gguf).ShouldRefuse("input_layernorm_2", "missing");
    }

    [Fact]
    public void Names_in_a_hostile_file_cannot_steer_the_terminal()
    {
        const string hostile = "\e]0;title\a[red]\u009B31m\n\u202Ex";
        var gguf = _shop.ToGguf(Source, "m.gguf");
        var named = _shop.Rewrite(gguf, "named.gguf", metadata => metadata.Set("general.name", hostile));
        var labelled = _shop.Rewrite(gguf, "labelled.gguf", metadata => metadata.Set("general.architecture", hostile));
        var more = _shop.RewritePublished(Source, "more", null, (new TensorSpec(hostile, ElementType.F32, [1]), new byte[4]));

        string[] shown =
        [
            OuroProgram.Run("inspect", named).Output, OuroProgram.Run("inspect", more, "--tensors").Output, OuroProgram.Run("verify", Source, more, "--tensors").Output,
            OuroProgram.Run("verify", Source, labelled).Output, OuroProgram.Run("inspect", labelled).Output,
            OuroProgram.Run("convert", more, "-o", _shop["x.gguf"]).ShouldRefuse("--drop").Errors, OuroProgram.Run("run", labelled, "hi").ShouldRefuse("relabelled").Errors,
        ];
        OuroProgram.Run("inspect", named, "--json").ShouldSucceed().Json.GetProperty("name").GetString().ShouldBe(hostile);
        foreach (var text in shown)
        {
            text.ShouldNotBeEmpty();
            text.Where(symbol => symbol is not ('\n' or '\r') && (char.IsControl(symbol) || symbol == '\u202E')).ShouldBeEmpty(text);
        }
    }

    [Theory]
    [InlineData("{\"model_type\": \"ouro\", \"hidden_size\": 64, \"hidden_size\": 64}", "twice")]
    [InlineData("{\"model_type\": \"\\ud800\"}", "half a character")]
    [InlineData("{\"model_type\": \"ouro\", \"num_attention_heads\": 4, \"hidden_size\": 1e999}", "hidden_size")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "not valid JSON")]
    public void A_configuration_that_is_none_is_refused_by_every_command(string text, string word)
    {
        var folder = _shop.RewritePublished(Source, "m");
        File.WriteAllText(Path.Combine(folder, "config.json"), text);

        OuroProgram.Run("inspect", folder).ShouldRefuse("config.json", word);
        OuroProgram.Run("convert", folder, "--to", "safetensors", "-o", _shop["x"]).ShouldRefuse("config.json", word);
        OuroProgram.Run("generate", folder, "--ids", "1").ShouldRefuse("config.json", word);
        Directory.Exists(_shop["x"]).ShouldBeFalse();
    }

    [Fact]
    public void A_device_is_no_place_for_a_file()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("no devices among the files here");

        OuroProgram.Run("synth", "--shape", "1x64x4x64x64", "-o", "/dev/ouro-laws", "--force").ShouldRefuse("device");
        File.Exists("/dev/ouro-laws").ShouldBeFalse();
    }

    static string Tokens(string model) => OuroProgram.Run("generate", model, "--ids", "5,9,33", "-n", "6").ShouldSucceed().Output;

    static string Gates(string model)
    {
        var trace = OuroProgram.Run("trace", model, "--ids", "5,9,33", "--json").ShouldSucceed().Json;
        return string.Join('\n', trace.GetProperty("loops").EnumerateArray().Select(loop => loop.GetProperty("gate_logit").GetRawText()));
    }

    static void RemoveGate(GgufMetadata metadata)
    {
        metadata.Remove("ouro.early_exit.gate_weight");
        metadata.Remove("ouro.early_exit.gate_bias");
    }

    string WithGateTensors(string gguf, string name, float[] weight, float[] bias)
    {
        var added = false;
        return _shop.Rewrite(gguf, $"{name}.gguf", RemoveGate, tensor =>
        {
            var own = (Spec: (TensorSpec)tensor, Bytes: Workshop.BytesOf(tensor));
            if (added)
                return [own];

            added = true;
            return [own, (new TensorSpec($"{name}.weight", ElementType.F32, [1, weight.Length]), Bytes(weight)), (new TensorSpec($"{name}.bias", ElementType.F32, [1]), Bytes(bias))];
        });
    }

    static byte[] Bytes(float[] numbers) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();

    sealed class ByContent : IEqualityComparer<(byte[] First, byte[] Second, string Third)>
    {
        public bool Equals((byte[] First, byte[] Second, string Third) left, (byte[] First, byte[] Second, string Third) right)
            => left.First.AsSpan().SequenceEqual(right.First) && left.Second.AsSpan().SequenceEqual(right.Second) && left.Third == right.Third;

        public int GetHashCode((byte[] First, byte[] Second, string Third) value) => value.First.Length;
    }
}
