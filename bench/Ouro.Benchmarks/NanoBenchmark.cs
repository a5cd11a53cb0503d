using Ouro.Cli;
using Ouro.Cli.Eval;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Benchmarks;

/// <summary>What depth, exits, policies and guesses do to a model that was really trained: nothing is assumed here.</summary>
static class NanoBenchmark
{
    const int Questions = 4_000;
    const int Together = 32;
    const int LongestAnswer = 48;

    public static void Run(bool write, CancellationToken cancel)
    {
        var report = new Report("nano");
        using var engine = Engine.Open(OwnModel.PathOf(null), threads: 0, ActivationType.Int8);
        var run = new EvalRun(engine, Question.Drawn("nano", Questions, seed: 1), Together, LongestAnswer);
        var alone = new EvalRun(engine, Question.Drawn("nano", Questions / 20, seed: 1), together: 1, LongestAnswer);
        var loops = engine.Model.Config.Loops;

        var byDepth = Columns();
        for (var depth = 1; depth <= loops; depth++)
            Add(byDepth, run, $"{depth} of {loops} loops", Options(depth), cancel);
        foreach (var policy in new[] { KvPolicy.Exact, KvPolicy.LastExited })
        {
            foreach (var threshold in new[] { 0.3, 0.5, 0.7 })
                Add(byDepth, run, FormattableString.Invariant($"exit threshold {threshold:0.0}, {Name(policy)}"), Options(loops, threshold, policy), cancel);
        }

        Add(byDepth, run, $"{loops} loops, last-loop", Options(loops, policy: KvPolicy.LastLoop), cancel);
        Add(byDepth, run, "sure of the next token at 0.9", Options(loops, confidence: 0.9), cancel);
        report.Add("depth", byDepth);
        report.Note($"{Questions:N0} questions that training never shows, greedy, {Together} at a time, the next token guessed ahead where that pays.");

        var ahead = Columns();
        foreach (var (name, draft) in new[] { ("plain: one token after the other", 0), ("guessed after loop 1", 1), ("guessed after loop 2", 2), ("as it decides", -1) })
            Add(ahead, alone, $"{name}, {loops} loops", Options(loops) with { DraftLoops = draft }, cancel);
        Add(ahead, alone, "as it decides, exit threshold 0.5, last-exited", Options(loops, 0.5, KvPolicy.LastExited), cancel);
        report.Add("wavefront", ahead);
        report.Note($"The first {Questions / 20:N0} of these questions, one at a time: passes a token and the share of guesses that held are what the wavefront really finds. "
            + "Answers are the same to the last bit in the first four rows. A model of this size is computed from the caches, so passes of several rows are not nearly free as they are for large models.");
        report.Finish(write);
    }

    static Table Columns() => new(
        new("answers"), new("easy, exact %", "0.0"), new("medium", "0.0"), new("hard", "0.0"), new("all", "0.0"), new("mean depth", "0.00"),
        new("passes a token", "0.00"), new("guesses held %", "0.0"), new("tokens/s", "0"));

    static SequenceOptions Options(int loops, double threshold = 1, KvPolicy policy = KvPolicy.Exact, double confidence = 1)
        => new(new ExitRule(loops, threshold) { Confidence = confidence }, ContextTokens: 1) { Policy = policy, KvType = ElementType.F16 };

    static string Name(KvPolicy policy) => policy == KvPolicy.Exact ? "exact" : "last-exited";

    static void Add(Table table, EvalRun run, string name, SequenceOptions options, CancellationToken cancel)
    {
        Console.Error.WriteLine(name);
        var result = run.Run(new EvalSetting(name, options), progress: null, cancel);
        var all = result.All;
        double Percent(string difficulty) => 100 * result.ByDifficulty[difficulty].Share;
        table.Add(
            name, Percent("easy"), Percent("medium"), Percent("hard"), 100 * all.Share, all.MeanDepth, (double)all.Passes / all.Tokens,
            all.Guesses > 0 ? 100.0 * all.GuessesKept / all.Guesses : null, all.Tokens / result.Seconds);
    }
}
