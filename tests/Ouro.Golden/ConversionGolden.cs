using Ouro.Cli;
using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Golden;

/// <summary>Our conversion beside the files that llama.cpp made from the same source, and beside the source itself.</summary>
public sealed class ConversionGolden
{
    /// <summary>
    /// On purpose different: the golden file names the chat's end of turn as its eos, where ours keeps the source's own and finds both stop tokens by
    /// name; and types of the mixes are chosen by physical layers.
    /// </summary>
    static readonly string[] DifferentOnPurpose = ["tokenizer.ggml.eos_token_id"];

    [Theory, InlineData("q8_0", "Q8_0"), InlineData("q6_k", "Q6_K"), InlineData("q4_k_m", "Q4_K_M"), InlineData("q3_k_l", "Q3_K_L")]
    public void Metadata_and_tensors_are_called_and_shaped_as_in_llama_cpp_s_file(string mix, string golden)
    {
        using var folder = new TemporaryFolder();
        using var ours = GgufFile.Open(Convert(folder, "gguf/source", "ours.gguf", mix));
        using var theirs = GgufFile.Open(GoldenData.Path($"gguf/ouro-{golden}.gguf"));

        ours.Tensors.Select(Described).Order().ShouldBe(theirs.Tensors.Select(Described).Order());
        foreach (var (key, value) in theirs.Metadata.Entries)
        {
            var found = ours.Metadata.Find(key).ShouldNotBeNull(key);
            if (DifferentOnPurpose.Contains(key))
                continue;

            (found.Type, found.ElementType).ShouldBe((value.Type, value.ElementType), key);
            found.Content.ShouldBe(value.Content, key);
        }
    }

    [Theory, InlineData("q8_0", "Q8_0"), InlineData("q6_k", "Q6_K")]
    public void A_pure_mix_gives_every_tensor_the_type_that_llama_cpp_gives_it(string mix, string golden)
    {
        using var folder = new TemporaryFolder();
        using var ours = GgufFile.Open(Convert(folder, "gguf/source", "ours.gguf", mix));
        using var theirs = GgufFile.Open(GoldenData.Path($"gguf/ouro-{golden}.gguf"));

        ours.Tensors.Select(tensor => tensor.ToString()).Order().ShouldBe(theirs.Tensors.Select(tensor => tensor.ToString()).Order());
    }

    [Theory, InlineData("Q8_0"), InlineData("Q6_K"), InlineData("Q5_K_M"), InlineData("Q4_K_M"), InlineData("Q3_K_L")]
    public void Nothing_is_lost_in_llama_cpp_s_own_files(string golden)
    {
        using var source = OuroCheckpoint.Open(GoldenData.Path("gguf/source"));

        var report = ModelVerification.Run(source, GoldenData.Path($"gguf/ouro-{golden}.gguf"));

        report.Losses.ShouldBeEmpty();
        report.Parameters.ShouldBe(source.Config.ParameterCount);
    }

    [Theory, InlineData("tiny-bf16"), InlineData("tiny-f32-tied")]
    public void A_converted_model_computes_the_same_bits(string source)
    {
        using var folder = new TemporaryFolder();
        using var before = LoadedModel.Golden(source);
        using var after = new LoadedModel(Convert(folder, source, "model.gguf", mix: null));
        int[] ids = [1, 40, 300, 7, 7, 12];
        var rule = new ExitRule(loops: 4);

        var expected = Trace.Run(before.Model, ids, rule, ElementType.F32);
        var found = Trace.Run(after.Model, ids, rule, ElementType.F32);

        for (var loop = 0; loop < 4; loop++)
        {
            found.Loops[loop].GateLogit.ShouldBe(expected.Loops[loop].GateLogit);
            for (var token = 0; token < ids.Length; token++)
                found.Loops[loop].Logits[token].ShouldBe(expected.Loops[loop].Logits[token]);
        }
    }

    [Fact]
    public void The_tokenizer_goes_along_and_comes_back()
    {
        using var folder = new TemporaryFolder();
        using var gguf = OuroCheckpoint.Open(Convert(folder, "tiny-bf16", "model.gguf", mix: null));
        Directory.CreateDirectory(folder["back"]);

        TokenizerFiles.Write(gguf, folder["back"]);

        File.ReadAllBytes(Path.Combine(folder["back"], "tokenizer.json")).ShouldBe(File.ReadAllBytes(GoldenData.Path("tiny-bf16/tokenizer.json")));
    }

    static string Convert(TemporaryFolder folder, string source, string name, string? mix)
    {
        using var checkpoint = OuroCheckpoint.Open(GoldenData.Path(source));
        var options = new ConversionOptions { Mix = mix is null ? null : WeightMix.Find(mix), Metadata = TokenizerFiles.Metadata(checkpoint) };
        return ModelConversion.ToGguf(checkpoint, folder[name], options).Path;
    }

    static string Described(StoredTensor tensor) => $"{tensor.Name} [{string.Join(", ", tensor.Shape)}]";

    sealed class TemporaryFolder : IDisposable
    {
        readonly string _path = Directory.CreateTempSubdirectory("ouro-golden-").FullName;

        public string this[string name] => Path.Combine(_path, name);

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
