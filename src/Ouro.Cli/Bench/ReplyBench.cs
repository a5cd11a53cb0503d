using System.Globalization;
using System.Text.Json.Nodes;
using Ouro.Formats;
using Ouro.Tensors;
using Spectre.Console;

namespace Ouro.Cli.Bench;

/// <summary>Replies as asked for beside plain decoding, in turns, for each number of threads, texts and tokens of context.</summary>
sealed record ReplyBench(ReplyPlan Plan, int[] Threads, ActivationType Activations, ElementType KvType, TimeSpan Time)
{
    /// <summary>Turns that both sides get at least.</summary>
    const int FewestTurns = 2;

    static readonly string[] Headings = ["texts", "context", "how", "tok/s", "x\nplain", "ms a\ntoken", "95 %\nbelow", "passes\na\ntoken", "rows\na\npass", "guesses\nkept", "depth", "book-\nkeeping", "bytes\na\ntoken"];

    /// <summary>One line of the table.</summary>
    /// <param name="Plain">The same without guesses and exits.</param>
    public sealed record Line(int Threads, int Sequences, int Context, ReplyResult Plain, ReplyResult Asked);

    /// <summary>Measures a model.</summary>
    /// <param name="done">Gets every line when it is there.</param>
    public void Run(string path, Action<Line> done, CancellationToken cancel)
    {
        using var model = MeasuredModel.Open(path, Activations, KvType);
        foreach (var threads in Threads)
        {
            foreach (var context in Plan.Contexts)
            {
                foreach (var sequences in Plan.Sequences)
                    done(Measure(model, threads, sequences, context, cancel));
            }
        }
    }

    /// <summary>The table's first lines.</summary>
    public string Title(string name)
        => $"{Front.Plain(name)}: replies of {Plan.Tokens} tokens; {Plan}{(Plan.IsAssumed ? "\nDecisions marked as assumed are simulated, since random weights make none worth counting; passes, read-outs and sampling are real." : "")}";

    public static Table Table(IEnumerable<Line> lines)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(Column("threads").RightAligned());
        foreach (var heading in Headings)
            table.AddColumn(heading == "how" ? Column(heading) : Column(heading).RightAligned());
        foreach (var line in lines)
        {
            table.AddRow(Cells(line, "plain", line.Plain));
            table.AddRow(Cells(line, "asked", line.Asked));
        }

        return table;
    }

    public JsonObject Json(string name, IEnumerable<Line> lines) => new()
    {
        ["model"] = name,
        ["kv_type"] = KvType.ToString().ToLowerInvariant(),
        ["tokens"] = Plan.Tokens,
        ["draft_loops"] = Plan.DraftLoops,
        ["kv_policy"] = Plan.Policy.ToString(),
        ["exit_threshold"] = Plan.Threshold,
        ["assumed_acceptance"] = Plan.Acceptance,
        ["assumed_depth"] = Plan.Depth,
        ["replies"] = JsonText.Objects(lines.SelectMany(line => new[] { Json(line, "plain", line.Plain), Json(line, "asked", line.Asked) })),
    };

    Line Measure(MeasuredModel model, int threads, int sequences, int context, CancellationToken cancel)
    {
        using var plain = model.Reply(threads, Plan.Plain, sequences, context);
        using var asked = model.Reply(threads, Plan, sequences, context);
        plain.Repeat(isTimed: false, cancel);
        asked.Repeat(isTimed: false, cancel);
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var turn = 0; turn < FewestTurns || System.Diagnostics.Stopwatch.GetElapsedTime(started) < Time; turn++)
        {
            plain.Repeat(isTimed: true, cancel);
            asked.Repeat(isTimed: true, cancel);
        }

        return new Line(threads, sequences, context, plain.Result!, asked.Result!);
    }

    static TableColumn Column(string heading) => new(heading) { Padding = new Padding(0, 0, 1, 0), NoWrap = true };

    static string[] Cells(Line line, string how, ReplyResult result) =>
    [
        $"{line.Threads}", $"{line.Sequences}", $"{line.Context}", how,
        Number(result.TokensPerSecond, "0.0"), Number(result.TokensPerSecond / line.Plain.TokensPerSecond, "0.00"),
        Number(result.MedianLatency * 1e3, "0.0"), Number(result.HighLatency * 1e3, "0.0"),
        Number(result.PassesPerToken, "0.00"), Number(result.RowsPerPass, "0.0"),
        result.GuessesKept > 0 ? Number(100 * result.GuessesKept, "0") + "%" : "-",
        Number(result.MeanDepth, "0.00"), Number(100 * result.OwnShare, "0.00") + "%", Number(result.AllocatedPerToken, "0"),
    ];

    static JsonObject Json(Line line, string how, ReplyResult result) => new()
    {
        ["how"] = how,
        ["threads"] = line.Threads,
        ["sequences"] = line.Sequences,
        ["context"] = line.Context,
        ["tokens_per_second"] = result.TokensPerSecond,
        ["ratio_to_plain"] = result.TokensPerSecond / line.Plain.TokensPerSecond,
        ["median_latency_seconds"] = result.MedianLatency,
        ["p95_latency_seconds"] = result.HighLatency,
        ["passes_per_token"] = result.PassesPerToken,
        ["rows_per_pass"] = result.RowsPerPass,
        ["guesses_kept"] = result.GuessesKept,
        ["mean_depth"] = result.MeanDepth,
        ["bookkeeping_share"] = result.OwnShare,
        ["allocated_per_token"] = result.AllocatedPerToken,
    };

    static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
