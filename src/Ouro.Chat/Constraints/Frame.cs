namespace Ouro.Chat;

/// <summary>A place in a grammar: how far a text has come in a part, and where it goes on when that part is over. Immutable, compared by content.</summary>
/// <remarks>Frames share their rests, so that going on, forking and going back cost nothing but the new frames.</remarks>
sealed class Frame : IEquatable<Frame>
{
    readonly int _hash;

    public Frame(Node node, int position, Frame? rest, int nesting)
    {
        (Node, Position, Rest, Nesting) = (node, position, rest, nesting);
        Shortest = Node.Sum(node.Remaining(position), rest?.Shortest ?? 0);
        _hash = HashCode.Combine(node, position, rest?._hash ?? 0, nesting);
    }

    public Node Node { get; }

    /// <summary>As <see cref="Node"/> reads it.</summary>
    public int Position { get; }

    /// <summary>Where it goes on; null at the end of the text.</summary>
    public Frame? Rest { get; }

    /// <summary>Objects and lists that are open.</summary>
    public int Nesting { get; }

    /// <summary>Fewest bytes to the end of the text.</summary>
    public long Shortest { get; }

    public bool Equals(Frame? other)
    {
        var one = this;
        while (!ReferenceEquals(one, other))
        {
            if (one is null || other is null || one._hash != other._hash || one.Node != other.Node || one.Position != other.Position || one.Nesting != other.Nesting)
                return false;
            (one, other) = (one.Rest, other.Rest);
        }

        return true;
    }

    public override bool Equals(object? obj) => obj is Frame other && Equals(other);

    public override int GetHashCode() => _hash;
}

/// <summary>Follows a grammar from places between bytes to the places where a byte is read. Not thread-safe; used again and again.</summary>
sealed class Closure
{
    // A grammar that is ambiguous in very many ways at once loses some of them beyond these; each that is kept still leads to a valid end.
    const int MostFrames = 1024;
    const int MostSteps = 16 * 1024;

    readonly HashSet<Frame> _seen = [];
    readonly List<Frame> _reading = [];
    readonly Stack<Frame> _work = new();
    bool _isComplete;

    /// <summary>Whether a part can be completed with so many objects and lists open.</summary>
    public static bool Allows(Node node, int nesting) => node.Shortest < Node.Never && nesting + node.Height <= Grammar.MostNesting;

    /// <summary>The text may go on at this place; null: it may end.</summary>
    public void Arrive(Frame? frame)
    {
        if (frame is null)
            _isComplete = true;
        else
            _work.Push(frame);
    }

    /// <summary>At this place a byte is read.</summary>
    public void Keep(Frame frame)
    {
        if (_reading.Count < MostFrames)
            _reading.Add(frame);
    }

    /// <summary>The state in which all places are that were arrived at.</summary>
    public GrammarState Take()
    {
        for (var steps = 0; _work.TryPop(out var frame) && steps < MostSteps; steps++)
        {
            // Whatever can lead back to itself without reading passes through one of these; and two ways to a reading place are one.
            if (frame.Node is not (Automaton or ReferenceNode or RepeatNode) || _seen.Add(frame))
                frame.Node.Expand(frame, this);
        }

        var state = new GrammarState([.. _reading], _isComplete);
        _seen.Clear();
        _reading.Clear();
        _work.Clear();
        _isComplete = false;
        return state;
    }
}
