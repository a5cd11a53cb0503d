namespace Ouro.Serving;

/// <summary>Counts requests that compute, and turns away those that would wait in too long a queue. Thread-safe.</summary>
/// <param name="most">Most requests under way, waiting ones included.</param>
public sealed class Admission(int most)
{
    int _inside;

    /// <summary>Requests under way.</summary>
    public int Inside => Volatile.Read(ref _inside);

    /// <summary>Most of them.</summary>
    public int Most => most;

    /// <summary>Takes a place; the caller leaves by <see cref="Leave"/>.</summary>
    /// <returns>False if there is none.</returns>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _inside) <= most)
            return true;

        Interlocked.Decrement(ref _inside);
        return false;
    }

    /// <summary>Gives a place back.</summary>
    public void Leave() => Interlocked.Decrement(ref _inside);
}
