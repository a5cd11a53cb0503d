using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Golden;

/// <summary>Files that llama.cpp wrote and quantised.</summary>
[Trait("Category", "Kernels")]
public sealed class GgufGolden
{
    public static TheoryData<string> Files { get; } = ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_L"];

    [Theory, MemberData(nameof(Files))]
    public void A_quantised_file_computes_what_its_dequantised_weights_compute(string type)
    {
        using var loaded = LoadedModel.Golden($"gguf/ouro-{type}.gguf");
        var expected = LoadedModel.Json($"gguf/ouro-{type}.expected.json");

        var trace = Trace.Run(
            loaded.Model, expected.GetProperty("ids").Ints(), new ExitRule(expected.GetProperty("ut_steps").GetInt32()), ElementType.F32);

        for (var loop = 0; loop < trace.Loops.Count; loop++)
        {
            ForwardGolden.ShouldBeNear(trace.Loops[loop].GateLogit, expected.GetProperty("gate_logit")[loop]);
            ForwardGolden.ShouldBeNear([.. trace.Loops[loop].ExitChance.Select(x => (float)x)], expected.GetProperty("pdf")[loop]);
            ForwardGolden.ShouldBeNear([.. trace.Loops[loop].Cumulative.Select(x => (float)x)], expected.GetProperty("cdf")[loop]);
        }

        for (var token = 0; token < trace.Ids.Length; token++)
        {
            ForwardGolden.ShouldBeNear(trace.Loops[0].Logits[token], expected.GetProperty("logits_first_loop")[token]);
            ForwardGolden.ShouldBeNear(trace.Loops[^1].Logits[token], expected.GetProperty("logits_last_loop")[token]);
        }
    }

    [Fact]
    public void The_gate_is_read_from_metadata()
    {
        using var checkpoint = OuroCheckpoint.Open(GoldenData.Path("gguf/ouro-Q8_0.gguf"));
        using var source = OuroCheckpoint.Open(GoldenData.Path("gguf/source"));

        var gate = EarlyExitGate.Read(checkpoint);

        gate.ShouldNotBeNull();
        gate.Weight.ShouldBe(EarlyExitGate.Read(source)!.Weight);
        gate.Bias.ShouldBe(EarlyExitGate.Read(source)!.Bias);
    }
}
