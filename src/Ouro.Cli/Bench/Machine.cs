using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json.Nodes;
using Arm = System.Runtime.Intrinsics.Arm;
using X86 = System.Runtime.Intrinsics.X86;

namespace Ouro.Cli.Bench;

/// <summary>What the numbers were measured on.</summary>
static class Machine
{
    /// <summary>The processor's name; on Linux with family and model, because virtual machines often hide the rest of the name.</summary>
    public static string Processor { get; } = ProcessorName();

    /// <summary>Those that .NET uses here: environment variables such as <c>DOTNET_EnableAVX2=0</c> switch them off.</summary>
    public static string InstructionSets { get; } = string.Join(" ", new (string Name, bool IsUsed)[]
    {
        ("AVX2", X86.Avx2.IsSupported),
        ("FMA", X86.Fma.IsSupported),
        ("AVX-VNNI", X86.AvxVnni.IsSupported),
        ("AVX-512F", X86.Avx512F.IsSupported),
        ("AVX-512BW", X86.Avx512BW.IsSupported),
        ("AVX-512VBMI", X86.Avx512Vbmi.IsSupported),
        ("AdvSimd", Arm.AdvSimd.IsSupported),
        ("DotProd", Arm.Dp.IsSupported),
        ("Vector512", Vector512.IsHardwareAccelerated),
    }
    .Where(set => set.IsUsed).Select(set => set.Name).DefaultIfEmpty("none"));

    public static double MemoryGiB => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);

    public static string Header(DateTimeOffset date) => FormattableString.Invariant(
        $"{Processor}; {Environment.ProcessorCount} logical cores; {InstructionSets}; {MemoryGiB:0.0} GiB; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}; {date:yyyy-MM-dd}");

    public static JsonObject Json(DateTimeOffset date) => new()
    {
        ["processor"] = Processor,
        ["logical_cores"] = Environment.ProcessorCount,
        ["instruction_sets"] = InstructionSets,
        ["memory_gib"] = MemoryGiB,
        ["os"] = RuntimeInformation.OSDescription,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["program"] = typeof(Machine).Assembly.GetName().Version?.ToString(3),
        ["date"] = date.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null),
    };

    static string ProcessorName()
    {
        if (!File.Exists("/proc/cpuinfo"))
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();

        var fields = File.ReadLines("/proc/cpuinfo").TakeWhile(line => line.Length > 0)
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1]);
        var name = fields.GetValueOrDefault("model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        return fields.TryGetValue("cpu family", out var family) ? $"{name} (family {family}, model {fields.GetValueOrDefault("model")})" : name;
    }
}
