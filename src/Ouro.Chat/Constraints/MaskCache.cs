namespace Ouro.Chat;

/// <summary>Which tokens may follow a state, for the states that were asked about lately. Not thread-safe.</summary>
sealed class MaskCache
{
    readonly TokenTrie _trie;
    readonly GrammarStates _states;
    readonly int _most;
    readonly Dictionary<GrammarState, LinkedListNode<(GrammarState State, ulong[] Mask)>> _masks = [];
    readonly LinkedList<(GrammarState State, ulong[] Mask)> _order = new();    // used longest ago first
    readonly GrammarState[] _path;

    /// <param name="bytes">Most bytes of masks; one is kept in any case.</param>
    public MaskCache(TokenTrie trie, GrammarStates states, long bytes)
    {
        (_trie, _states) = (trie, states);
        _most = (int)Math.Clamp(bytes / (sizeof(ulong) * (long)trie.MaskLength), 1, int.MaxValue);
        _path = new GrammarState[trie.LongestToken + 1];
    }

    /// <summary>One bit a token: set if it may follow. Valid until the next call.</summary>
    public ReadOnlySpan<ulong> this[GrammarState state]
    {
        get
        {
            if (_masks.TryGetValue(state, out var known))
            {
                _order.Remove(known);
                _order.AddLast(known);
                return known.Value.Mask;
            }

            // The one used longest ago makes room, and gives its memory.
            LinkedListNode<(GrammarState State, ulong[] Mask)>? entry = null;
            if (_masks.Count >= _most)
            {
                entry = _order.First!;
                _order.Remove(entry);
                _masks.Remove(entry.Value.State);
                Array.Clear(entry.Value.Mask);
            }

            var mask = entry?.Value.Mask ?? new ulong[_trie.MaskLength];
            _trie.Allow(_states, state, mask, _path);
            entry ??= new LinkedListNode<(GrammarState State, ulong[] Mask)>(default);
            entry.Value = (state, mask);
            _order.AddLast(entry);
            _masks.Add(state, entry);
            return mask;
        }
    }
}
