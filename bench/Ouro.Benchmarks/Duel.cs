using Ouro.Cli.Bench;

namespace Ouro.Benchmarks;

/// <summary>One workload, ours and llama.cpp's in turns, a part of a second each.</summary>
/// <param name="Ours">All loops of the workload.</param>
/// <param name="Theirs">One pass: the better of flash attention on and off.</param>
sealed record Duel(Measurement Ours, Samples Theirs)
{
    const int Rounds = 4;

    /// <summary>How many times as fast as llama.cpp we are, by the best repetitions.</summary>
    public double Ratio => Theirs.Best / Ours.Seconds.Best;

    /// <param name="time">For each side, in all rounds together; llama.cpp gets as much for each of its two settings.</param>
    /// <param name="context">Tokens that llama.cpp's context holds.</param>
    public static Duel Run(MeasuredModel model, LlamaServer peer, Workload work, int context, TimeSpan time, CancellationToken cancel)
    {
        var cache = model.KvType.ToString().ToLowerInvariant();
        var ours = new Measurement(work, model.BytesRead(work));
        var theirs = new[] { new Samples(), new Samples() };
        var run = model.Prepare(work, work.Loops);
        run(cancel);
        for (var round = -1; round < Rounds; round++)
        {
            cancel.ThrowIfCancellationRequested();
            if (round >= 0)
                ours.Repeat(run, time / Rounds, cancel);
            foreach (var flash in Settings(cache))
            {
                var seconds = peer.Evaluate(work, flash, cache, context, round < 0 ? TimeSpan.Zero : time / Rounds);
                if (round >= 0)
                    Array.ForEach(seconds, theirs[flash ? 1 : 0].Add);
            }
        }

        return new Duel(ours, theirs.Where(samples => samples.Count > 0).MinBy(samples => samples.Best)!);
    }

    /// <summary>llama.cpp quantises the cache of values only with flash attention.</summary>
    static bool[] Settings(string cache) => cache == "f16" ? [true, false] : [true];
}
