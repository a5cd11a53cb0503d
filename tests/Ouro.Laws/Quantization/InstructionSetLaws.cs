using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Laws.Quantization;

[Trait("Category", "Kernels")]
public sealed class InstructionSetLaws
{
    const string Expected = "OURO_EXPECT_DISABLED";

    [Fact]
    public void What_a_run_was_to_be_without_is_really_absent()
    {
        var name = Environment.GetEnvironmentVariable(Expected);
        Assert.SkipWhen(string.IsNullOrEmpty(name), $"{Expected} names no switch, so nothing is claimed of this run.");

        var active = name switch
        {
            "EnableAVX2" or "DOTNET_EnableAVX2" => Avx2.IsSupported || Vector256.IsHardwareAccelerated,
            "EnableHWIntrinsic" or "DOTNET_EnableHWIntrinsic" => Vector128.IsHardwareAccelerated,
            _ => throw new InvalidOperationException($"{Expected} is '{name}', which is no switch that this test knows."),
        };

        active.ShouldBeFalse($"{Expected} says {name}, but the instructions are in use: the run proves nothing");
    }
}
