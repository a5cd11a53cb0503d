namespace Ouro.Chat;

/// <summary>Where a text stands in a grammar: all places at which it may be. Immutable for its users, compared by content.</summary>
sealed class GrammarState : IEquatable<GrammarState>
{
    readonly Frame[] _frames;
    readonly int _hash;
    GrammarState?[]? _next;     // by byte, as far as known

    public GrammarState(Frame[] frames, bool isComplete)
    {
        (_frames, IsComplete) = (frames, isComplete);
        var hash = new HashCode();
        hash.Add(isComplete);
        foreach (var frame in frames)
            hash.Add(frame.GetHashCode());
        _hash = hash.ToHashCode();
    }

    /// <summary>The places at which a byte can be read.</summary>
    public ReadOnlySpan<Frame> Frames => _frames;

    /// <summary>True if the text may end here.</summary>
    public bool IsComplete { get; }

    /// <summary>True if the text can go on.</summary>
    public bool CanGoOn => _frames.Length > 0;

    /// <summary>True if no text of the grammar begins like this.</summary>
    public bool IsDead => !IsComplete && !CanGoOn;

    /// <summary>Fewest bytes to an end; <see cref="Node.Never"/> if there is none.</summary>
    public long Shortest
    {
        get
        {
            var shortest = IsComplete ? 0 : Node.Never;
            foreach (var frame in _frames)
                shortest = Math.Min(shortest, frame.Shortest);
            return shortest;
        }
    }

    /// <summary>The state behind a byte if it is known.</summary>
    public GrammarState? Known(byte value) => _next?[value];

    /// <summary>Remembers the state behind a byte.</summary>
    public void Learn(byte value, GrammarState state) => (_next ??= new GrammarState?[256])[value] = state;

    public bool Equals(GrammarState? other)
        => ReferenceEquals(this, other)
            || (other is not null && _hash == other._hash && IsComplete == other.IsComplete && Frames.SequenceEqual(other.Frames));

    public override bool Equals(object? obj) => obj is GrammarState other && Equals(other);

    public override int GetHashCode() => _hash;
}

/// <summary>The states of a grammar, made when a text first reaches them. Not thread-safe; the grammar may be shared.</summary>
/// <remarks>Equal states are one object while there is room, so that what was found out about one is found again by reference.</remarks>
sealed class GrammarStates
{
    const int MostStates = 8 * 1024;     // of about 2 KiB

    readonly HashSet<GrammarState> _states = [];
    readonly Closure _closure = new();

    public GrammarStates(Grammar grammar)
    {
        if (Closure.Allows(grammar.Root, 0))
            _closure.Arrive(new Frame(grammar.Root, 0, null, 0));
        Start = Known(_closure.Take());
    }

    /// <summary>Before the first byte.</summary>
    public GrammarState Start { get; }

    /// <summary>True if new states are no longer remembered; a new table should be begun.</summary>
    public bool IsFull => _states.Count >= MostStates;

    /// <summary>The state behind one more byte; a dead one if no text of the grammar goes on like this.</summary>
    public GrammarState Next(GrammarState state, byte value)
    {
        if (state.Known(value) is { } known)
            return known;

        foreach (var frame in state.Frames)
        {
            // Only automata read bytes; everything else is expanded before a state is made.
            var automaton = (Automaton)frame.Node;
            if (automaton.Next(frame.Position, value) is >= 0 and var next)
                _closure.Arrive(new Frame(automaton, next, frame.Rest, frame.Nesting));
        }

        var found = Known(_closure.Take());
        if (!IsFull)
            state.Learn(value, found);
        return found;
    }

    /// <summary>The state behind several more bytes.</summary>
    public GrammarState Next(GrammarState state, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (state.IsDead)
                break;
            state = Next(state, value);
        }

        return state;
    }

    GrammarState Known(GrammarState state)
    {
        if (_states.TryGetValue(state, out var known))
            return known;
        if (!IsFull)
            _states.Add(state);
        return state;
    }
}
