using Ouro.Cli.Bench;
using Ouro.Tensors;

namespace Ouro.Benchmarks;

/// <summary>The rate at which this machine reads memory: the wall that a pass over the weights runs into.</summary>
static class MachineBenchmark
{
    public static void Run(bool write)
    {
        var report = new Report("machine");
        var all = Environment.ProcessorCount;
        var table = new Table(
            new("loop"), new("1 thread, best GB/s", "0.0"), new("1 thread, median", "0.0"),
            new($"{all} threads, best GB/s", "0.0"), new($"{all} threads, median", "0.0"));
        using var memory = new MemoryRead(ReadRate.Bytes);
        for (var i = 0; i < MemoryRead.LoopNames.Count; i++)
        {
            var loop = i;
            var one = Samples.Repeat(TimeSpan.FromSeconds(2), () => memory.Read(loop, 1));
            var many = Samples.Repeat(TimeSpan.FromSeconds(2), () => memory.Read(loop, all));
            table.Add(MemoryRead.LoopNames[loop], Rate(one.Best), Rate(one.Median), Rate(many.Best), Rate(many.Median));
        }

        report.Add("memory_read", table);
        report.Note("Each repetition reads 0.54 GB once; huge pages were asked for. The largest number of a column is this minute's read rate; tables that give a share of it measure their own.");
        report.Finish(write);

        double Rate(double seconds) => memory.Length / seconds / 1e9;
    }
}
