using System.Globalization;
using Spectre.Console;

namespace Ouro.Cli.Bench;

/// <summary>What was measured, as people read it.</summary>
static class BenchTable
{
    static readonly string[] Numbers = ["rows", "context", "loops", "best\nms", "median\nms", "tok/s", "GB/s", "of\nread\nrate", "others", "bytes\na\ntoken"];

    /// <param name="results">Usually standard output.</param>
    public static void Write(BenchRun run, Baseline? baseline, IAnsiConsole results)
    {
        results.WriteLine(Summary(run));
        foreach (var group in run.Measured.GroupBy(measurement => measurement.Workload.Threads))
        {
            results.WriteLine();
            results.WriteLine(Text($"{group.Key} thread{(group.Key == 1 ? "" : "s")}{(run.ReadRates.TryGetValue(group.Key, out var rate) ? Text($"; plain loops read memory at {rate / 1e9:0.0} GB/s") : "")}"));
            var table = new Table().Border(TableBorder.Simple).AddColumn(Column("work"));
            foreach (var heading in baseline is null ? Numbers : [.. Numbers, "x\nbase"])
                table.AddColumn(Column(heading).RightAligned());
            foreach (var measurement in group)
                table.AddRow([.. Cells(run, measurement, baseline).Select(Markup.Escape)]);
            results.Write(table);
        }
    }

    /// <summary>What the columns mean, once below all tables.</summary>
    public static string Legend(TimeSpan time, bool hasBaseline) => Text($"""
        Best and median of {(time > TimeSpan.Zero ? Text($"as many repetitions as fit into {time.TotalSeconds:0} s") : $"{BenchRun.Rounds} repetitions")}; tok/s and GB/s at the best. GB/s counts weights and keys and values, each read once.
        Others: the share of all cores that other programs used meanwhile. Where that is not near zero, believe the best and not the median.
        """) + (hasBaseline ? "\nx base: how many times as fast as the best in the baseline; above 1 is faster." : "");

    /// <summary>As narrow as can be, so that all of it fits into a terminal of eighty columns.</summary>
    static TableColumn Column(string heading) => new(heading) { Padding = new Padding(0, 0, 0, 0), NoWrap = true };

    static string Summary(BenchRun run)
    {
        var model = run.Model;
        var memory = run.Memory is { } found ? $"; {Sizes.Text(found.Resident)} resident, {Sizes.Text(found.Own)} of it the program's own" : "";
        return Text($"{Front.Plain(run.Name)}: {Sizes.Text(model.WeightBytes)} of weights, {Sizes.Text(model.StackBytes)} read by every pass and {Sizes.Text(model.HeadBytes)} by the head; loaded in {model.LoadTime.TotalSeconds:0.00} s{memory}; keys and values in {model.KvType.ToString().ToLowerInvariant()}");
    }

    static IEnumerable<string> Cells(BenchRun run, Measurement measurement, Baseline? baseline)
    {
        var (work, seconds) = (measurement.Workload, measurement.Seconds);
        var isDecode = work.Work == Work.Decode;
        var rate = measurement.BytesRead / seconds.Best;
        yield return isDecode ? "decode" : "prefill";
        yield return $"{work.Rows}";
        yield return $"{work.Depth}";
        yield return $"{work.Loops}";
        yield return Text($"{seconds.Best * 1e3:0.0}");
        yield return Text($"{seconds.Median * 1e3:0.0}");
        yield return Text($"{measurement.TokensPerSecond:0.0}");
        yield return isDecode ? Text($"{rate / 1e9:0.0}") : "-";
        yield return isDecode && run.ReadRates.TryGetValue(work.Threads, out var read) ? Text($"{rate / read:P0}").Replace(" ", "", StringComparison.Ordinal) : "-";
        yield return measurement.ForeignLoad is { } others ? Text($"{others:P0}").Replace(" ", "", StringComparison.Ordinal) : "-";
        yield return Text($"{measurement.AllocatedPerToken:0}");
        if (baseline is not null)
            yield return baseline.Ratio(run, measurement) is { } ratio ? Text($"{ratio:0.00}") : "-";
    }

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
