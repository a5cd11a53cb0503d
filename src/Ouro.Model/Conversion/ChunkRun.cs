using System.Runtime.ExceptionServices;

namespace Ouro.Model.Conversion;

/// <summary>A run of numbers of one tensor, small enough to be held in memory.</summary>
/// <param name="Tensor">Index in the list that was cut into chunks.</param>
/// <param name="First">Its first number; a multiple of every block size.</param>
/// <param name="Count">Numbers in it; whole blocks if rows are.</param>
readonly record struct Chunk(int Tensor, long First, int Count);

/// <summary>The memory in which one thread works on one chunk; it grows to what the chunks need and no further.</summary>
sealed class ChunkBuffers
{
    byte[] _stored = [];
    byte[] _encoded = [];
    float[] _values = [];
    float[] _others = [];

    public Span<byte> Stored(int length) => Of(ref _stored, length);

    public Span<byte> Encoded(int length) => Of(ref _encoded, length);

    public Span<float> Values(int length) => Of(ref _values, length);

    /// <summary>Room for a second version of the same numbers.</summary>
    public Span<float> Others(int length) => Of(ref _others, length);

    static Span<T> Of<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<T>(length);
        return buffer.AsSpan(0, length);
    }
}

/// <summary>Goes over tensors of any size chunk by chunk, on several threads, with bounded memory.</summary>
static class ChunkRun
{
    /// <summary>Numbers in a chunk, but for the last of a tensor: 4 MiB as single precision.</summary>
    public const int ChunkNumbers = 1 << 20;

    /// <summary>Cuts tensors into chunks, in order.</summary>
    public static IReadOnlyList<Chunk> Cut(IEnumerable<long> elementCounts)
    {
        var chunks = new List<Chunk>();
        var tensor = 0;
        foreach (var count in elementCounts)
        {
            for (var first = 0L; first < count; first += ChunkNumbers)
                chunks.Add(new Chunk(tensor, first, (int)Math.Min(ChunkNumbers, count - first)));
            tensor++;
        }

        return chunks;
    }

    /// <summary>Does every chunk once; at most one chunk per thread is in memory.</summary>
    /// <param name="threads">0 takes one per processor.</param>
    /// <param name="work">Gets the index of a chunk; called from several threads, for ascending indices.</param>
    /// <exception cref="OperationCanceledException">Asked for; chunks in work were finished first.</exception>
    public static void Run(IReadOnlyList<Chunk> chunks, int threads, Action<int, ChunkBuffers> work, CancellationToken cancel)
    {
        var next = -1;
        Exception? failure = null;
        void Serve()
        {
            var buffers = new ChunkBuffers();
            while (!cancel.IsCancellationRequested && Volatile.Read(ref failure) is null)
            {
                var index = Interlocked.Increment(ref next);
                if (index >= chunks.Count)
                    return;

                try
                {
                    work(index, buffers);
                }
#pragma warning disable CA1031 // Thrown again on the thread that asked for the work.
                catch (Exception problem)
#pragma warning restore CA1031
                {
                    Interlocked.CompareExchange(ref failure, problem, null);
                }
            }
        }

        var count = Math.Min(threads > 0 ? threads : Environment.ProcessorCount, Math.Max(1, chunks.Count));
        var others = new Task[count - 1];
        for (var i = 0; i < others.Length; i++)
            others[i] = Task.Factory.StartNew(Serve, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Serve();
        Task.WaitAll(others, CancellationToken.None);

        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
        cancel.ThrowIfCancellationRequested();
    }
}
