using Ouro.Tensors;

namespace Ouro.Cli.Bench;

/// <summary>How fast this machine reads memory.</summary>
static class ReadRate
{
    /// <summary>Bytes that one reading reads: many times the caches.</summary>
    public const long Bytes = 1L << 29;

    /// <summary>Bytes a second of the best repetition of the best loop.</summary>
    /// <param name="time">For each of the loops.</param>
    public static double Best(int threads, TimeSpan time)
    {
        using var memory = new MemoryRead(Bytes);
        return Bytes / Enumerable.Range(0, MemoryRead.LoopNames.Count).Min(loop => Samples.Repeat(time, () => memory.Read(loop, threads)).Best);
    }
}
