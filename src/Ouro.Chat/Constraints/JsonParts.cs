using System.Text;
using System.Text.Json;

namespace Ouro.Chat;

/// <summary>The parts of which JSON is made, the same in every grammar.</summary>
/// <remarks>
/// White space is bounded, since small models lose themselves in it: one blank behind a colon; behind a bracket or comma, and before a closing
/// bracket, one blank or a new line with an indentation of up to <see cref="MostIndentation"/> blanks.
/// </remarks>
static class JsonParts
{
    /// <summary>Most blanks at the beginning of a line.</summary>
    public const int MostIndentation = 20;

    public static readonly Automaton Nothing = Literal("");
    public static readonly Automaton Quotation = Literal("\"");
    public static readonly Automaton Space = SpaceBehind("");
    public static readonly Automaton Comma = SpaceBehind(",");
    public static readonly Automaton OpenBrace = SpaceBehind("{");
    public static readonly Automaton CloseBrace = Literal("}");
    public static readonly Automaton OpenBracket = SpaceBehind("[");
    public static readonly Automaton CloseBracket = Literal("]");
    public static readonly Automaton Colon = Words([":", ": "]);
    public static readonly Automaton Null = Literal("null");
    public static readonly Automaton Boolean = Words(["true", "false"]);

    /// <summary>What may stand between a reply's reasoning and its answer: a blank, or up to two new lines.</summary>
    public static readonly Automaton Gap = Words(["", " ", "\n", "\n\n"]);

    /// <summary>One character of a string, spelled in any way that JSON knows.</summary>
    public static readonly Automaton Character = AnyCharacter();

    /// <summary>Any string, with its quotation marks.</summary>
    public static readonly Automaton String = AnyString();

    /// <summary>A number with at most 15 digits before the point and 12 behind it, and at most two in the exponent: no reader loses any of it to infinity.</summary>
    public static readonly Node Number = Measured(nodes => Pattern.Known(nodes, NumberRange.AnyNumber));

    /// <summary>A whole number of at most 15 digits, which every reader keeps exactly.</summary>
    public static readonly Node Integer = Measured(nodes => Pattern.Known(nodes, NumberRange.AnyInteger));

    static readonly (Node Value, Node Object, Node Array) Any = AnyJson();

    /// <summary>Any value.</summary>
    public static Node Value => Any.Value;

    /// <summary>Any object.</summary>
    public static Node Object => Any.Object;

    /// <summary>Any list.</summary>
    public static Node Array => Any.Array;

    /// <summary>Just this text.</summary>
    public static Automaton Literal(string text) => Words([text]);

    /// <summary>One of several texts.</summary>
    public static Automaton Words(IEnumerable<string> words)
    {
        var builder = new Automaton.Builder();
        foreach (var word in words)
            builder.Accept(builder.Through(0, Encoding.UTF8.GetBytes(word)));
        return builder.Build();
    }

    /// <summary>A string as it is written here: only what must be is escaped, and in the shortest way.</summary>
    public static string Quoted(string text)
    {
        var written = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
            written.Append(CodePoints.Spelling(rune));
        return written.Append('"').ToString();
    }

    /// <summary>A value as it is written here: without white space, strings as <see cref="Quoted"/>, numbers as they stand.</summary>
    /// <exception cref="InvalidOperationException">A string holds half a surrogate pair.</exception>
    public static string Compact(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Quoted(value.GetString()!),
        JsonValueKind.Object => "{" + string.Join(',', value.EnumerateObject().Select(member => $"{Quoted(member.Name)}:{Compact(member.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(',', value.EnumerateArray().Select(Compact)) + "]",
        _ => value.GetRawText(),
    };

    /// <summary>A member's name, which is not one of <paramref name="taken"/>, with its quotation marks and without any escape.</summary>
    public static Automaton NameExcept(IReadOnlyCollection<string> taken)
    {
        var builder = new Automaton.Builder();
        var done = builder.NewState(accepts: true);
        var free = new Utf8States(builder, done);
        var start = builder.Through(0, "\""u8);
        var places = new Dictionary<int, int> { [start] = Utf8States.Between };   // states inside taken names, and where in a character they are
        var ends = new HashSet<int>();
        foreach (var name in taken)
        {
            var (state, place) = (start, Utf8States.Between);
            foreach (var value in Encoding.UTF8.GetBytes(name))
            {
                place = Utf8States.Next(place, value);
                if (place < 0)
                    break;      // it needs an escape, so no name that is written here can become this one

                state = builder.Through(state, value, value);
                places[state] = place;
            }

            if (place >= 0)
                ends.Add(state);
        }

        foreach (var (state, place) in places)
            free.Leave(state, place, ends.Contains(state));
        return builder.Build();
    }

    /// <summary>An object.</summary>
    public static Node ObjectOf(NodeSet nodes, Member[] members, Node? other)
        => nodes.Add(new NestedNode(nodes.Sequence(OpenBrace, nodes.Add(new MembersNode(members, other, Comma)), Space, CloseBrace)));

    /// <summary>A list: some items of their own kinds, then any number of one kind.</summary>
    /// <param name="first">The kinds of the first items.</param>
    /// <param name="item">The kind of all further ones; null if there may be none.</param>
    /// <param name="least">Fewest items.</param>
    /// <param name="most">Most items.</param>
    public static Node ArrayOf(NodeSet nodes, IReadOnlyList<Node> first, Node? item, int least, int most)
    {
        // From the end: what may follow when so many items are there.
        var count = Math.Min(first.Count, most);
        Node rest = Nothing;
        if (item is not null && most > count)
        {
            var room = most == RepeatNode.Unlimited ? most : most - count;
            var needed = Math.Max(0, least - count);
            var further = nodes.Repeat(nodes.Sequence(Comma, item), count > 0 ? needed : Math.Max(0, needed - 1), count > 0 || room == RepeatNode.Unlimited ? room : room - 1);
            rest = count > 0 ? further : nodes.Sequence(item, further);
            if (count == 0 && needed == 0)
                rest = nodes.Optional(rest);
        }

        for (var i = count - 1; i >= 0; i--)
        {
            rest = i > 0 ? nodes.Sequence(Comma, first[i], rest) : nodes.Sequence(first[i], rest);
            if (least <= i)
                rest = nodes.Optional(rest);
        }

        return nodes.Add(new NestedNode(nodes.Sequence(OpenBracket, rest, Space, CloseBracket)));
    }

    /// <summary>A member: name, colon, value.</summary>
    public static Node MemberOf(NodeSet nodes, Node name, Node value) => nodes.Sequence(name, Colon, value);

    /// <summary>Makes a grammar's part that nothing else is added to.</summary>
    public static Node Measured(Func<NodeSet, Node> make)
    {
        var nodes = new NodeSet();
        var made = make(nodes);
        nodes.Measure();
        return made;
    }

    static (Node, Node, Node) AnyJson()
    {
        var nodes = new NodeSet();
        var value = nodes.Add(new ReferenceNode());
        var members = ObjectOf(nodes, [], MemberOf(nodes, String, value));
        var list = ArrayOf(nodes, [], value, 0, RepeatNode.Unlimited);
        value.Target = nodes.Choice(members, list, String, Number, Boolean, Null);
        nodes.Measure();
        return (value, members, list);
    }

    static Automaton SpaceBehind(string text)
    {
        var builder = new Automaton.Builder();
        var state = builder.Through(0, Encoding.UTF8.GetBytes(text));
        builder.Accept(state);
        builder.Accept(builder.Through(state, " "u8));
        state = builder.Through(state, "\n"u8);
        builder.Accept(state);
        for (var i = 0; i < MostIndentation; i++)
            builder.Accept(state = builder.Through(state, " "u8));
        return builder.Build();
    }

    static Automaton AnyString()
    {
        var builder = new Automaton.Builder();
        var inside = builder.Through(0, "\""u8);
        Characters(builder, inside, inside);
        builder.Accept(builder.Through(inside, "\""u8));
        return builder.Build();
    }

    static Automaton AnyCharacter()
    {
        var builder = new Automaton.Builder();
        Characters(builder, 0, builder.NewState(accepts: true));
        return builder.Build();
    }

    static void Characters(Automaton.Builder builder, int from, int to)
    {
        CodePoints.Unescaped.AddTo(builder, from, to);
        var escape = builder.Through(from, "\\"u8);
        foreach (var value in "\"\\/bfnrt"u8)
            builder.Move(escape, value, value, to);

        // Half a surrogate pair is not a character, so the two halves come together or not at all.
        var first = builder.Through(escape, "u"u8);
        Hex(builder, first, "0123456789abcABCefEF"u8, Digits(builder, 3, to));
        var surrogate = builder.NewState();
        Hex(builder, first, "dD"u8, surrogate);
        Hex(builder, surrogate, "01234567"u8, Digits(builder, 2, to));
        var low = builder.NewState();
        Hex(builder, surrogate, "89abAB"u8, Digits(builder, 2, low));
        var second = builder.NewState();
        Hex(builder, builder.Through(low, "\\u"u8), "dD"u8, second);
        Hex(builder, second, "cdefCDEF"u8, Digits(builder, 2, to));
    }

    /// <summary>A state from which so many hexadecimal digits lead to another.</summary>
    static int Digits(Automaton.Builder builder, int count, int to)
    {
        for (; count > 0; count--)
        {
            var from = builder.NewState();
            Hex(builder, from, "0123456789abcdefABCDEF"u8, to);
            to = from;
        }

        return to;
    }

    static void Hex(Automaton.Builder builder, int from, ReadOnlySpan<byte> digits, int to)
    {
        foreach (var value in digits)
            builder.Move(from, value, value, to);
    }
}
