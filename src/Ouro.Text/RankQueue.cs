namespace Ouro.Text;

/// <summary>A binary heap of (rank, position): takes the lowest rank first, and of equal ranks the leftmost position.</summary>
sealed class RankQueue
{
    ulong[] _entries = new ulong[64];   // rank in the upper half, position in the lower
    int _count;

    /// <summary>Entries moved since the beginning: the work done, for tests of growth.</summary>
    public long Moves { get; private set; }

    /// <summary>Places reserved.</summary>
    public int Capacity => _entries.Length;

    public void Add(int rank, int position)
    {
        if (_count == _entries.Length)
            Array.Resize(ref _entries, checked(_count * 2));

        var entry = ((ulong)(uint)rank << 32) | (uint)position;
        var place = _count++;
        for (; place > 0 && _entries[(place - 1) / 2] > entry; place = (place - 1) / 2, Moves++)
            _entries[place] = _entries[(place - 1) / 2];

        _entries[place] = entry;
        Moves++;
    }

    public bool TryTake(out int rank, out int position)
    {
        (rank, position) = (0, 0);
        if (_count == 0)
            return false;

        (rank, position) = ((int)(_entries[0] >> 32), (int)(uint)_entries[0]);
        var last = _entries[--_count];
        var place = 0;
        for (var child = 1; child < _count; child = 2 * place + 1, Moves++)
        {
            if (child + 1 < _count && _entries[child + 1] < _entries[child])
                child++;
            if (_entries[child] >= last)
                break;

            _entries[place] = _entries[child];
            place = child;
        }

        _entries[place] = last;
        Moves++;
        return true;
    }
}
