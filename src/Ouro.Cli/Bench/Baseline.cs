using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ouro.Cli.Bench;

/// <summary>The best times of an earlier run, as <c>ouro bench --json</c> printed them.</summary>
sealed class Baseline
{
    readonly Dictionary<Key, double> _bestSeconds = [];

    Baseline(string path) => Path = path;

    public string Path { get; }

    /// <exception cref="UserErrorException">It cannot be read, or is not what <c>--json</c> prints.</exception>
    public static Baseline Read(string path)
    {
        try
        {
            return Parse(path, File.ReadAllText(path));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UserErrorException($"{path}: cannot be read ({problem.Message.TrimEnd('.')}). Name a file that 'ouro bench --json' printed.");
        }
    }

    /// <param name="path">For messages.</param>
    /// <inheritdoc cref="Read"/>
    public static Baseline Parse(string path, string json)
    {
        try
        {
            var baseline = new Baseline(path);
            foreach (var model in JsonNode.Parse(json)!["models"]!.AsArray())
                foreach (var measurement in model!["measurements"]!.AsArray())
                    baseline.Add(model, measurement!);
            return baseline;
        }
        // A missing field is a null, and what cannot be a number says so in one of two ways.
        catch (Exception problem) when (problem is JsonException or NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new UserErrorException($"{path}: is not what 'ouro bench --json' prints. Make one with 'ouro bench --json > FILE'.");
        }
    }

    /// <summary>How many times as fast as in the baseline; null if it was not measured there with the same model and settings.</summary>
    public double? Ratio(BenchRun run, Measurement measurement)
        => _bestSeconds.TryGetValue(KeyOf(run, measurement.Workload), out var best) ? best / measurement.Seconds.Best : null;

    static Key KeyOf(BenchRun run, Workload work)
        => new(run.Name, BenchJson.KvType(run), BenchJson.Activations(run), BenchJson.Name(work.Work), work.Threads, work.Rows, work.Depth, work.Loops);

    void Add(JsonNode model, JsonNode measurement)
    {
        var key = new Key(
            Text(model, "model"), Text(model, "kv_type"), Text(model, "activations"), Text(measurement, "work"),
            Number(measurement, "threads"), Number(measurement, "rows"), Number(measurement, "depth"), Number(measurement, "loops"));
        var best = measurement["best_seconds"]!.GetValue<double>();
        _bestSeconds[key] = best > 0 ? best : throw new FormatException("Nothing takes no time.");
    }

    static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();

    static int Number(JsonNode node, string name) => node[name]!.GetValue<int>();

    readonly record struct Key(string Model, string KvType, string Activations, string Work, int Threads, int Rows, int Depth, int Loops);
}
