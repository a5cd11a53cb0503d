using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Ouro.Tensors;

/// <summary>A piece of work over a range of independent items. Implement it as a struct; it is called from several threads at once.</summary>
public interface IRangeWork
{
    /// <summary>Does the items <paramref name="from"/> up to, but not including, <paramref name="to"/>.</summary>
    void Do(int from, int to);
}

/// <summary>Threads that share out ranges of work; the calling thread works too.</summary>
/// <remarks>
/// Each thread has a share of its own and goes through it from front to end, chunk by chunk, since every other place in memory to begin at costs a
/// microsecond; whoever has nothing left steals the last half of the largest rest. A thread that the system has put aside holds up at most its own
/// chunk: threads join a piece of work when they notice it and leave when nothing is left, so nobody waits for a thread that never came.
/// Whoever waits spins for about a thousand pauses (some 35 microseconds), then blocks.
/// Which thread does which item never changes a result: every item is written by one call that depends on the item alone.
/// One piece of work runs at a time; callers on several threads take turns. Nothing is allocated per call. Work must not give work to
/// its own pool unless that is a single chunk: the second piece would wait for the first, and the first for it.
/// <para>
/// Why it is safe. The fields that describe a piece are written before membership opens (a release), and a thread reads them only after it
/// has joined (a full fence); membership opens only when it was closed and empty, so a thread that joins late joins a whole newer piece
/// and never the remains of an older one. Closing adds a large negative number, so that nobody joins any more and the caller
/// waits until the members have left; their last act, leaving, publishes what they wrote. It spins and then sleeps, for a processor that
/// sleeps can take over a member that another program keeps from running on its own; the last member to leave wakes it.
/// A sleeper is never forgotten: it counts itself before it looks at the generation, the caller raises the generation before it looks for
/// sleepers, and both with a full fence. The other way round there may be a wake-up too many, which costs one more look at the generation.
/// </para>
/// </remarks>
public sealed unsafe class WorkerPool : IDisposable
{
    const int PausesBeforeBlocking = 1000;

    /// <summary>Added to <see cref="_membership"/> when no thread may join any more.</summary>
    const int Closed = int.MinValue;

    /// <summary>The pool that this thread works for, if it is one of a pool's own.</summary>
    [ThreadStatic]
    static WorkerPool? _servedHere;

    readonly Lock _turn = new();
    readonly Thread[] _threads;
    readonly Share[] _shares;
    readonly SemaphoreSlim _wake = new(0);
    readonly SemaphoreSlim _allHaveLeft = new(0);

    int _membership = Closed;   // threads at work on the present piece; negative once it is closed
    int _generation;            // counts pieces of work
    int _sleeping;
    int _callerSleeps;          // 1 while the caller is about to wait, or waits, for the last member to leave
    bool _stopped;

    delegate*<void*, int, int, void> _do;
    void* _work;
    int _grain;
    Exception? _failure;

    /// <param name="threads">Threads that work at once, the caller included, 1 to 1,024; 0 takes one per processor.</param>
    public WorkerPool(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        ThreadCount = threads == 0 ? Environment.ProcessorCount : threads;
        _threads = new Thread[ThreadCount - 1];
        _shares = new Share[ThreadCount];
        for (var i = 0; i < _threads.Length; i++)
        {
            var mine = i + 1;   // the caller's is the first
            _threads[i] = new Thread(() => Serve(mine)) { IsBackground = true, Name = $"ouro worker {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that work at once, the caller included.</summary>
    public int ThreadCount { get; }

    /// <summary>Does all of <paramref name="items"/> items and returns when they are done.</summary>
    /// <param name="grain">Fewest items taken at a time, at least 1. While there are more, whole multiples of it are taken, so every chunk begins at one.</param>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from inside work of this pool, with more than one chunk.</exception>
    public void Run<TWork>(TWork work, int items, int grain)
        where TWork : struct, IRangeWork
    {
        ObjectDisposedException.ThrowIf(_stopped, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(grain, 1);
        if (items <= grain || _threads.Length == 0)
        {
            if (items > 0)
                work.Do(0, items);
            return;
        }

        if (_servedHere == this || _turn.IsHeldByCurrentThread)
            throw new InvalidOperationException("Work of a pool cannot share out more work on the same pool: the two would wait for each other.");

        lock (_turn)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            // The address stays valid: this method returns only after the last thread has left the work.
            _work = Unsafe.AsPointer(ref work);
            _do = &Invoke<TWork>;
            _grain = grain;
            _failure = null;
            ShareOut(items);
            Volatile.Write(ref _membership, 0);
            Interlocked.Increment(ref _generation);
            if (Volatile.Read(ref _sleeping) is > 0 and var sleeping)
                _wake.Release(sleeping);

            Work(mine: 0);
            Interlocked.Add(ref _membership, Closed);
            WaitUntilAllHaveLeft();
            if (_failure is { } failure)
                ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Ends the threads. Must not be called while work is running.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            if (_stopped)
                return;
            _stopped = true;
        }

        Interlocked.Increment(ref _generation);
        if (_threads.Length > 0)
            _wake.Release(_threads.Length);
        foreach (var thread in _threads)
            thread.Join();
        _wake.Dispose();
        _allHaveLeft.Dispose();
    }

    static void Invoke<TWork>(void* work, int from, int to)
        where TWork : struct, IRangeWork
        => Unsafe.AsRef<TWork>(work).Do(from, to);

    void ShareOut(int items)
    {
        var grains = (items + (long)_grain - 1) / _grain;
        var from = 0;
        for (var i = 0; i < _shares.Length; i++)
        {
            var to = (int)Math.Min(items, grains * (i + 1) / _shares.Length * _grain);
            Volatile.Write(ref _shares[i].Left, Share.Of(from, to));
            from = to;
        }
    }

    void Work(int mine)
    {
        try
        {
            do
            {
                while (TryTake(mine, out var from, out var to))
                    _do(_work, from, to);
            }
            while (TrySteal(mine));
        }
#pragma warning disable CA1031 // Whatever went wrong on a worker is thrown again on the thread that asked for the work.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
            foreach (ref var share in _shares.AsSpan())
                Interlocked.Exchange(ref share.Left, 0);
        }
    }

    /// <summary>Takes a quarter of what is left of a share, but at least a grain, from its front.</summary>
    bool TryTake(int mine, out int from, out int to)
    {
        ref var left = ref _shares[mine].Left;
        while (true)
        {
            var seen = Volatile.Read(ref left);
            (from, var end) = Share.Parts(seen);
            to = from + (int)Math.Min(end - from, Math.Max(1L, (end - from) / 4 / _grain) * _grain);
            if (from >= end)
                return false;
            if (Interlocked.CompareExchange(ref left, Share.Of(to, end), seen) == seen)
                return true;
        }
    }

    /// <summary>Makes the last half of the largest rest of the others one's own, or all of it if it is a single grain.</summary>
    bool TrySteal(int mine)
    {
        while (true)
        {
            var (victim, most, seen) = (-1, 0, 0L);
            for (var i = 0; i < _shares.Length; i++)
            {
                var left = Volatile.Read(ref _shares[i].Left);
                var (first, end) = Share.Parts(left);
                if (end - first > most)
                    (victim, most, seen) = (i, end - first, left);
            }

            if (victim < 0)
                return false;

            var (from, to) = Share.Parts(seen);
            var middle = from + (int)((to - from + (long)_grain - 1) / _grain / 2 * _grain);
            if (Interlocked.CompareExchange(ref _shares[victim].Left, Share.Of(from, middle), seen) != seen)
                continue;

            Volatile.Write(ref _shares[mine].Left, Share.Of(middle, to));
            return true;
        }
    }

    void WaitUntilAllHaveLeft()
    {
        for (var pauses = 0; pauses < PausesBeforeBlocking; pauses++)
        {
            if (Volatile.Read(ref _membership) == Closed)
                return;
            Thread.SpinWait(1);
        }

        // Whoever takes the flag back acts: the caller goes on, or the last member wakes it.
        Interlocked.Exchange(ref _callerSleeps, 1);
        if (Volatile.Read(ref _membership) != Closed || Interlocked.Exchange(ref _callerSleeps, 0) == 0)
            _allHaveLeft.Wait();
    }

    void Leave()
    {
        if (Interlocked.Decrement(ref _membership) == Closed && Interlocked.Exchange(ref _callerSleeps, 0) == 1)
            _allHaveLeft.Release();
    }

    void Serve(int mine)
    {
        _servedHere = this;
        var seen = 0;
        while (true)
        {
            seen = WaitForWorkAfter(seen);
            if (_stopped)
                return;
            if (!TryJoin())
                continue;

            Work(mine);
            Leave();
        }
    }

    bool TryJoin()
    {
        while (true)
        {
            var members = Volatile.Read(ref _membership);
            if (members < 0)
                return false;
            if (Interlocked.CompareExchange(ref _membership, members + 1, members) == members)
                return true;
        }
    }

    int WaitForWorkAfter(int seen)
    {
        for (var pauses = 0; pauses < PausesBeforeBlocking; pauses++)
        {
            var generation = Volatile.Read(ref _generation);
            if (generation != seen)
                return generation;

            Thread.SpinWait(1);
        }

        Interlocked.Increment(ref _sleeping);
        // Run raises the generation before it looks for sleepers, so one of the two always notices the other.
        while (Volatile.Read(ref _generation) == seen)
            _wake.Wait();
        Interlocked.Decrement(ref _sleeping);
        return Volatile.Read(ref _generation);
    }

    /// <summary>What is left of a thread's share: first item and end in one number, so that an item is taken once. It has cache lines of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    struct Share
    {
        [FieldOffset(0)]
        public long Left;

        public static long Of(int from, int to) => (long)from << 32 | (uint)to;

        public static (int From, int To) Parts(long left) => ((int)(left >> 32), (int)left);
    }
}
