using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Benchmarks;

/// <summary>One pass over the stack with 1 to 128 rows: what decoding and prefill are made of.</summary>
static class PassBenchmark
{
    static readonly int[] RowCounts = [1, 2, 4, 8, 128];
    static readonly TimeSpan TimePerRow = TimeSpan.FromSeconds(3);

    public static void Run(string model, bool write)
    {
        var report = new Report("pass");
        using var checkpoint = OuroCheckpoint.Open(model);
        using var weights = OuroWeights.Load(checkpoint, new CpuBackend());
        var matrices = checkpoint.Tensors.Where(tensor => tensor.Layer >= 0 && tensor.Shape.Length == 2).ToArray();
        var bytes = matrices.Sum(tensor => checkpoint.Require(tensor).ByteLength);
        var products = matrices.Sum(tensor => tensor.ElementCount);
        var table = new Table(
            new("threads", "0"), new("rows", "0"), new("best ms", "0.0"), new("median ms", "0.0"), new("GB/s at best", "0.0"),
            new("share of the read rate", "P0"), new("G multiply-adds/s at best", "0.0"));
        foreach (var threads in new[] { 1, Environment.ProcessorCount }.Distinct())
        {
            var readRate = MachineBenchmark.ReadRate(threads);
            using var backend = new CpuBackend(threads);
            var stack = new OuroModel(weights, backend);
            foreach (var rows in RowCounts)
            {
                var time = Measure(stack, rows);
                table.Add(
                    threads, rows, time.Best * 1e3, time.Median * 1e3, bytes / time.Best / 1e9, bytes / time.Best / readRate, rows * (products / time.Best / 1e9));
            }
        }

        report.Add("pass", table);
        report.Note($"{Path.GetFileNameWithoutExtension(model)}: {bytes / 1e9:0.000} GB of matrices in the stack, read once a pass; a token takes one pass for each loop. "
            + "Rows are neighbouring positions of one sequence at its start. The read rate is the best that plain loops reached on as many threads just before.");
        report.Finish(write);
    }

    static Samples Measure(OuroModel model, int rowCount)
    {
        using var sequence = model.NewSequence(1);
        var rows = Enumerable.Range(0, rowCount).Select(position => new Row(sequence, position, 0)).ToArray();
        var tokens = Enumerable.Range(1, rowCount).ToArray();
        var states = new Matrix(rowCount, model.Config.Width);
        return Samples.Repeat(TimePerRow, () =>
        {
            model.Embed(tokens, states);
            model.Pass(rows, states);
        });
    }
}
