using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>Reads the statements of a template.</summary>
sealed class StatementParser
{
    readonly TokenReader _tokens;
    readonly ExpressionParser _expressions;
    int _loops;   // around the current place, within the macro

    StatementParser(TokenReader tokens) => (_tokens, _expressions) = (tokens, new ExpressionParser(tokens));

    /// <exception cref="TemplateException">The source is no template, or uses what is not known here.</exception>
    public static Block Read(TemplateSource source)
    {
        var tokens = new TokenReader(source, Lexer.Read(source));
        var parser = new StatementParser(tokens);
        var block = parser.ReadBlock();
        return tokens.Current.Type == TokenType.End ? block : throw tokens.Unexpected("the end of the template: nothing is open that it closes");
    }

    /// <summary>Statements up to a tag with one of the given names, which is left with its name next; without names, up to the end.</summary>
    Block ReadBlock(params string[] ends)
    {
        _tokens.Enter();
        var place = _tokens.Current.Place;
        List<Statement> statements = [];
        while (_tokens.Current.Type != TokenType.End)
        {
            if (_tokens.Current.Type == TokenType.BlockStart && _tokens.Following.Type == TokenType.Name && ends.Contains(_tokens.Following.Text))
            {
                _tokens.Take();
                _tokens.Leave();
                return new Block(place, statements);
            }

            statements.Add(ReadStatement());
        }

        if (ends.Length > 0)
            throw _tokens.Unexpected(string.Join(" or ", ends.Select(end => $"'{end}'")));

        _tokens.Leave();
        return new Block(place, statements);
    }

    Statement ReadStatement()
    {
        var token = _tokens.Take();
        switch (token.Type)
        {
            case TokenType.Text:
                return new PrintText(token.Place, token.Text);
            case TokenType.ValueStart:
                var value = _expressions.ReadTuple(() => _tokens.Current.Type == TokenType.ValueEnd);
                _tokens.Expect(TokenType.ValueEnd, "'}}'");
                return new PrintValue(token.Place, value);
            default:
                return ReadTag(token.Place);
        }
    }

    Statement ReadTag(int place)
    {
        if (_tokens.Current.Type != TokenType.Name)
            throw _tokens.Unexpected("the name of a statement");

        switch (_tokens.Current.Text)
        {
            case "if": return ReadIf(place);
            case "for": return ReadFor(place);
            case "set": return ReadSet(place);
            case "macro": return ReadMacro(place);
            case "filter": return ReadFilterBlock(place);
            case "generation": return ReadGeneration(place);
            case "break" or "continue": return ReadLeave(place);
            default: throw _tokens.Unexpected("one of the statements that chat templates are made of: if, for, set, macro, filter, generation, break, continue");
        }
    }

    If ReadIf(int place)
    {
        List<(Expression, Block)> cases = [];
        Block? otherwise = null;
        while (_tokens.SkipName("if") || _tokens.SkipName("elif"))
        {
            var condition = _expressions.ReadTuple(AtBlockEnd);
            EndTag();
            cases.Add((condition, ReadBlock("elif", "else", "endif")));
        }

        if (_tokens.SkipName("else"))
        {
            EndTag();
            otherwise = ReadBlock("endif");
        }

        _tokens.ExpectName("endif");
        EndTag();
        return new If(place, cases, otherwise);
    }

    For ReadFor(int place)
    {
        _tokens.ExpectName("for");
        var target = ReadTarget();
        _tokens.ExpectName("in");
        var source = ReadLoopSource();
        var condition = _tokens.SkipName("if") ? _expressions.Read() : null;
        EndTag();

        _loops++;
        var body = ReadBlock("else", "endfor");
        _loops--;

        Block? otherwise = null;
        if (_tokens.SkipName("else"))
        {
            EndTag();
            otherwise = ReadBlock("endfor");
        }

        _tokens.ExpectName("endfor");
        EndTag();
        return new For(place, target, source, condition, body, otherwise);
    }

    Expression ReadLoopSource()
    {
        var place = _tokens.Current.Place;
        List<Expression> items = [_expressions.ReadWithoutCondition()];
        while (_tokens.SkipSign(","))
            items.Add(_expressions.ReadWithoutCondition());
        return items is [var only] ? only : new ListLiteral(place, items, isTuple: true);
    }

    Statement ReadSet(int place)
    {
        _tokens.ExpectName("set");
        var target = ReadTarget();
        if (_tokens.SkipSign("="))
        {
            var value = _expressions.ReadTuple(AtBlockEnd);
            EndTag();
            return new Set(place, target, value);
        }

        var filters = _expressions.ReadFilterChain(beginsWithBar: true);
        EndTag();
        var body = ReadBody("endset");
        return new SetBlock(place, target, filters, body);
    }

    Macro ReadMacro(int place)
    {
        _tokens.ExpectName("macro");
        var name = _tokens.Expect(TokenType.Name, "the name of a macro").Text;
        _tokens.ExpectSign("(");
        List<(string, Expression?)> parameters = [];
        while (!_tokens.SkipSign(")"))
        {
            var parameter = _tokens.Expect(TokenType.Name, "the name of a parameter").Text;
            parameters.Add((parameter, _tokens.SkipSign("=") ? _expressions.Read() : null));
            if (!_tokens.IsSign(")"))
                _tokens.ExpectSign(",");
        }

        EndTag();
        return new Macro(place, name, parameters, ReadBody("endmacro"));
    }

    FilterBlock ReadFilterBlock(int place)
    {
        _tokens.ExpectName("filter");
        var filters = _expressions.ReadFilterChain(beginsWithBar: false);
        EndTag();
        return new FilterBlock(place, filters, ReadBody("endfilter"));
    }

    Generation ReadGeneration(int place)
    {
        _tokens.ExpectName("generation");
        EndTag();
        return new Generation(place, ReadBody("endgeneration"));
    }

    Leave ReadLeave(int place)
    {
        if (_loops == 0)
            throw _tokens.Wrong($"{Quoting.Quote(_tokens.Current.Text)} stands outside a loop.");

        var flow = _tokens.Take().Text == "break" ? Flow.Break : Flow.Continue;
        EndTag();
        return new Leave(place, flow);
    }

    /// <summary>The body of a block that no <c>break</c> can leave, with its closing tag.</summary>
    Block ReadBody(string end)
    {
        (var around, _loops) = (_loops, 0);
        var body = ReadBlock(end);
        _loops = around;
        _tokens.ExpectName(end);
        if (_tokens.Current.Type == TokenType.Name)
            _tokens.Take();   // Jinja lets the name of a macro stand behind its end
        EndTag();
        return body;
    }

    Target ReadTarget()
    {
        List<Target> targets = [ReadOneTarget()];
        var isTuple = false;
        while (_tokens.SkipSign(","))
        {
            isTuple = true;
            if (_tokens.Current.Type == TokenType.Name && !_tokens.IsName("in") || _tokens.IsSign("("))
                targets.Add(ReadOneTarget());
        }

        return isTuple ? new TupleTarget(targets) : targets[0];
    }

    Target ReadOneTarget()
    {
        if (_tokens.SkipSign("("))
        {
            _tokens.Enter();
            var inner = ReadTarget();
            _tokens.Leave();
            _tokens.ExpectSign(")");
            return inner;
        }

        var name = _tokens.Expect(TokenType.Name, "a name to assign to").Text;
        return _tokens.SkipSign(".")
            ? new MemberTarget(name, _tokens.Expect(TokenType.Name, "a name after the dot").Text)
            : new NameTarget(name);
    }

    bool AtBlockEnd() => _tokens.Current.Type == TokenType.BlockEnd;

    void EndTag() => _tokens.Expect(TokenType.BlockEnd, "'%}'");
}
