using System.Globalization;
using System.Text;

namespace Ouro.Serving;

/// <summary>Writes what was served in Prometheus' text format, version 0.0.4.</summary>
sealed class MetricsPage
{
    /// <summary>What the format is called.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    readonly StringBuilder _text = new();

    /// <summary>All there is to tell.</summary>
    public static string Write(ServingMetrics metrics, ModelPool pool, Admission admission)
    {
        var page = new MetricsPage();
        page.Begin("ouro_requests_total", "counter", "Requests by route and status.");
        foreach (var (route, status, count) in metrics.Requests)
            page.Sample("ouro_requests_total", $"route=\"{Escaped(route)}\",status=\"{status}\"", count);
        foreach (var (name, meaning, value) in metrics.Counts)
            page.Single(name, "counter", meaning, value);
        page.Write("ouro_first_token_seconds", "From asking to the first token of a reply.", metrics.FirstToken);
        page.Write("ouro_reply_seconds", "From asking to the end of a reply.", metrics.Whole);
        page.Write("ouro_token_depth_loops", "Loops after which tokens were read.", metrics.Depth);
        page.WriteModels(pool.Models, admission);
        return page._text.ToString();
    }

    void WriteModels(IReadOnlyList<PooledModel> models, Admission admission)
    {
        var open = models.Sum(model => model.Model.Passes.OpenTexts);
        Single("ouro_requests_inside", "gauge", "Requests that compute or wait.", admission.Inside);
        Single("ouro_requests_waiting", "gauge", "Requests that wait.", Math.Max(0, admission.Inside - open));
        Single("ouro_open_texts", "gauge", "Texts computed together now.", open);
        Single("ouro_models_loaded", "gauge", "Models in memory.", models.Count);
        PerModel("ouro_passes_total", "counter", "Passes of a loaded model.", models, model => model.Model.Passes.Passes);
        PerModel("ouro_rows_total", "counter", "Rows in passes of a loaded model.", models, model => model.Model.Passes.Rows);
        PerModel("ouro_pass_seconds_total", "counter", "Seconds in passes of a loaded model.", models, model => model.Model.Passes.Seconds);
        PerModel("ouro_kv_bytes", "gauge", "Bytes of keys and values set aside for open texts.", models, model => model.Model.Passes.ReservedBytes);
        PerModel("ouro_weight_bytes", "gauge", "Bytes of a loaded model's weights.", models, model => model.Model.Loaded.WeightBytes);
    }

    void PerModel(string name, string kind, string meaning, IReadOnlyList<PooledModel> models, Func<PooledModel, double> value)
    {
        Begin(name, kind, meaning);
        foreach (var model in models)
            Sample(name, $"model=\"{Escaped(model.Entry.Name)}\"", value(model));
    }

    void Write(string name, string meaning, Histogram histogram)
    {
        Begin(name, "histogram", meaning);
        var (buckets, sum) = histogram.Read();
        foreach (var (bound, count) in buckets)
            Sample($"{name}_bucket", $"le=\"{Number(bound)}\"", count);
        Sample($"{name}_sum", "", sum);
        Sample($"{name}_count", "", buckets[^1].Count);
    }

    void Single(string name, string kind, string meaning, double value)
    {
        Begin(name, kind, meaning);
        Sample(name, "", value);
    }

    void Begin(string name, string kind, string meaning)
        => _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {meaning}\n# TYPE {name} {kind}\n");

    void Sample(string name, string labels, double value)
        => _text.Append(name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ').Append(Number(value)).Append('\n');

    static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    static string Escaped(string label)
        => label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
