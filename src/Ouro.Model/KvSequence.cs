using Ouro.Tensors;

namespace Ouro.Model;

/// <summary>The keys and values of one text, for every loop, layer and position.</summary>
/// <remarks>Pages are taken as positions are used. Not thread-safe.</remarks>
public sealed class KvSequence(KvShape shape) : IDisposable
{
    readonly List<KvPage> _pages = [];
    bool _isDisposed;

    /// <summary>The measures.</summary>
    public KvShape Shape => shape;

    /// <summary>Bytes taken so far.</summary>
    public long BytesTaken => _pages.Sum(page => page.BytesTaken);

    /// <summary>Makes room for a position in a loop (counted from 0) and says where it is.</summary>
    /// <exception cref="OutOfMemoryException">The system has no more memory to give.</exception>
    /// <exception cref="ObjectDisposedException">Everything has been given back.</exception>
    public KvPlace Place(int position, int loop)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)loop, (uint)shape.Loops, nameof(loop));
        var page = position / KvPage.Positions;
        while (_pages.Count <= page)
            _pages.Add(new KvPage(shape));
        _pages[page].Reserve(loop);
        return new KvPlace(_pages, loop, position);
    }

    /// <summary>Gives back the pages behind the first <paramref name="positions"/> positions.</summary>
    public void Truncate(int positions)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(positions);
        var kept = (positions + KvPage.Positions - 1) / KvPage.Positions;
        while (_pages.Count > kept)
        {
            _pages[^1].Dispose();
            _pages.RemoveAt(_pages.Count - 1);
        }
    }

    /// <summary>Gives everything back; a pass that still uses it must have ended.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        Truncate(0);
    }
}
