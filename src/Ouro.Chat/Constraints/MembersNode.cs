namespace Ouro.Chat;

/// <summary>One declared member of an object.</summary>
/// <param name="Content">Name, colon and value.</param>
/// <param name="IsRequired">True if the object cannot be without it.</param>
readonly record struct Member(Node Content, bool IsRequired);

/// <summary>What stands between the braces of an object: declared members in their order, then any number of others.</summary>
/// <remarks>Position: three times the first declared member that may still come, plus the phase. So no member can come twice, and none out of turn.</remarks>
/// <param name="members">Declared members, in order.</param>
/// <param name="other">A member that is not declared; null if there may be none.</param>
/// <param name="comma">What separates members.</param>
sealed class MembersNode(Member[] members, Node? other, Node comma) : Node
{
    const int Phases = 3;
    const int Beginning = 0;    // nothing is written
    const int AfterMember = 1;
    const int AfterComma = 2;   // a member must follow

    readonly int[] _required = NextRequired(members);   // by member: the first required one from it on
    readonly long[] _lengths = new long[members.Length + 1];    // by member: of all required ones from it on
    readonly int[] _counts = new int[members.Length + 1];       // by member: how many of these there are
    readonly long[] _cheapest = new long[members.Length + 1];   // by member: the shortest one that may come next

    readonly Node[] _parts = [.. members.Select(member => member.Content), .. other is null ? [] : new[] { other }, comma];

    public override ReadOnlySpan<Node> Parts => _parts;

    public override long Remaining(int position)
    {
        var (index, phase) = Math.DivRem(position, Phases);
        var count = _counts[index];
        if (count > 0)
            return Sum(_lengths[index], phase == AfterMember ? count : count - 1);
        return phase == AfterComma ? _cheapest[index] : 0;
    }

    public override void Expand(Frame frame, Closure closure)
    {
        var (index, phase) = Math.DivRem(frame.Position, Phases);
        var canEnd = _required[index] == members.Length;
        if (canEnd && phase != AfterComma)
            closure.Arrive(frame.Rest);

        if (phase == AfterMember)
        {
            if (HasMore(index, frame.Nesting))
                closure.Arrive(new Frame(comma, 0, At(index, AfterComma, frame), frame.Nesting));
            return;
        }

        for (var i = index; i < Math.Min(_required[index] + 1, members.Length); i++)
        {
            if (Closure.Allows(members[i].Content, frame.Nesting))
                closure.Arrive(new Frame(members[i].Content, 0, At(i + 1, AfterMember, frame), frame.Nesting));
        }

        if (canEnd && other is not null && Closure.Allows(other, frame.Nesting))
            closure.Arrive(new Frame(other, 0, At(members.Length, AfterMember, frame), frame.Nesting));
    }

    protected override int MeasureHeight() => members.Where(member => member.IsRequired).Select(member => member.Content.Height).DefaultIfEmpty(0).Max();

    protected override long MeasureShortest()
    {
        _cheapest[members.Length] = other?.Shortest ?? Never;
        for (var i = members.Length - 1; i >= 0; i--)
        {
            var (length, isRequired) = (members[i].Content.Shortest, members[i].IsRequired);
            _lengths[i] = isRequired ? Sum(_lengths[i + 1], length) : _lengths[i + 1];
            _counts[i] = _counts[i + 1] + (isRequired ? 1 : 0);
            _cheapest[i] = isRequired ? length : Math.Min(_cheapest[i + 1], length);
        }

        return Remaining(Beginning);
    }

    bool HasMore(int index, int nesting)
    {
        for (var i = index; i < Math.Min(_required[index] + 1, members.Length); i++)
        {
            if (Closure.Allows(members[i].Content, nesting))
                return true;
        }

        return _required[index] == members.Length && other is not null && Closure.Allows(other, nesting);
    }

    Frame At(int index, int phase, Frame frame) => new(this, index * Phases + phase, frame.Rest, frame.Nesting);

    static int[] NextRequired(Member[] members)
    {
        var next = new int[members.Length + 1];
        next[members.Length] = members.Length;
        for (var i = members.Length - 1; i >= 0; i--)
            next[i] = members[i].IsRequired ? i : next[i + 1];
        return next;
    }
}
