using Ouro.Tensors;

namespace Ouro.Model;

/// <summary>The keys and values of one text, for every loop, layer and position.</summary>
/// <remarks>
/// Pages are taken as positions are used. Under a policy that shares, <see cref="EndPrompt"/> puts what all loops are to find into the place of
/// the last loop, and every later row stores and looks there. Not thread-safe.
/// </remarks>
/// <param name="policy">What tokens behind the prompt leave behind.</param>
public sealed class KvSequence(KvShape shape, KvPolicy policy = KvPolicy.Exact) : IDisposable
{
    readonly List<KvPage> _pages = [];
    bool _isShared;     // the prompt has ended, and the policy shares
    bool _isDisposed;

    /// <summary>The measures.</summary>
    public KvShape Shape => shape;

    /// <summary>What tokens behind the prompt leave behind.</summary>
    public KvPolicy Policy => policy;

    /// <summary>Bytes taken so far, by pages that others share, too.</summary>
    public long BytesTaken
    {
        get
        {
            var bytes = 0L;
            foreach (var page in _pages)
                bytes += page.BytesTaken;
            return bytes;
        }
    }

    /// <summary>The pages in order of position.</summary>
    public IReadOnlyList<KvPage> Pages => _pages;

    int LastLoop => shape.Loops - 1;

    /// <summary>Makes room for a position in a loop (counted from 0) and says where it is.</summary>
    /// <exception cref="OutOfMemoryException">The system has no more memory to give.</exception>
    /// <exception cref="ObjectDisposedException">Everything has been given back.</exception>
    public KvPlace Place(int position, int loop)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)loop, (uint)shape.Loops, nameof(loop));
        var place = _isShared ? LastLoop : loop;
        var page = position / KvPage.Positions;
        while (_pages.Count <= page)
            _pages.Add(new KvPage(shape));
        if (_pages[page].IsShared)
            ReplaceByCopy(page);
        _pages[page].Reserve(place);
        return new KvPlace(_pages, place, position);
    }

    /// <summary>Appends a page that was filled by another text, and takes it over; all positions before it are full pages.</summary>
    public void Adopt(KvPage page)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _pages.Add(page);
    }

    /// <summary>The prompt has run all its loops; what follows is the reply.</summary>
    /// <param name="positions">Positions of the prompt.</param>
    public void EndPrompt(int positions)
    {
        if (!policy.IsShared() || LastLoop == 0)
            return;

        _isShared = true;
        for (var page = 0; page < _pages.Count; page++)
        {
            if (_pages[page].IsShared)
                ReplaceByCopy(page);
        }

        for (var position = 0; position < positions; position++)
            Share(position, shape.Loops);
        if (policy != KvPolicy.LastLoop)
            return;

        foreach (var page in _pages)
        {
            for (var loop = 0; loop < LastLoop; loop++)
                page.Release(loop);
        }
    }

    /// <summary>A token of the reply has run one more loop.</summary>
    /// <param name="loopsRun">Loops that it has run.</param>
    /// <param name="isLast">True if it runs no more.</param>
    public void AfterLoop(int position, int loopsRun, bool isLast)
    {
        if (policy == KvPolicy.LastExited && isLast)
        {
            var page = PageOf(position);
            for (var loop = loopsRun; loop < shape.Loops; loop++)
                page.CopyPosition(position % KvPage.Positions, loopsRun - 1, loop);
        }

        if (policy is not (KvPolicy.FirstLoop or KvPolicy.Average) || LastLoop == 0)
            return;

        // Its own keys and values of this loop are where all loops look; they are kept aside for the end.
        if (loopsRun <= LastLoop)
            PageOf(position).CopyPosition(position % KvPage.Positions, LastLoop, loopsRun - 1);
        if (isLast)
            Share(position, loopsRun);
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

        if (positions == 0)
            _isShared = false;
    }

    /// <summary>Gives everything back; a pass that still uses it must have ended.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        Truncate(0);
    }

    /// <summary>Puts what all loops find into the place of the last one.</summary>
    void Share(int position, int loopsRun)
    {
        var at = position % KvPage.Positions;
        if (policy == KvPolicy.FirstLoop)
            PageOf(position).CopyPosition(at, 0, LastLoop);
        else if (policy == KvPolicy.Average)
            PageOf(position).AveragePosition(at, loopsRun, LastLoop);
    }

    /// <summary>Others keep what a page holds now.</summary>
    void ReplaceByCopy(int page)
    {
        var copy = _pages[page].Copy();
        _pages[page].Dispose();
        _pages[page] = copy;
    }

    KvPage PageOf(int position) => _pages[position / KvPage.Positions];
}
