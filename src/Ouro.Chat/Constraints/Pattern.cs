using System.Globalization;
using System.Text;

namespace Ouro.Chat;

/// <summary>What a pattern, or a piece of one, matches.</summary>
/// <param name="Node">The characters as they are spelled inside a JSON string.</param>
/// <param name="Least">Fewest characters.</param>
/// <param name="Most">Most characters; <see cref="RepeatNode.Unlimited"/> for any number.</param>
/// <param name="Unit">If the piece is one kind of character from <paramref name="Least"/> to <paramref name="Most"/> times: that character; else null.</param>
readonly record struct Piece(Node Node, int Least, int Most, Automaton? Unit = null);

/// <summary>Reads the part of regular expressions that a grammar can follow.</summary>
/// <remarks>
/// Literals, classes, <c>.</c>, <c>\d \w \s</c> and their opposites, groups, alternatives and quantifiers; <c>^</c> and <c>$</c> at the ends of the pattern or
/// of its outermost alternatives. What looks around, refers back or depends on word borders is refused. Where dialects disagree (blanks, characters
/// beyond the basic plane), only what matches in all of them is written.
/// </remarks>
sealed class Pattern
{
    const int MostNesting = 32;
    const int MostCount = 100_000;
    const int MostEmptyCount = 64;

    readonly NodeSet _nodes;
    readonly string _text;
    readonly Func<string, Exception> _refuse;
    int _at;

    Pattern(NodeSet nodes, string text, Func<string, Exception> refuse) => (_nodes, _text, _refuse) = (nodes, text, refuse);

    /// <summary>A pattern of ours, which is to match the whole text.</summary>
    public static Node Known(NodeSet nodes, string text)
        => new Pattern(nodes, text, problem => new InvalidOperationException(problem)).Read(isSearch: false).Node;

    /// <summary>A pattern of a schema, which is searched for: without <c>^</c> and <c>$</c> anything may stand around it.</summary>
    /// <param name="refuse">Makes the exception from what is wrong, without a full stop.</param>
    public static Piece Search(NodeSet nodes, string text, Func<string, Exception> refuse)
        => new Pattern(nodes, text, refuse).Read(isSearch: true);

    bool IsAtEnd => _at == _text.Length;

    Piece Read(bool isSearch)
    {
        var alternatives = new List<Piece>();
        do
        {
            var isFromStart = TryTake('^') || !isSearch;
            var piece = Concatenation(depth: 0);
            var isToEnd = TryTake('$') || !isSearch;
            alternatives.Add(Around(piece, isFromStart, isToEnd));
        }
        while (TryTake('|'));

        return IsAtEnd ? AnyOf(alternatives) : throw Refuse(_text[_at] == ')' ? "a ')' has no '('" : "'$' is not at the end");
    }

    Piece Around(Piece piece, bool isFromStart, bool isToEnd)
    {
        if (isFromStart && isToEnd)
            return piece;

        Node anything = _nodes.Repeat(JsonParts.Character, 0, RepeatNode.Unlimited);
        var node = _nodes.Sequence(isFromStart ? JsonParts.Nothing : anything, piece.Node, isToEnd ? JsonParts.Nothing : anything);
        return new Piece(node, piece.Least, RepeatNode.Unlimited);
    }

    Piece Alternatives(int depth)
    {
        var alternatives = new List<Piece>();
        do
            alternatives.Add(Concatenation(depth));
        while (TryTake('|'));
        return AnyOf(alternatives);
    }

    Piece AnyOf(List<Piece> pieces)
        => pieces.Count == 1
            ? pieces[0]
            : new Piece(_nodes.Choice([.. pieces.Select(piece => piece.Node)]), pieces.Min(piece => piece.Least), pieces.Max(piece => piece.Most));

    Piece Concatenation(int depth)
    {
        var pieces = new List<Piece>();
        while (!IsAtEnd && _text[_at] is not ('|' or ')') && (_text[_at] != '$' || depth > 0))
            pieces.Add(Quantified(Atom(depth)));
        if (pieces.Count == 1)
            return pieces[0];

        var most = pieces.Any(piece => piece.Most == RepeatNode.Unlimited) ? RepeatNode.Unlimited : Bounded(pieces.Sum(piece => (long)piece.Most));
        return new Piece(_nodes.Sequence([.. pieces.Select(piece => piece.Node)]), Bounded(pieces.Sum(piece => (long)piece.Least)), most);
    }

    Piece Quantified(Piece piece)
    {
        if (!TryQuantifier(out var least, out var most))
            return piece;

        TryTake('?');       // lazy or not, it matches the same
        if (piece.Least == 0 && most is > MostEmptyCount and not RepeatNode.Unlimited)
            throw Refuse($"something that may be empty is counted up to {most:N0}; at most {MostEmptyCount} can be followed, or '*'");

        var unit = piece is { Least: 1, Most: 1 } ? piece.Unit : null;
        var longest = most == 0 ? 0
            : most == RepeatNode.Unlimited || piece.Most == RepeatNode.Unlimited ? RepeatNode.Unlimited
            : Bounded((long)most * piece.Most);
        return new Piece(_nodes.Repeat(piece.Node, least, most), Bounded((long)least * piece.Least), longest, unit);
    }

    bool TryQuantifier(out int least, out int most)
    {
        (least, most) = (0, RepeatNode.Unlimited);
        if (TryTake('*'))
            return true;
        if (TryTake('+'))
        {
            least = 1;
            return true;
        }

        if (TryTake('?'))
        {
            most = 1;
            return true;
        }

        if (!TryTake('{'))
            return false;

        least = Count();
        if (!TryTake(','))
            most = least;
        else if (!IsAtEnd && _text[_at] != '}')
            most = Count();
        if (!TryTake('}'))
            throw Refuse("a '{' does not begin a count such as {2,5}");
        return most >= least ? true : throw Refuse($"the count {{{least},{most}}} is backwards");
    }

    int Count()
    {
        var (start, value) = (_at, 0);
        while (!IsAtEnd && char.IsAsciiDigit(_text[_at]))
        {
            value = value * 10 + _text[_at++] - '0';
            if (value > MostCount)
                throw Refuse($"a count is above {MostCount:N0}");
        }

        return _at > start ? value : throw Refuse("a '{' does not begin a count such as {2,5}");
    }

    Piece Atom(int depth)
    {
        switch (_text[_at])
        {
            case '(':
                return Group(depth + 1);
            case '[':
                _at++;
                return OneOf(Class());
            case '.':
                _at++;
                return OneOf(new CodePoints([('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)]).Others());
            case '\\':
                return OneOf(ClassEscape() is { } set ? set : Single(Escape()));
            case '^' or '$':
                throw Refuse("'^' and '$' can only stand at its ends");
            case '*' or '+' or '?' or '{':
                throw Refuse($"'{_text[_at]}' repeats nothing");
            default:
                return OneOf(Single(Next()));
        }
    }

    Piece Group(int depth)
    {
        if (depth > MostNesting)
            throw Refuse($"groups nest deeper than {MostNesting}");

        _at++;
        if (TryTake('?') && !TryTake(':'))
            throw Refuse("a group begins with '(?', and only '(?:' can be followed");

        var piece = Alternatives(depth);
        return TryTake(')') ? piece : throw Refuse(IsAtEnd ? "a '(' has no ')'" : "'^' and '$' can only stand at its ends");
    }

    CodePoints Class()
    {
        var isNegated = TryTake('^');
        var ranges = new List<(int, int)>();
        while (!TryTake(']'))
        {
            if (IsAtEnd)
                throw Refuse("a '[' has no ']'");
            if (ClassEscape(isNegated) is { } set)
            {
                ranges.AddRange(set.Ranges);
                continue;
            }

            var low = ClassCharacter();
            var high = low;
            if (_at + 1 < _text.Length && _text[_at] == '-' && _text[_at + 1] != ']')
            {
                _at++;
                high = ClassCharacter();
            }

            if (high < low)
                throw Refuse("a range in a class is backwards");
            ranges.Add((low, high));
        }

        var found = new CodePoints(ranges);
        return isNegated ? found.Others() : found;
    }

    int ClassCharacter()
    {
        if (IsAtEnd)
            throw Refuse("a '[' has no ']'");
        if (_text[_at] != '\\')
            return Next();
        if (_text.AsSpan(_at).StartsWith("\\b"))
        {
            _at += 2;
            return '\b';
        }

        return Escape();
    }

    /// <summary>A set such as <c>\d</c>; null if none stands here.</summary>
    /// <param name="isNegated">True if what is asked for is what to leave out, which may be too much but not too little.</param>
    CodePoints? ClassEscape(bool isNegated = false)
    {
        if (_text[_at] != '\\' || _at + 1 == _text.Length || !"dDwWsS".Contains(_text[_at + 1], StringComparison.Ordinal))
            return null;

        var kind = _text[_at + 1];
        if (isNegated && char.IsAsciiLetterUpper(kind))
            throw Refuse($"'\\{kind}' stands in a class that is negated; write it without the double negation");

        _at += 2;
        return kind switch
        {
            'd' => CodePoints.Digits,
            'D' => CodePoints.Digits.Others(),
            'w' => CodePoints.Word,
            'W' => CodePoints.Word.Others(),
            's' => isNegated ? CodePoints.AnyBlank : CodePoints.Blank,
            _ => CodePoints.AnyBlank.Others(),
        };
    }

    int Escape()
    {
        if (++_at == _text.Length)
            throw Refuse("it ends with '\\'");

        var letter = Next();
        switch (letter)
        {
            case 't':
                return '\t';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case 'x':
                return Hex(2);
            case 'u':
                var value = Hex(4);
                if (char.IsHighSurrogate((char)value) && _text.AsSpan(_at).StartsWith("\\u"))
                {
                    _at += 2;
                    var low = Hex(4);
                    value = char.IsLowSurrogate((char)low) ? char.ConvertToUtf32((char)value, (char)low) : value;
                }

                return Rune.IsValid(value) ? value : throw Refuse("it holds half a surrogate pair");
            default:
                return letter < 0x80 && !char.IsAsciiLetterOrDigit((char)letter) && letter != '_'
                    ? letter
                    : throw Refuse($"'\\{new Rune(letter)}' cannot be followed");
        }
    }

    int Hex(int digits)
    {
        if (_at + digits > _text.Length || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            throw Refuse($"an escape needs {digits} hexadecimal digits");

        _at += digits;
        return value;
    }

    int Next()
    {
        if (!Rune.TryGetRuneAt(_text, _at, out var rune))
            throw Refuse("it holds half a surrogate pair");

        _at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    Piece OneOf(CodePoints set)
    {
        if (set.IsEmpty)
            throw Refuse("a class holds no character");

        var builder = new Automaton.Builder();
        set.AddTo(builder, 0, builder.NewState(accepts: true));
        var automaton = _nodes.Add(builder.Build());
        return new Piece(automaton, 1, 1, automaton);
    }

    static CodePoints Single(int value) => new([(value, value)]);

    bool TryTake(char character)
    {
        if (IsAtEnd || _text[_at] != character)
            return false;

        _at++;
        return true;
    }

    static int Bounded(long count) => (int)Math.Min(count, RepeatNode.Unlimited);

    Exception Refuse(string problem) => _refuse(problem);
}
