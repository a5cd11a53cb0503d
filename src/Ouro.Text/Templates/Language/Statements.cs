using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>How a statement ends.</summary>
enum Flow
{
    /// <summary>The next statement follows.</summary>
    Next,

    /// <summary>The rest of this round of the loop is left out.</summary>
    Continue,

    /// <summary>The loop ends.</summary>
    Break,
}

/// <summary>A part of a template that prints or changes something.</summary>
/// <param name="place">Offset in the source.</param>
abstract class Statement(int place)
{
    public int Place => place;

    public Flow Execute(Scope scope, TextBuilder output)
    {
        scope.Run.Step(place);
        return Perform(scope, output);
    }

    protected abstract Flow Perform(Scope scope, TextBuilder output);
}

/// <summary>Statements in order.</summary>
sealed class Block(int place, List<Statement> statements) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        foreach (var statement in statements)
            if (statement.Execute(scope, output) is var flow and not Flow.Next)
                return flow;

        return Flow.Next;
    }

    /// <summary>What it prints, for whoever keeps it instead.</summary>
    public TextValue Capture(Scope scope)
    {
        var output = new TextBuilder(scope.Run);
        Execute(scope, output);
        return output.ToText();
    }
}

/// <summary>Text between tags.</summary>
sealed class PrintText(int place, string text) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        output.Append(text, isData: false);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c>.</summary>
sealed class PrintValue(int place, Expression value) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        output.Append(ValueText.Of(scope.Run, value.Evaluate(scope)));
        return Flow.Next;
    }
}

/// <summary><c>if</c>, <c>elif</c> and <c>else</c>. Their bodies set variables outside, as in Jinja.</summary>
sealed class If(int place, List<(Expression Condition, Block Body)> cases, Block? otherwise) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        foreach (var (condition, body) in cases)
            if (condition.Evaluate(scope).IsTrue)
                return body.Execute(scope, output);

        return otherwise?.Execute(scope, output) ?? Flow.Next;
    }
}

/// <summary><c>for</c>. What a round sets is forgotten after it, except in a namespace.</summary>
/// <param name="condition">Which items count at all, or null for all.</param>
/// <param name="otherwise">Printed if no item counts.</param>
sealed class For(int place, Target target, Expression source, Expression? condition, Block body, Block? otherwise) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        var value = source.Evaluate(scope);
        scope.Run.Return(Place);
        var items = Access.Items(scope.Run, value);
        if (condition is not null)
            items = [.. items.Where(item => Round(scope, item) is var round && condition.Evaluate(round).IsTrue)];

        foreach (var (index, item) in items.Index())
        {
            var round = Round(scope, item);
            round.Set("loop", new LoopValue(items, index));
            if (body.Execute(round, output) == Flow.Break)
                break;
        }

        return items.Count == 0 && otherwise is not null ? otherwise.Execute(scope, output) : Flow.Next;
    }

    Scope Round(Scope scope, TemplateValue item)
    {
        var round = new Scope(scope.Run, scope);
        scope.Run.Return(Place);
        target.Assign(round, item);
        return round;
    }
}

/// <summary><c>break</c> or <c>continue</c>.</summary>
sealed class Leave(int place, Flow flow) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output) => flow;
}

/// <summary><c>set a = b</c>.</summary>
sealed class Set(int place, Target target, Expression value) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        var evaluated = value.Evaluate(scope);
        scope.Run.Return(Place);
        target.Assign(scope, evaluated);
        return Flow.Next;
    }
}

/// <summary><c>set a</c> to what is printed up to <c>endset</c>, perhaps filtered.</summary>
sealed class SetBlock(int place, Target target, FilterChain filters, Block body) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        var value = filters.Apply(scope, body.Capture(scope.Inside()));
        scope.Run.Return(Place);
        target.Assign(scope, value);
        return Flow.Next;
    }
}

/// <summary><c>filter</c>: filters what is printed up to <c>endfilter</c>.</summary>
sealed class FilterBlock(int place, FilterChain filters, Block body) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        output.Append(ValueText.Of(scope.Run, filters.Apply(scope, body.Capture(scope.Inside()))));
        return Flow.Next;
    }
}

/// <summary><c>generation</c>: marks for training what the model wrote, and prints it like any block.</summary>
sealed class Generation(int place, Block body) : Statement(place)
{
    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        body.Execute(scope.Inside(), output);
        return Flow.Next;
    }
}

/// <summary><c>macro</c>: a function that gives what its body prints.</summary>
sealed class Macro : Statement
{
    readonly string _name;
    readonly List<(string Name, Expression? Default)> _parameters;
    readonly string[] _parameterNames;
    readonly Block _body;

    public Macro(int place, string name, List<(string Name, Expression? Default)> parameters, Block body)
        : base(place)
        => (_name, _parameters, _parameterNames, _body) = (name, parameters, [.. parameters.Select(parameter => parameter.Name)], body);

    protected override Flow Perform(Scope scope, TextBuilder output)
    {
        scope.Set(_name, new FunctionValue(_name, arguments => arguments.Run.InMacro(() => Call(scope, arguments.Bind(_parameterNames)))));
        return Flow.Next;
    }

    TextValue Call(Scope definition, Arguments arguments)
    {
        var scope = definition.Inside();
        foreach (var (index, (parameter, whenAbsent)) in _parameters.Index())
            scope.Set(parameter, arguments[index] ?? whenAbsent?.Evaluate(scope) ?? new UndefinedValue(Quoting.Quote(parameter)));

        return _body.Capture(scope);
    }
}
