namespace Ouro.Chat;

/// <summary>A part of a grammar: a set of byte strings. Parts form a tree, but for <see cref="ReferenceNode"/>, which may lead back up.</summary>
/// <remarks>
/// A part does not change once it is measured. How far a text has come inside a part is a number that only the part can read, its position;
/// 0 is the beginning. See <see cref="Frame"/>.
/// </remarks>
abstract class Node
{
    /// <summary>The length of what can never be completed.</summary>
    public const long Never = long.MaxValue / 4;

    /// <summary>Bytes of the shortest text of this part; <see cref="Never"/> if there is none.</summary>
    public long Shortest { get; private set; } = Never;

    /// <summary>How many objects and lists, one inside the other, the flattest text of this part has; above <see cref="Grammar.MostNesting"/> if there is none.</summary>
    public int Height { get; private set; } = int.MaxValue / 4;

    /// <summary>The parts that this one is made of; all there by the time that a grammar is measured.</summary>
    public abstract ReadOnlySpan<Node> Parts { get; }

    /// <summary>Fewest bytes from a position to the end of this part.</summary>
    public abstract long Remaining(int position);

    /// <summary>Says what a text may do that has arrived at <paramref name="frame"/>, which is one of this part.</summary>
    public abstract void Expand(Frame frame, Closure closure);

    /// <summary>Learns the two measures from those of its parts; true if they have changed.</summary>
    public bool Measure()
    {
        var before = (Shortest, Height);
        Height = MeasureHeight();
        Shortest = MeasureShortest();
        return before != (Shortest, Height);
    }

    /// <summary>The height, from the heights of the parts.</summary>
    protected abstract int MeasureHeight();

    /// <summary>The shortest length, from those of the parts.</summary>
    protected abstract long MeasureShortest();

    /// <summary>A sum that stays at <see cref="Never"/>.</summary>
    public static long Sum(long left, long right) => Math.Min(Never, left + right);

    /// <summary>A product that stays at <see cref="Never"/>.</summary>
    public static long Product(int count, long length) => count == 0 ? 0 : (long)Int128.Min(Never, (Int128)count * length);
}

/// <summary>One part after the other. Position: how many are over.</summary>
sealed class SequenceNode(Node[] items) : Node
{
    readonly long[] _remaining = new long[items.Length + 1];

    public override ReadOnlySpan<Node> Parts => items;

    public override long Remaining(int position) => _remaining[position];

    public override void Expand(Frame frame, Closure closure)
    {
        var index = frame.Position;
        if (index == items.Length)
        {
            closure.Arrive(frame.Rest);
            return;
        }

        // The last part returns to whoever asked for the sequence, so that lists in the tail of lists do not deepen the stack.
        var rest = index == items.Length - 1 ? frame.Rest : new Frame(this, index + 1, frame.Rest, frame.Nesting);
        closure.Arrive(new Frame(items[index], 0, rest, frame.Nesting));
    }

    protected override int MeasureHeight() => items.Length == 0 ? 0 : items.Max(item => item.Height);

    protected override long MeasureShortest()
    {
        for (var i = items.Length - 1; i >= 0; i--)
            _remaining[i] = Sum(items[i].Shortest, _remaining[i + 1]);
        return _remaining[0];
    }
}

/// <summary>Any one of several parts; none of them if there are none.</summary>
sealed class ChoiceNode(Node[] alternatives) : Node
{
    public override ReadOnlySpan<Node> Parts => alternatives;

    public override long Remaining(int position) => Shortest;

    public override void Expand(Frame frame, Closure closure)
    {
        foreach (var alternative in alternatives)
        {
            if (Closure.Allows(alternative, frame.Nesting))
                closure.Arrive(new Frame(alternative, 0, frame.Rest, frame.Nesting));
        }
    }

    protected override int MeasureHeight() => alternatives.Length == 0 ? Height : alternatives.Min(item => item.Height);

    protected override long MeasureShortest() => alternatives.Length == 0 ? Never : alternatives.Min(item => item.Shortest);
}

/// <summary>A part several times. Position: how often it was there, counted no further than what makes a difference.</summary>
/// <param name="body">Repeated.</param>
/// <param name="least">At least so often.</param>
/// <param name="most">At most so often; <see cref="Unlimited"/> for any number.</param>
sealed class RepeatNode(Node body, int least, int most) : Node
{
    public const int Unlimited = int.MaxValue;

    readonly Node[] _parts = [body];

    public override ReadOnlySpan<Node> Parts => _parts;

    public override long Remaining(int position) => Product(Math.Max(0, least - position), body.Shortest);

    public override void Expand(Frame frame, Closure closure)
    {
        var count = frame.Position;
        if (count >= least)
            closure.Arrive(frame.Rest);
        if (count >= most || !Closure.Allows(body, frame.Nesting))
            return;

        var next = most == Unlimited ? Math.Min(count + 1, least) : count + 1;
        closure.Arrive(new Frame(body, 0, new Frame(this, next, frame.Rest, frame.Nesting), frame.Nesting));
    }

    protected override int MeasureHeight() => least > 0 ? body.Height : 0;

    protected override long MeasureShortest() => Product(least, body.Shortest);
}

/// <summary>An object or a list: what counts as one level of nesting.</summary>
sealed class NestedNode(Node body) : Node
{
    readonly Node[] _parts = [body];

    public override ReadOnlySpan<Node> Parts => _parts;

    public override long Remaining(int position) => Shortest;

    public override void Expand(Frame frame, Closure closure) => closure.Arrive(new Frame(body, 0, frame.Rest, frame.Nesting + 1));

    protected override int MeasureHeight() => Math.Min(int.MaxValue / 4, body.Height + 1);

    protected override long MeasureShortest() => body.Shortest;
}

/// <summary>A part that is described elsewhere, perhaps further up; the way in which grammars become recursive.</summary>
sealed class ReferenceNode : Node
{
    Node[] _parts = [];

    /// <summary>Set once, before the grammar is used.</summary>
    public Node? Target
    {
        get;
        set => (field, _parts) = (value, value is null ? [] : [value]);
    }

    public override ReadOnlySpan<Node> Parts => _parts;

    public override long Remaining(int position) => Shortest;

    public override void Expand(Frame frame, Closure closure) => closure.Arrive(new Frame(Target!, 0, frame.Rest, frame.Nesting));

    protected override int MeasureHeight() => Target?.Height ?? Height;

    protected override long MeasureShortest() => Target?.Shortest ?? Never;
}
