using Ouro.Cli.Bench;
using Ouro.Formats;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Tensors;

namespace Ouro.Benchmarks;

/// <summary>Whole replies at one shape: guesses ahead, early exits and many texts at once, beside plain decoding of the same engine and beside llama.cpp.</summary>
/// <param name="peerFolder">Null leaves llama.cpp out.</param>
sealed class RepliesBenchmark(string shape, string? peerFolder, string cacheFolder, TimeSpan time, CancellationToken cancel)
{
    const int Tokens = 48;
    const int ShortContext = 16;
    const int LongContext = 512;
    const double MeanDepth = 2.4;
    const double Acceptance = 0.9;

    static readonly int All = Environment.ProcessorCount;

    readonly Report _report = new($"replies-{shape}");

    readonly Table _table = new(
        new("texts", "0"), new("context", "0"), new("guesses hold (assumed)"), new("mean depth (assumed)"), new("keys and values"),
        new("plain, tok/s", "0.0"), new("ours, tok/s", "0.0"), new("ours / plain", "0.00"), new("llama.cpp, tok/s", "0.0"), new("ours / llama.cpp", "0.00"),
        new("passes a token", "0.00"), new("rows a pass", "0.0"), new("median ms a token", "0.0"), new("95 % below", "0.0"), new("bookkeeping", "P2"), new("bytes allocated a token", "0"));

    public void Run(bool write)
    {
        using var files = new SyntheticFiles(cacheFolder);
        var type = WeightMix.Find("q4_k_m")!;
        var path = files.Make(shape, type, threads: 0, cancel);
        using var model = MeasuredModel.Open(path, ActivationType.Int8, ElementType.F16);
        using var peer = peerFolder is null ? null : Peer(path, model.Config.Loops);
        try
        {
            foreach (var acceptance in new[] { 0.8, Acceptance, 0.95 })
                Measure(model, peer, Plan(draftLoops: 1, acceptance: acceptance), 1, ShortContext);
            Measure(model, peer, Plan(draftLoops: 1, acceptance: Acceptance), 1, LongContext);
            Measure(model, peer, Plan(depth: MeanDepth), 1, ShortContext);
            Measure(model, peer, Plan(draftLoops: 1, acceptance: Acceptance, depth: MeanDepth), 1, ShortContext);
            foreach (var texts in new[] { 4, 8 })
                Measure(model, peer, Plan(depth: MeanDepth), texts, ShortContext);
            Measure(model, peer, Plan(draftLoops: -1, acceptance: Acceptance), 4, ShortContext);
            Measure(model, peer, Plan(depth: MeanDepth), 16, ShortContext);
        }
        catch (OperationCanceledException)
        {
            write = false;
        }

        _report.Add("replies", _table);
        _report.Note(
            $"q4_k_m, f16 cache, {All} threads, {Tokens} tokens a reply, best of the turns of each line. Random weights guess nothing right and exit anywhere, so the decisions in the columns marked as assumed "
            + "are simulated; passes, read-outs and sampling are real. Plain is the same engine at fixed depth, one token after the other.");
        if (peer is not null)
            _report.Note(
                $"llama.cpp is an emulation: it does not know the architecture, so it is given a Llama-type file with the stack written {model.Config.Loops} times, which is read once for a token; with as many sequences "
                + $"in a batch as there are texts, each at the context of the middle of a reply, better of flash attention on and off, no sampling. It is packaged by node-llama-cpp, with {peer.About}.");
        _report.Finish(write);
    }

    static ReplyPlan Plan(int draftLoops = 0, double? acceptance = null, double? depth = null)
        => new([], [], Tokens, Loops: 0, Threshold: 1, draftLoops, depth is null ? KvPolicy.Exact : KvPolicy.LastExited, acceptance, depth);

    LlamaServer Peer(string path, int loops)
    {
        var twin = Path.Combine(cacheFolder, $"llama-{loops}-stacks-{Path.GetFileName(path)}");
        if (!File.Exists(twin))
            LlamaTwin.Write(path, twin, loops);
        var peer = new LlamaServer(peerFolder!);
        peer.Open(twin);
        return peer;
    }

    void Measure(MeasuredModel model, LlamaServer? peer, ReplyPlan plan, int texts, int context)
    {
        using var plain = model.Reply(All, plan.Plain, texts, context);
        using var asked = model.Reply(All, plan, texts, context);
        var theirs = new[] { new Samples(), new Samples() };
        plain.Repeat(isTimed: false, cancel);
        asked.Repeat(isTimed: false, cancel);
        Theirs(TimeSpan.Zero, isTimed: false);
        for (var turn = 0; turn < Duel.Rounds; turn++)
        {
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            do
            {
                plain.Repeat(isTimed: true, cancel);
                asked.Repeat(isTimed: true, cancel);
            }
            while (System.Diagnostics.Stopwatch.GetElapsedTime(started) < time);
            Theirs(time / 2, isTimed: true);
        }

        var (mine, reference) = (asked.Result!, plain.Result!);
        double? peerRate = peer is null || theirs.All(samples => samples.Count == 0) ? null : texts / theirs.Where(samples => samples.Count > 0).Min(samples => samples.Best);
        _table.Add(
            texts, context, plan.Acceptance is { } chance ? FormattableString.Invariant($"{chance:0.00}") : "-", plan.Depth is { } depth ? FormattableString.Invariant($"{depth:0.0}") : "-",
            plan.Policy == KvPolicy.Exact ? "exact" : "last-exited",
            reference.TokensPerSecond, mine.TokensPerSecond, mine.TokensPerSecond / reference.TokensPerSecond, peerRate, mine.TokensPerSecond / peerRate,
            mine.PassesPerToken, mine.RowsPerPass, mine.MedianLatency * 1e3, mine.HighLatency * 1e3, mine.OwnShare, mine.AllocatedPerToken);
        Console.Error.WriteLine(FormattableString.Invariant(
            $"{shape}, {texts} texts, context {context}, {plan}: plain {reference.TokensPerSecond:0.0}, ours {mine.TokensPerSecond:0.0}, llama.cpp {peerRate:0.0} tok/s"));

        void Theirs(TimeSpan span, bool isTimed)
        {
            if (peer is null)
                return;
            foreach (var flash in new[] { true, false })
            {
                try
                {
                    var seconds = peer.Evaluate(new Workload(Work.Decode, All, 1, context + Tokens / 2, 1), flash, "f16", span, texts);
                    if (isTimed)
                        Array.ForEach(seconds, theirs[flash ? 1 : 0].Add);
                }
                catch (Exception problem) when (problem is BenchmarkException or IOException)
                {
                    Console.Error.WriteLine(problem.Message);   // its stacks and caches need more memory than there is; the line goes without it
                    peer = null;
                    return;
                }
            }
        }
    }
}
