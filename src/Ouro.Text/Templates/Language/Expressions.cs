using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>A part of a template that has a value.</summary>
/// <param name="place">Offset in the source.</param>
abstract class Expression(int place)
{
    public int Place => place;

    public TemplateValue Evaluate(Scope scope)
    {
        scope.Run.Step(place);
        return Compute(scope);
    }

    protected abstract TemplateValue Compute(Scope scope);
}

/// <summary>A value that stands in the source.</summary>
sealed class Literal(int place, TemplateValue value) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope) => value;
}

/// <summary><c>name</c>.</summary>
sealed class Variable(int place, string name) : Expression(place)
{
    public string Name => name;

    protected override TemplateValue Compute(Scope scope) => scope.Find(name);
}

/// <summary><c>[a, b]</c> or <c>(a, b)</c>.</summary>
sealed class ListLiteral(int place, List<Expression> items, bool isTuple) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope) => new ListValue([.. items.Select(item => item.Evaluate(scope))], isTuple: isTuple);
}

/// <summary><c>{a: b}</c>.</summary>
sealed class DictionaryLiteral(int place, List<(Expression Key, Expression Value)> members) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var dictionary = new DictionaryValue();
        foreach (var (key, value) in members)
        {
            var evaluated = key.Evaluate(scope);
            dictionary.Set(Comparing.Key(scope.Run, evaluated), value.Evaluate(scope));
        }

        return dictionary;
    }
}

/// <summary><c>a.name</c>.</summary>
sealed class MemberAccess(int place, Expression subject, string name) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var value = subject.Evaluate(scope);
        scope.Run.Return(Place);
        return Access.Member(scope.Run, value, name);
    }
}

/// <summary><c>a[b]</c>.</summary>
sealed class ItemAccess(int place, Expression subject, Expression key) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var (value, item) = (subject.Evaluate(scope), key.Evaluate(scope));
        scope.Run.Return(Place);
        return Access.Item(scope.Run, value, item);
    }
}

/// <summary><c>a[b:c:d]</c>.</summary>
sealed class SliceAccess(int place, Expression subject, Expression? from, Expression? to, Expression? step) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var value = subject.Evaluate(scope);
        var (first, last, stride) = (from?.Evaluate(scope), to?.Evaluate(scope), step?.Evaluate(scope));
        scope.Run.Return(Place);
        return Access.Slice(scope.Run, value, first, last, stride);
    }
}

/// <summary>What stands in the brackets of a call.</summary>
sealed record CallArguments(List<Expression> Positional, List<(string Name, Expression Value)> Named)
{
    public static CallArguments None { get; } = new([], []);

    public Arguments Evaluate(Scope scope, string callee) => new(
        scope.Run, callee,
        [.. Positional.Select(argument => argument.Evaluate(scope))],
        [.. Named.Select(argument => (argument.Name, argument.Value.Evaluate(scope)))]);
}

/// <summary><c>f(a, b=c)</c>.</summary>
sealed class Call(int place, Expression callee, CallArguments given) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var value = callee.Evaluate(scope);
        if (value is not FunctionValue function)
            throw scope.Run.Fault($"{(value as UndefinedValue)?.Name ?? value.Kind} is called, but {(value is UndefinedValue ? "is undefined" : "is no function")}.");

        var arguments = given.Evaluate(scope, function.Name);
        scope.Run.Return(Place);
        return function.Call(arguments);
    }
}

/// <summary><c>a | name(b)</c>.</summary>
sealed class FilterCall(int place, Expression subject, string name, Operation filter, CallArguments given) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var value = subject.Evaluate(scope);
        var arguments = given.Evaluate(scope, name);
        scope.Run.Return(Place);
        return filter.On(value, arguments);
    }
}

/// <summary><c>a is name(b)</c>.</summary>
sealed class TestCall(int place, Expression subject, string name, Operation test, CallArguments given) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var value = subject.Evaluate(scope);
        var arguments = given.Evaluate(scope, name);
        scope.Run.Return(Place);
        return test.On(value, arguments);
    }
}

/// <summary><c>not a</c>.</summary>
sealed class Not(int place, Expression operand) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope) => FlagValue.Of(!operand.Evaluate(scope).IsTrue);
}

/// <summary><c>a or b or ...</c>, <c>a and b and ...</c>: the first operand that decides, itself.</summary>
sealed class Logic(int place, List<Expression> operands, bool stopsAt) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        foreach (var operand in operands[..^1])
            if (operand.Evaluate(scope) is var value && value.IsTrue == stopsAt)
                return value;

        return operands[^1].Evaluate(scope);
    }
}

/// <summary><c>a if b else c</c>; without <c>else</c>, undefined if not b.</summary>
sealed class Conditional(int place, Expression condition, Expression whenTrue, Expression? whenFalse) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope) => condition.Evaluate(scope).IsTrue
        ? whenTrue.Evaluate(scope)
        : whenFalse?.Evaluate(scope) ?? new UndefinedValue("the value of a condition without else");
}

/// <summary><c>-a</c> or <c>+a</c>.</summary>
sealed class Signed(int place, Expression operand, bool isNegative) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var value = operand.Evaluate(scope);
        scope.Run.Return(Place);
        if (!Numbers.IsNumber(value))
            throw scope.Run.Fault($"a sign stands before {value.Kind}; expected a number.");
        if (isNegative)
            return Numbers.Negate(scope.Run, value);
        return value is FloatValue ? value : new IntegerValue(Numbers.AsInteger(value)!.Value, value.IsData);
    }
}

/// <summary><c>a ~ b ~ ...</c>.</summary>
sealed class Concatenation(int place, List<Expression> operands) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var result = new TextBuilder(scope.Run);
        foreach (var operand in operands)
            result.Append(ValueText.Of(scope.Run, operand.Evaluate(scope)));
        return result.ToText();
    }
}

/// <summary><c>a &lt; b &lt;= c</c>: all neighbours must compare as stated.</summary>
sealed class ComparisonChain(int place, Expression first, List<(Comparison Comparison, Expression Operand)> rest) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var left = first.Evaluate(scope);
        foreach (var (comparison, operand) in rest)
        {
            var right = operand.Evaluate(scope);
            scope.Run.Return(Place);
            if (!comparison.Holds(scope.Run, left, right))
                return FlagValue.False;
            left = right;
        }

        return FlagValue.True;
    }
}

/// <summary><c>a + b - c ...</c>: operators of one rank, from left to right.</summary>
sealed class Arithmetic(int place, Expression first, List<(string Sign, Expression Operand)> rest) : Expression(place)
{
    protected override TemplateValue Compute(Scope scope)
    {
        var left = first.Evaluate(scope);
        foreach (var (sign, operand) in rest)
        {
            var right = operand.Evaluate(scope);
            scope.Run.Return(Place);
            left = Apply(scope.Run, sign, left, right);
        }

        return left;
    }

    static TemplateValue Apply(TemplateRun run, string sign, TemplateValue left, TemplateValue right)
    {
        switch (sign, left, right)
        {
            case ("+", TextValue a, TextValue b):
                var joined = new TextBuilder(run);
                joined.Append(a);
                joined.Append(b);
                return joined.ToText();
            case ("+", ListValue a, ListValue b) when a.IsTuple == b.IsTuple:
                run.Charge(a.Items.Count + b.Items.Count);
                return new ListValue([.. a.Items, .. b.Items], a.IsData || b.IsData, a.IsTuple);
            case ("*", TextValue text, var times) when Numbers.AsInteger(times) is not null:
                return TextEditing.Repeat(run, text, times);
            case ("*", var times, TextValue text) when Numbers.AsInteger(times) is not null:
                return TextEditing.Repeat(run, text, times);
            case ("*", ListValue list, IntegerValue times):
                var count = Numbers.Clamped(Int128.Max(0, times.Value));
                run.Charge((long)count * list.Items.Count);
                return new ListValue([.. list.Items.Count == 0 ? [] : Enumerable.Repeat(list.Items, count).SelectMany(items => items)], list.IsData || times.IsData, list.IsTuple);
            default:
                return Numbers.IsNumber(left) && Numbers.IsNumber(right)
                    ? Numbers.Calculate(run, sign, left, right)
                    : throw run.Fault($"{Quoting.Quote(sign)} stands between {left.Kind} and {right.Kind}; expected two numbers{(sign == "+" ? ", texts or lists" : "")}.");
        }
    }
}
