using Ouro.Cli.Bench;
using Ouro.Tensors;

namespace Ouro.Benchmarks;

/// <summary>One workload, ours and llama.cpp's in turns, a part of a second each, with plain loops that read memory between them.</summary>
/// <param name="Ours">All loops of the workload.</param>
/// <param name="Theirs">One pass: the better of flash attention on and off.</param>
/// <param name="ReadRate">Bytes a second of the best loop that took turns with the two, with as many threads.</param>
sealed record Duel(Measurement Ours, Samples Theirs, double ReadRate)
{
    /// <summary>Turns that every workload gets: many, since this machine's memory is now and then slower for seconds, and each side must meet its fast ones.</summary>
    public const int Rounds = 12;

    /// <summary>Turns of a prompt, which takes seconds and is bound by computing.</summary>
    const int PromptRounds = 3;

    /// <summary>How many times as fast as llama.cpp we are, by the best repetitions.</summary>
    public double Ratio => Theirs.Best / Ours.Seconds.Best;

    /// <summary>Several workloads whose results will be compared with each other: they take turns, too.</summary>
    /// <param name="time">For each side of each workload, in all rounds together; llama.cpp gets as much for each of its two settings.</param>
    /// <param name="memory">For the loops that read it.</param>
    public static Duel[] Run(MeasuredModel model, LlamaServer peer, TimeSpan time, MemoryRead memory, CancellationToken cancel, params Workload[] works)
    {
        var cache = model.KvType.ToString().ToLowerInvariant();
        var mostLoops = works.Max(work => work.Loops);
        var runs = works.Select(work => model.Prepare(work, mostLoops)).ToArray();
        var ours = works.Select(work => new Measurement(work, model.BytesRead(work))).ToArray();
        var theirs = works.Select(_ => new[] { new Samples(), new Samples() }).ToArray();
        var readings = works.Select(_ => new Samples()).ToArray();
        var isPrompt = works[0].Work == Work.Prefill;
        var rounds = isPrompt ? PromptRounds : Rounds;
        for (var round = isPrompt ? 0 : -1; round < rounds; round++)   // round -1 warms up
            for (var i = 0; i < works.Length; i++)
            {
                cancel.ThrowIfCancellationRequested();
                if (round < 0)
                    runs[i](cancel);
                else
                    ours[i].Repeat(runs[i], time / rounds, cancel);
                for (var loop = 0; loop < MemoryRead.LoopNames.Count; loop++)
                    readings[i].Take(() => memory.Read(loop, works[i].Threads));
                foreach (var flash in Settings(cache))
                {
                    var seconds = peer.Evaluate(works[i], flash, cache, round < 0 ? TimeSpan.Zero : time / rounds);
                    if (round >= 0)
                        Array.ForEach(seconds, theirs[i][flash ? 1 : 0].Add);
                }
            }

        return [.. works.Select((_, i) => new Duel(
            ours[i], theirs[i].Where(samples => samples.Count > 0).MinBy(samples => samples.Best)!, memory.Length / readings[i].Best))];
    }

    /// <summary>llama.cpp quantises the cache of values only with flash attention.</summary>
    static bool[] Settings(string cache) => cache == "f16" ? [true, false] : [true];
}
