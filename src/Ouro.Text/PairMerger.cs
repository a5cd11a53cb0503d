using System.Text;

namespace Ouro.Text;

/// <summary>Merges the bytes of one piece into tokens. Not thread-safe; it owns scratch memory that is reused from piece to piece.</summary>
/// <remarks>
/// Definition: of all neighbours that may merge, merge the pair of lowest rank, the leftmost of several; repeat until none may.
/// Here neighbours are a linked list and candidates wait in a queue, so n bytes take O(n log n) steps. A candidate is out of date when its
/// place has merged since; that shows because the place then has another rank.
/// </remarks>
sealed class PairMerger(int[] idOfByte, MergeTable merges)
{
    const int End = -1;
    const int LargestKept = 1 << 16;

    readonly RankQueue _queue = new();
    byte[] _bytes = [];
    int[] _ids = [];        // by place; valid where a token begins
    int[] _next = [];
    int[] _previous = [];
    int[] _rank = [];       // by place: rank of the merge with the next token, or NoMerge

    /// <summary>Work done since the beginning, in moves of queue entries.</summary>
    public long QueueMoves => _queue.Moves;

    /// <summary>False after an unusually long piece, whose scratch memory should not be kept.</summary>
    public bool IsWorthKeeping => _ids.Length <= LargestKept && _queue.Capacity <= 4 * LargestKept;

    /// <summary>Appends the tokens of <paramref name="piece"/>; bytes that no token spells are dropped before merging, as the official library does.</summary>
    public void Append(ReadOnlySpan<char> piece, List<int> ids)
    {
        var count = ReadBytes(piece);
        if (count == 0)
            return;

        LinkNeighbours(count);
        MergeAll();
        for (var place = 0; place != End; place = _next[place])
            ids.Add(_ids[place]);
    }

    int ReadBytes(ReadOnlySpan<char> piece)
    {
        Reserve(checked(piece.Length * 3));   // UTF-8 needs at most 3 bytes for a UTF-16 unit
        var count = 0;
        foreach (var value in _bytes.AsSpan(0, Encoding.UTF8.GetBytes(piece, _bytes)))
            if (idOfByte[value] is >= 0 and var id)
                _ids[count++] = id;

        return count;
    }

    void LinkNeighbours(int count)
    {
        for (var place = 0; place < count; place++)
            (_previous[place], _next[place]) = (place - 1, place + 1);

        _next[count - 1] = End;
        for (var place = 0; place < count; place++)
            Offer(place);
    }

    void MergeAll()
    {
        while (_queue.TryTake(out var rank, out var left))
        {
            if (_rank[left] != rank)
                continue;

            var right = _next[left];
            var after = _next[right];
            _ids[left] = merges.ProductOf(rank);
            _rank[right] = MergeTable.NoMerge;
            _next[left] = after;
            if (after != End)
                _previous[after] = left;

            Offer(left);
            if (_previous[left] != End)
                Offer(_previous[left]);
        }
    }

    /// <summary>Queues the merge of the token at <paramref name="left"/> with the next one, if they may merge.</summary>
    void Offer(int left)
    {
        var right = _next[left];
        var rank = right == End ? MergeTable.NoMerge : merges.RankOf(_ids[left], _ids[right]);
        _rank[left] = rank;
        if (rank != MergeTable.NoMerge)
            _queue.Add(rank, left);
    }

    void Reserve(int count)
    {
        if (_bytes.Length >= count)
            return;

        var size = int.Max(count, 256);
        _bytes = new byte[size];
        _ids = new int[size];
        _next = new int[size];
        _previous = new int[size];
        _rank = new int[size];
    }
}
