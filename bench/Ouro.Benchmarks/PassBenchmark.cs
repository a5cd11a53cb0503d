using System.Diagnostics;
using System.Globalization;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Benchmarks;

/// <summary>One pass over the stack with 1 to 8 rows: what decoding and prefill are made of.</summary>
static class PassBenchmark
{
    public static void Run(string model, int[] threadCounts, int[] rowCounts, TimeSpan time)
    {
        using var checkpoint = OuroCheckpoint.Open(model);
        using var weights = OuroWeights.Load(checkpoint);
        var bytes = checkpoint.Tensors.Where(tensor => tensor.Layer >= 0).Sum(tensor => checkpoint.Require(tensor).ByteLength);
        Console.WriteLine($"{Path.GetFileName(model)}: {bytes / 1e9:0.000} GB of weights in the stack");
        Console.WriteLine("| threads | rows | best ms | median ms | GB/s at best | G multiply-adds/s at best |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var threads in threadCounts)
        {
            using var backend = new CpuBackend(threads);
            var stack = new OuroModel(weights, backend);
            foreach (var rowCount in rowCounts)
                Measure(stack, checkpoint, threads, rowCount, bytes, time);
        }
    }

    static void Measure(OuroModel model, OuroCheckpoint checkpoint, int threads, int rowCount, long bytes, TimeSpan time)
    {
        using var sequence = model.NewSequence(1);
        var rows = Enumerable.Range(0, rowCount).Select(position => new Row(sequence, position, 0)).ToArray();
        var tokens = Enumerable.Range(1, rowCount).ToArray();
        var states = new Matrix(rowCount, model.Config.Width);
        var times = new List<double>();
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        while (times.Count < 5 || Stopwatch.GetTimestamp() < until)
        {
            model.Embed(tokens, states);
            var start = Stopwatch.GetTimestamp();
            model.Pass(rows, states);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        var products = checkpoint.Tensors.Where(tensor => tensor.Layer >= 0 && tensor.Shape.Length == 2).Sum(tensor => tensor.ElementCount) * rowCount;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {threads} | {rowCount} | {times[0]:0.0} | {times[times.Count / 2]:0.0} | {bytes / times[0] / 1e6:0.0} | {products / times[0] / 1e6:0.0} |"));
    }
}
