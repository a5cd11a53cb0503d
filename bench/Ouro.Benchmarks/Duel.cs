using Ouro.Cli.Bench;

namespace Ouro.Benchmarks;

/// <summary>One workload, ours and llama.cpp's in turns, a part of a second each.</summary>
/// <param name="Ours">All loops of the workload.</param>
/// <param name="Theirs">One pass: the better of flash attention on and off.</param>
sealed record Duel(Measurement Ours, Samples Theirs)
{
    /// <summary>Turns that every workload gets.</summary>
    public const int Rounds = 4;

    /// <summary>How many times as fast as llama.cpp we are, by the best repetitions.</summary>
    public double Ratio => Theirs.Best / Ours.Seconds.Best;

    /// <summary>Several workloads whose results will be compared with each other: they take turns, too.</summary>
    /// <param name="time">For each side of each workload, in all rounds together; llama.cpp gets as much for each of its two settings.</param>
    public static Duel[] Run(MeasuredModel model, LlamaServer peer, TimeSpan time, CancellationToken cancel, params Workload[] works)
    {
        var cache = model.KvType.ToString().ToLowerInvariant();
        var mostLoops = works.Max(work => work.Loops);
        var runs = works.Select(work => model.Prepare(work, mostLoops)).ToArray();
        var ours = works.Select(work => new Measurement(work, model.BytesRead(work))).ToArray();
        var theirs = works.Select(_ => new[] { new Samples(), new Samples() }).ToArray();
        for (var round = -1; round < Rounds; round++)
            for (var i = 0; i < works.Length; i++)
            {
                cancel.ThrowIfCancellationRequested();
                if (round < 0)
                    runs[i](cancel);
                else
                    ours[i].Repeat(runs[i], time / Rounds, cancel);
                foreach (var flash in Settings(cache))
                {
                    var seconds = peer.Evaluate(works[i], flash, cache, round < 0 ? TimeSpan.Zero : time / Rounds);
                    if (round >= 0)
                        Array.ForEach(seconds, theirs[i][flash ? 1 : 0].Add);
                }
            }

        return [.. ours.Zip(theirs, (mine, settings) => new Duel(mine, settings.Where(samples => samples.Count > 0).MinBy(samples => samples.Best)!))];
    }

    /// <summary>llama.cpp quantises the cache of values only with flash attention.</summary>
    static bool[] Settings(string cache) => cache == "f16" ? [true, false] : [true];
}
