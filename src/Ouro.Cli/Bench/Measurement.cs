namespace Ouro.Cli.Bench;

/// <summary>How long a workload took, over and over, and what the machine did meanwhile.</summary>
sealed class Measurement(Workload workload, long bytesRead)
{
    readonly Neighbours _neighbours = new();
    long _allocated;

    public Workload Workload => workload;

    public Samples Seconds { get; } = new();

    /// <summary>Bytes that one repetition must read at least.</summary>
    public long BytesRead => bytesRead;

    /// <summary>The share of all cores that other programs used; null where it is not known.</summary>
    public double? ForeignLoad => _neighbours.Others;

    /// <summary>Tokens a second in the best repetition.</summary>
    public double TokensPerSecond => workload.Rows / Seconds.Best;

    /// <summary>Bytes of managed memory that a token takes.</summary>
    public double AllocatedPerToken => (double)_allocated / ((long)Seconds.Count * workload.Rows);

    /// <summary>Repeats the work for this long, once at least.</summary>
    public void Repeat(Action<CancellationToken> work, TimeSpan time, CancellationToken cancel)
    {
        _neighbours.Resume();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        try
        {
            Seconds.TakeFor(time, work, cancel);
        }
        finally
        {
            _allocated += GC.GetTotalAllocatedBytes(precise: true) - before;
            _neighbours.Pause();
        }
    }
}
