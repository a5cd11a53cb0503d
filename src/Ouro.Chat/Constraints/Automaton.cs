namespace Ouro.Chat;

/// <summary>A finite automaton over bytes: the part that reads. Position: its state; 0 is the first.</summary>
sealed class Automaton : Node
{
    readonly int[] _first;      // by state, and one more: its first move
    readonly Move[] _moves;     // of a state in ascending order, without overlap
    readonly bool[] _accepts;   // by state
    readonly int[] _remaining;  // by state: fewest bytes to a state that accepts

    Automaton(List<List<Move>> moves, List<bool> accepts)
    {
        _first = new int[moves.Count + 1];
        _moves = new Move[moves.Sum(list => list.Count)];
        for (var state = 0; state < moves.Count; state++)
        {
            moves[state].Sort((left, right) => left.Low.CompareTo(right.Low));
            moves[state].CopyTo(_moves, _first[state]);
            _first[state + 1] = _first[state] + moves[state].Count;
        }

        _accepts = [.. accepts];
        _remaining = Distances();
        Measure();
    }

    public override ReadOnlySpan<Node> Parts => [];

    /// <summary>The state behind a byte; -1 if there is none.</summary>
    public int Next(int state, byte value)
    {
        var (low, high) = (_first[state], _first[state + 1] - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (value < _moves[middle].Low)
                high = middle - 1;
            else if (value > _moves[middle].High)
                low = middle + 1;
            else
                return _moves[middle].Target;
        }

        return -1;
    }

    public override long Remaining(int position) => _remaining[position] == int.MaxValue ? Never : _remaining[position];

    public override void Expand(Frame frame, Closure closure)
    {
        var state = frame.Position;
        if (_first[state] < _first[state + 1])
            closure.Keep(frame);
        if (_accepts[state])
            closure.Arrive(frame.Rest);
    }

    protected override int MeasureHeight() => 0;

    protected override long MeasureShortest() => Remaining(0);

    int[] Distances()
    {
        var distances = new int[_accepts.Length];
        for (var state = 0; state < distances.Length; state++)
            distances[state] = _accepts[state] ? 0 : int.MaxValue;

        // Targets mostly have higher numbers, so one round backwards does nearly everything.
        for (var isChanged = true; isChanged;)
        {
            isChanged = false;
            for (var state = distances.Length - 1; state >= 0; state--)
            {
                for (var move = _first[state]; move < _first[state + 1]; move++)
                {
                    var distance = distances[_moves[move].Target];
                    if (distance == int.MaxValue || distance + 1 >= distances[state])
                        continue;
                    distances[state] = distance + 1;
                    isChanged = true;
                }
            }
        }

        return distances;
    }

    /// <summary>Bytes from <paramref name="Low"/> to <paramref name="High"/> lead to a state.</summary>
    readonly record struct Move(byte Low, byte High, int Target);

    /// <summary>Puts an automaton together. State 0 is there from the beginning.</summary>
    public sealed class Builder
    {
        readonly List<List<Move>> _moves = [[]];
        readonly List<bool> _accepts = [false];

        /// <summary>One more state.</summary>
        public int NewState(bool accepts = false)
        {
            _moves.Add([]);
            _accepts.Add(accepts);
            return _moves.Count - 1;
        }

        /// <summary>A text may end in this state.</summary>
        public void Accept(int state) => _accepts[state] = true;

        /// <summary>Whether a text may end in this state.</summary>
        public bool Accepts(int state) => _accepts[state];

        /// <summary>Adds a move; the bytes must not overlap those of another move from this state.</summary>
        public void Move(int from, byte low, byte high, int to) => _moves[from].Add(new Move(low, high, to));

        /// <summary>The target of the move with just these bytes, which is made if there is none.</summary>
        public int Through(int from, byte low, byte high)
        {
            foreach (var move in _moves[from])
            {
                if (move.Low == low && move.High == high)
                    return move.Target;
            }

            var to = NewState();
            Move(from, low, high, to);
            return to;
        }

        /// <summary>The state behind these bytes, one after the other.</summary>
        public int Through(int from, ReadOnlySpan<byte> bytes)
        {
            foreach (var value in bytes)
                from = Through(from, value, value);
            return from;
        }

        /// <summary>The state behind a byte, for one-byte moves; -1 if there is none.</summary>
        public int Find(int from, byte value)
        {
            foreach (var move in _moves[from])
            {
                if (move.Low == value && move.High == value)
                    return move.Target;
            }

            return -1;
        }

        public Automaton Build() => new(_moves, _accepts);
    }
}
