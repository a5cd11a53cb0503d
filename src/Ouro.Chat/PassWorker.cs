using System.Collections.Concurrent;
using Ouro.Generation;
using Ouro.Model;

namespace Ouro.Chat;

/// <summary>The one thread that makes a model's passes, for all who ask: texts come, share passes and go.</summary>
/// <remarks>Thread-safe. A text that nobody waits for any more leaves at the next pass.</remarks>
sealed class PassWorker : IDisposable
{
    readonly Scheduler _scheduler;
    readonly ConcurrentQueue<TextJob> _arrived = new();
    readonly ConcurrentQueue<Action<OuroModel>> _asides = new();
    readonly List<TextJob> _open = [];
    readonly SemaphoreSlim _wake = new(0);
    readonly int _mostOpen;
    readonly Thread _thread;
    volatile bool _isStopping;
    int _unfinished;
    PassCounts _counts;
    readonly Lock _countsLock = new();

    /// <param name="model">Shared, kept; while this lives, nobody else makes passes with it.</param>
    /// <param name="mostOpen">Most texts computed together; others wait.</param>
    public PassWorker(OuroModel model, SchedulerOptions options, int mostOpen)
    {
        (_scheduler, _mostOpen) = (new Scheduler(model, options), mostOpen);
        _thread = new Thread(Run) { IsBackground = true, Name = "ouro passes" };
        _thread.Start();
    }

    /// <summary>Texts that were given and have not ended.</summary>
    public int Unfinished => Volatile.Read(ref _unfinished);

    /// <summary>What the passes came to so far.</summary>
    public PassCounts Counts
    {
        get
        {
            lock (_countsLock)
                return _counts;
        }
    }

    /// <summary>Takes a text; what is written comes by its channel.</summary>
    public void Add(TextJob job)
    {
        ObjectDisposedException.ThrowIf(_isStopping, this);
        Interlocked.Increment(ref _unfinished);
        _arrived.Enqueue(job);
        Wake();
        if (_isStopping)
            EndAll();   // the thread may have gone before it could see this one
    }

    /// <summary>Does something with the model between two passes.</summary>
    public async Task<T> Aside<T>(Func<OuroModel, T> work, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_isStopping, this);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asides.Enqueue(model =>
        {
            try
            {
                cancel.ThrowIfCancellationRequested();
                done.TrySetResult(work(model));
            }
            catch (Exception problem) when (IsBearable(problem))
            {
                done.TrySetException(problem);
            }
        });
        Wake();
        return await done.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Lets the thread look at what was cancelled.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0)
            _wake.Release();
    }

    /// <summary>Ends every text, and waits for the pass under way.</summary>
    public void Dispose()
    {
        if (_isStopping)
            return;

        _isStopping = true;
        _wake.Release();
        _thread.Join();
        _scheduler.Dispose();
        _wake.Dispose();
    }

    void Run()
    {
        while (!_isStopping)
        {
            while (_asides.TryDequeue(out var aside))
                aside(_scheduler.Model);
            Admit();
            for (var i = _open.Count - 1; i >= 0; i--)
                Advance(i);
            if (!Step() && _arrived.IsEmpty && _asides.IsEmpty)
                _wake.Wait();
        }

        EndAll();
    }

    void Admit()
    {
        while (_open.Count < _mostOpen && _arrived.TryDequeue(out var job))
        {
            if (job.IsCancelled)
            {
                Finish(job, new OperationCanceledException());
                continue;
            }

            try
            {
                job.Open(_scheduler);
                _open.Add(job);
            }
            catch (Exception problem) when (IsBearable(problem))
            {
                Finish(job, problem);
            }
        }
    }

    void Advance(int index)
    {
        var job = _open[index];
        try
        {
            if (job.Advance())
                return;
        }
        catch (Exception problem) when (IsBearable(problem))
        {
            job.End(problem);
        }

        _open.RemoveAt(index);
        Interlocked.Decrement(ref _unfinished);
    }

    /// <summary>Makes a pass.</summary>
    /// <returns>False if nobody has rows: whoever waits for room then waits for somebody who is on the way out.</returns>
    bool Step()
    {
        try
        {
            return _scheduler.Step() || _open.Exists(job => job.IsCancelled);
        }
        catch (Exception problem) when (IsBearable(problem))
        {
            // What one text does wrong ends that text alone, so this is the model's or ours: nobody can go on.
            foreach (var job in _open)
                Finish(job, problem);
            _open.Clear();
            return true;
        }
        finally
        {
            lock (_countsLock)
                _counts = new PassCounts(_scheduler.Passes, _scheduler.Rows, _scheduler.Seconds, _open.Count, _scheduler.ReservedBytes);
        }
    }

    /// <summary>False if the process has no memory left; a text that would not fit is refused before it takes any.</summary>
    static bool IsBearable(Exception problem) => problem is not OutOfMemoryException or InsufficientMemoryException;

    void Finish(TextJob job, Exception problem)
    {
        job.End(problem);
        Interlocked.Decrement(ref _unfinished);
    }

    void EndAll()
    {
        foreach (var job in _open)
            Finish(job, new ObjectDisposedException(nameof(PassWorker), "The model was unloaded while it answered."));
        _open.Clear();
        while (_arrived.TryDequeue(out var job))
            Finish(job, new ObjectDisposedException(nameof(PassWorker), "The model was unloaded before it answered."));
        while (_asides.TryDequeue(out var aside))
            aside(_scheduler.Model);
    }
}

/// <summary>What a model's passes came to.</summary>
/// <param name="Passes">Passes so far.</param>
/// <param name="Rows">Rows so far.</param>
/// <param name="Seconds">Seconds in passes.</param>
/// <param name="OpenTexts">Texts that are open.</param>
/// <param name="ReservedBytes">Bytes of keys and values set aside for them.</param>
public readonly record struct PassCounts(long Passes, long Rows, double Seconds, int OpenTexts, long ReservedBytes);
