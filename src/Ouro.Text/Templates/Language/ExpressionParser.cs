using System.Globalization;
using System.Text;
using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>Reads expressions, in Jinja's order of precedence: the later a method stands here, the tighter its operators bind.</summary>
sealed class ExpressionParser(TokenReader tokens)
{
    /// <summary>One expression, or several with commas as a tuple.</summary>
    public Expression ReadTuple(Func<bool> ends)
    {
        var place = tokens.Current.Place;
        var first = Read();
        if (!tokens.IsSign(","))
            return first;

        List<Expression> items = [first];
        while (tokens.SkipSign(",") && !ends())
            items.Add(Read());
        return new ListLiteral(place, items, isTuple: true);
    }

    /// <summary><c>a if b else c</c>, and all that binds tighter.</summary>
    public Expression Read()
    {
        tokens.Enter();
        var place = tokens.Current.Place;
        var expression = ReadWithoutCondition();
        while (tokens.SkipName("if"))
        {
            var condition = ReadWithoutCondition();
            expression = new Conditional(place, condition, expression, tokens.SkipName("else") ? Read() : null);
        }

        tokens.Leave();
        return expression;
    }

    /// <summary>An expression that an <c>if</c> behind it does not belong to, as in the head of a loop.</summary>
    public Expression ReadWithoutCondition() => ReadLogic("or", stopsAt: true, () => ReadLogic("and", stopsAt: false, ReadNot));

    Expression ReadLogic(string name, bool stopsAt, Func<Expression> readOperand)
    {
        var place = tokens.Current.Place;
        List<Expression> operands = [readOperand()];
        while (tokens.SkipName(name))
            operands.Add(readOperand());
        return operands is [var only] ? only : new Logic(place, operands, stopsAt);
    }

    Expression ReadNot()
    {
        var place = tokens.Current.Place;
        if (!tokens.SkipName("not"))
            return ReadComparison();

        tokens.Enter();
        var negated = new Not(place, ReadNot());
        tokens.Leave();
        return negated;
    }

    Expression ReadComparison()
    {
        var place = tokens.Current.Place;
        var first = ReadSum();
        List<(Comparison, Expression)> rest = [];
        while (SkipComparison() is { } comparison)
            rest.Add((comparison, ReadSum()));
        return rest.Count == 0 ? first : new ComparisonChain(place, first, rest);
    }

    Comparison? SkipComparison()
    {
        if (tokens.IsName("not") && tokens.Following is { Type: TokenType.Name, Text: "in" })
        {
            tokens.Take();
            tokens.Take();
            return Comparison.NotIn;
        }

        var comparison = tokens.Current switch
        {
            { Type: TokenType.Name, Text: "in" } => Comparison.In,
            { Type: TokenType.Sign, Text: "==" } => Comparison.Equal,
            { Type: TokenType.Sign, Text: "!=" } => Comparison.NotEqual,
            { Type: TokenType.Sign, Text: "<" } => Comparison.Less,
            { Type: TokenType.Sign, Text: "<=" } => Comparison.LessOrEqual,
            { Type: TokenType.Sign, Text: ">" } => Comparison.Greater,
            { Type: TokenType.Sign, Text: ">=" } => Comparison.GreaterOrEqual,
            _ => null,
        };
        if (comparison is not null)
            tokens.Take();
        return comparison;
    }

    Expression ReadSum() => ReadArithmetic(ReadConcatenation, "+", "-");

    Expression ReadConcatenation()
    {
        var place = tokens.Current.Place;
        List<Expression> operands = [ReadProduct()];
        while (tokens.SkipSign("~"))
            operands.Add(ReadProduct());
        return operands is [var only] ? only : new Concatenation(place, operands);
    }

    Expression ReadProduct() => ReadArithmetic(ReadPower, "*", "/", "//", "%");

    /// <summary>From left to right, which is Jinja's order for powers too, though not Python's.</summary>
    Expression ReadPower() => ReadArithmetic(() => ReadSigned(withFilters: true), "**");

    Expression ReadArithmetic(Func<Expression> readOperand, params string[] signs)
    {
        var place = tokens.Current.Place;
        var first = readOperand();
        List<(string, Expression)> rest = [];
        while (tokens.Current.Type == TokenType.Sign && signs.Contains(tokens.Current.Text))
            rest.Add((tokens.Take().Text, readOperand()));
        return rest.Count == 0 ? first : new Arithmetic(place, first, rest);
    }

    Expression ReadSigned(bool withFilters)
    {
        var place = tokens.Current.Place;
        Expression expression;
        if (tokens.IsSign("-") || tokens.IsSign("+"))
        {
            tokens.Enter();
            expression = new Signed(place, isNegative: tokens.Take().Text == "-", operand: ReadSigned(withFilters: false));
            tokens.Leave();
        }
        else
            expression = ReadPrimary();

        expression = ReadPostfix(expression);
        return withFilters ? ReadFiltersAndTests(expression) : expression;
    }

    Expression ReadPostfix(Expression expression)
    {
        while (true)
        {
            var place = tokens.Current.Place;
            if (tokens.SkipSign("."))
                expression = ReadMember(place, expression);
            else if (tokens.SkipSign("["))
                expression = ReadSubscript(place, expression);
            else if (tokens.IsSign("("))
                expression = new Call(place, expression, ReadArguments());
            else
                return expression;
        }
    }

    Expression ReadMember(int place, Expression subject)
    {
        if (tokens.Current.Type == TokenType.Integer)
            return new ItemAccess(place, subject, ReadPrimary());

        return new MemberAccess(place, subject, tokens.Expect(TokenType.Name, "a name after the dot").Text);
    }

    Expression ReadSubscript(int place, Expression subject)
    {
        var from = tokens.IsSign(":") ? null : Read();
        if (from is not null && tokens.SkipSign("]"))
            return new ItemAccess(place, subject, from);

        tokens.ExpectSign(":");
        var to = tokens.IsSign("]") || tokens.IsSign(":") ? null : Read();
        var step = tokens.SkipSign(":") && !tokens.IsSign("]") ? Read() : null;
        tokens.ExpectSign("]");
        return new SliceAccess(place, subject, from, to, step);
    }

    Expression ReadFiltersAndTests(Expression expression)
    {
        while (true)
        {
            if (tokens.IsSign("|"))
                expression = ReadFilter(expression);
            else if (tokens.IsName("is"))
                expression = ReadTest(expression);
            else if (tokens.IsSign("("))
                expression = new Call(tokens.Current.Place, expression, ReadArguments());
            else
                return expression;
        }
    }

    /// <summary>Filters that stand without a subject, at the head of a block.</summary>
    /// <param name="beginsWithBar">Whether a bar stands before the first, too.</param>
    public FilterChain ReadFilterChain(bool beginsWithBar)
    {
        List<(int, string, Operation, CallArguments)> filters = [];
        while (filters.Count == 0 && !beginsWithBar || tokens.SkipSign("|"))
        {
            var place = tokens.Current.Place;
            var (name, filter) = ReadFilterName();
            filters.Add((place, name, filter, tokens.IsSign("(") ? ReadArguments() : CallArguments.None));
        }

        return new FilterChain(filters);
    }

    FilterCall ReadFilter(Expression subject)
    {
        tokens.ExpectSign("|");
        var place = tokens.Current.Place;
        var (name, filter) = ReadFilterName();
        return new FilterCall(place, subject, name, filter, tokens.IsSign("(") ? ReadArguments() : CallArguments.None);
    }

    (string Name, Operation Filter) ReadFilterName()
    {
        if (tokens.Current is { Type: TokenType.Name } name && Filters.Find(name.Text) is { } filter)
            return (tokens.Take().Text, filter);

        throw tokens.Unexpected("the name of a filter that is known here");
    }

    Expression ReadTest(Expression subject)
    {
        tokens.ExpectName("is");
        var place = tokens.Current.Place;
        var isNegated = tokens.SkipName("not");
        if (tokens.Current.Type != TokenType.Name || Tests.Find(tokens.Current.Text) is not { } test)
            throw tokens.Unexpected("the name of a test that is known here");

        var name = tokens.Take().Text;
        var call = new TestCall(place, subject, name, test, ReadTestArguments());
        return isNegated ? new Not(place, call) : call;
    }

    /// <summary>A test takes arguments in brackets, or a single one without.</summary>
    CallArguments ReadTestArguments()
    {
        if (tokens.IsSign("("))
            return ReadArguments();

        var beginsArgument = tokens.Current.Type is TokenType.String or TokenType.Integer or TokenType.Float
            || tokens.IsSign("[") || tokens.IsSign("{")
            || tokens.Current.Type == TokenType.Name && tokens.Current.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not");
        return beginsArgument ? new CallArguments([ReadPostfix(ReadPrimary())], []) : CallArguments.None;
    }

    CallArguments ReadArguments()
    {
        tokens.ExpectSign("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        while (!tokens.SkipSign(")"))
        {
            if (tokens.Current.Type == TokenType.Name && tokens.Following is { Type: TokenType.Sign, Text: "=" })
            {
                var name = tokens.Take().Text;
                tokens.Take();
                named.Add((name, Read()));
            }
            else if (named.Count == 0 && !tokens.IsSign("*") && !tokens.IsSign("**"))
                positional.Add(Read());
            else
                throw tokens.Unexpected("a named argument");

            if (!tokens.IsSign(")"))
                tokens.ExpectSign(",");
        }

        return new CallArguments(positional, named);
    }

    Expression ReadPrimary()
    {
        var token = tokens.Current;
        switch (token.Type)
        {
            case TokenType.Name:
                return ReadName(tokens.Take());
            case TokenType.String:
                var text = new StringBuilder();
                while (tokens.Current.Type == TokenType.String)
                    text.Append(tokens.Take().Text);
                return new Literal(token.Place, new TextValue(text.ToString(), isData: false));
            case TokenType.Integer:
                return Int128.TryParse(tokens.Take().Text, NumberStyles.None, CultureInfo.InvariantCulture, out var integer)
                    ? new Literal(token.Place, new IntegerValue(integer))
                    : throw tokens.Wrong($"the integer {Quoting.Quote(token.Text)} has more than 127 bits.");
            case TokenType.Float:
                return new Literal(token.Place, new FloatValue(double.Parse(tokens.Take().Text, CultureInfo.InvariantCulture)));
            case TokenType.Sign when token.Text is "(" or "[" or "{":
                return ReadBrackets(tokens.Take());
            default:
                throw tokens.Unexpected("a value");
        }
    }

    static Expression ReadName(Token name) => name.Text switch
    {
        "true" or "True" => new Literal(name.Place, FlagValue.True),
        "false" or "False" => new Literal(name.Place, FlagValue.False),
        "none" or "None" => new Literal(name.Place, NoneValue.Instance),
        _ => new Variable(name.Place, name.Text),
    };

    Expression ReadBrackets(Token open)
    {
        switch (open.Text)
        {
            case "[":
                return new ListLiteral(open.Place, ReadItems("]", out _), isTuple: false);
            case "{":
                return ReadDictionary(open.Place);
            default:
                var items = ReadItems(")", out var hasComma);
                return items is [var only] && !hasComma ? only : new ListLiteral(open.Place, items, isTuple: true);
        }
    }

    List<Expression> ReadItems(string close, out bool hasComma)
    {
        List<Expression> items = [];
        hasComma = false;
        while (!tokens.SkipSign(close))
        {
            items.Add(Read());
            if (tokens.IsSign(close))
                continue;

            tokens.ExpectSign(",");
            hasComma = true;
        }

        return items;
    }

    DictionaryLiteral ReadDictionary(int place)
    {
        List<(Expression, Expression)> members = [];
        while (!tokens.SkipSign("}"))
        {
            var key = Read();
            tokens.ExpectSign(":");
            members.Add((key, Read()));
            if (!tokens.IsSign("}"))
                tokens.ExpectSign(",");
        }

        return new DictionaryLiteral(place, members);
    }
}
