using System.Text.Json.Nodes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Ouro.Benchmarks.Kernels;

namespace Ouro.Benchmarks;

/// <summary>Every kernel beside its scalar definition, by BenchmarkDotNet; between machines and days only the ratios compare.</summary>
static class KernelBenchmark
{
    const string Name = "kernels";

    static readonly Type[] Kernels = [typeof(ProductKernel), typeof(DecodeKernel), typeof(AttentionKernel), typeof(RowKernel)];

    public static void Run(bool write)
    {
        var report = new Report(Name);
        var before = Ratios(report.BaselineFile);
        var table = new Table(
            new("kernel"), new("of"), new("definition, µs", "0.00"), new("fast, µs", "0.00"), new("times as fast", "0.0"), new("in the baseline file", "0.0"),
            new("now / then", "0.00"), new("bytes allocated", "0"));
        foreach (var kernel in Kernels)
            foreach (var group in BenchmarkRunner.Run(kernel, Config()).Reports.GroupBy(line => line.BenchmarkCase.Parameters.DisplayInfo))
                Add(table, kernel.Name.Replace("Kernel", "", StringComparison.Ordinal).ToLowerInvariant(), group, before);

        report.Add(Name, table);
        report.Note("Medians on one thread, in caches, by BenchmarkDotNet in one process. The definition computes one number at a time. The baseline file is that of this "
            + "processor, and only the ratios compare: both sides of a ratio met the same neighbours.");
        report.Finish(write);
    }

    // In this process: no project is generated, built and restored for each kernel.
    static ManualConfig Config() => ManualConfig.CreateEmpty()
        .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddLogger(NullLogger.Instance)
        .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance)
        .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "ouro-kernels"))
        .WithOptions(ConfigOptions.DisableLogFile);

    static void Add(Table table, string kernel, IGrouping<string, BenchmarkReport> group, Dictionary<(string, string), double> before)
    {
        var of = group.Key.Trim('[', ']');
        var definition = Microseconds(group.Single(line => line.BenchmarkCase.Descriptor.Baseline));
        var fast = group.Single(line => !line.BenchmarkCase.Descriptor.Baseline);
        var ratio = definition / Microseconds(fast);
        double? then = before.TryGetValue((kernel, of), out var found) ? found : null;
        table.Add(kernel, of, definition, Microseconds(fast), ratio, then, ratio / then, fast.GcStats.GetBytesAllocatedPerOperation(fast.BenchmarkCase));
        Console.Error.WriteLine(FormattableString.Invariant($"{kernel} {of}: {ratio:0.0} times as fast as the definition"));
    }

    static double Microseconds(BenchmarkReport line)
        => (line.ResultStatistics ?? throw new BenchmarkException($"{line.BenchmarkCase.DisplayInfo} has no result.")).Median / 1e3;

    static Dictionary<(string, string), double> Ratios(string file) => File.Exists(file)
        ? JsonNode.Parse(File.ReadAllText(file))!["tables"]![Name]!.AsArray()
            .ToDictionary(row => (row!["kernel"]!.GetValue<string>(), row["of"]!.GetValue<string>()), row => row!["times as fast"]!.GetValue<double>())
        : [];
}
