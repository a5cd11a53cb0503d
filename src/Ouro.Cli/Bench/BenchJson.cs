using System.Text.Json.Nodes;

namespace Ouro.Cli.Bench;

/// <summary>What was measured, for programs: seconds, bytes and shares between 0 and 1, unrounded.</summary>
static class BenchJson
{
    /// <summary>For the help of <c>--json</c>.</summary>
    public const string Fields =
        "machine, interrupted, models [{model, type, kv_type, activations, weight_bytes, stack_bytes, head_bytes, load_seconds, resident_bytes, peak_bytes, own_bytes, "
        + "read_rates [{threads, bytes_per_second}], measurements [{work, threads, rows, depth, loops, best_seconds, median_seconds, repetitions, "
        + "tokens_per_second, bytes_read, bytes_per_second, read_share, foreign_load, allocated_per_token, baseline_ratio}]}].";

    public static JsonObject Of(DateTimeOffset date, IEnumerable<BenchRun> runs, Baseline? baseline, bool interrupted) => new()
    {
        ["machine"] = Machine.Json(date),
        ["interrupted"] = interrupted,
        ["models"] = JsonText.Objects(runs.Select(run => Of(run, baseline))),
    };

    static JsonObject Of(BenchRun run, Baseline? baseline) => new()
    {
        ["model"] = run.Name,
        ["type"] = run.Type,
        ["kv_type"] = KvType(run),
        ["activations"] = Activations(run),
        ["weight_bytes"] = run.Model.WeightBytes,
        ["stack_bytes"] = run.Model.StackBytes,
        ["head_bytes"] = run.Model.HeadBytes,
        ["load_seconds"] = run.Model.LoadTime.TotalSeconds,
        ["resident_bytes"] = run.Memory?.Resident,
        ["peak_bytes"] = run.Memory?.Peak,
        ["own_bytes"] = run.Memory?.Own,
        ["read_rates"] = JsonText.Objects(run.ReadRates.Select(rate => new JsonObject { ["threads"] = rate.Key, ["bytes_per_second"] = rate.Value })),
        ["measurements"] = JsonText.Objects(run.Measured.Select(measurement => Of(run, measurement, baseline))),
    };

    static JsonObject Of(BenchRun run, Measurement measurement, Baseline? baseline)
    {
        var (work, best) = (measurement.Workload, measurement.Seconds.Best);
        var rate = work.Work == Work.Decode ? measurement.BytesRead / best : (double?)null;
        return new()
        {
            ["work"] = Name(work.Work),
            ["threads"] = work.Threads,
            ["rows"] = work.Rows,
            ["depth"] = work.Depth,
            ["loops"] = work.Loops,
            ["best_seconds"] = best,
            ["median_seconds"] = measurement.Seconds.Median,
            ["repetitions"] = measurement.Seconds.Count,
            ["tokens_per_second"] = measurement.TokensPerSecond,
            ["bytes_read"] = rate is null ? null : measurement.BytesRead,
            ["bytes_per_second"] = rate,
            ["read_share"] = run.ReadRates.TryGetValue(work.Threads, out var read) ? rate / read : null,
            ["foreign_load"] = measurement.ForeignLoad,
            ["allocated_per_token"] = measurement.AllocatedPerToken,
            ["baseline_ratio"] = baseline?.Ratio(run, measurement),
        };
    }

    public static string Name(Work work) => work.ToString().ToLowerInvariant();

    public static string KvType(BenchRun run) => run.Model.KvType.ToString().ToLowerInvariant();

    public static string Activations(BenchRun run) => run.Model.Activations.ToString().ToLowerInvariant();
}
