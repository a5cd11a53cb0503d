using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Laws.Quantization;

/// <summary>A run that was to be without some instructions must really be without them, or it proves nothing.</summary>
[Trait("Category", "Kernels")]
public sealed class InstructionSetLaws
{
    static readonly (string Switch, bool IsActive)[] Switches =
    [
        ("DOTNET_EnableHWIntrinsic", Vector128.IsHardwareAccelerated),
        ("DOTNET_EnableAVX2", Avx2.IsSupported || Vector256.IsHardwareAccelerated),
        ("DOTNET_EnableAVX512", Avx512F.IsSupported || Vector512.IsHardwareAccelerated),
        ("DOTNET_EnableAVXVNNI", AvxVnni.IsSupported),
    ];

    [Fact]
    public void What_is_switched_off_is_off_and_what_is_not_is_on()
    {
        var off = Switches.Where(entry => Environment.GetEnvironmentVariable(entry.Switch) == "0").ToArray();

        off.Where(entry => entry.IsActive).Select(entry => entry.Switch).ShouldBeEmpty("switched off, but the instructions are in use");
        if (off.Length == 0)
            Vector128.IsHardwareAccelerated.ShouldBeTrue("nothing is switched off, yet there are no vectors");
    }
}
