using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>What a loop or a <c>set</c> assigns to.</summary>
abstract class Target
{
    public abstract void Assign(Scope scope, TemplateValue value);
}

/// <summary><c>name</c>.</summary>
sealed class NameTarget(string name) : Target
{
    public override void Assign(Scope scope, TemplateValue value) => scope.Set(name, value);
}

/// <summary><c>name.member</c>, where the name must be a namespace.</summary>
sealed class MemberTarget(string name, string member) : Target
{
    public override void Assign(Scope scope, TemplateValue value)
    {
        if (scope.Find(name) is not NamespaceValue variables)
            throw scope.Run.Fault($"{Quoting.Quote(name)} is {scope.Find(name).Kind}; only members of a namespace can be set.");

        variables.Set(member, value);
    }
}

/// <summary><c>a, b</c>: takes a list of as many items apart.</summary>
sealed class TupleTarget(List<Target> targets) : Target
{
    public override void Assign(Scope scope, TemplateValue value)
    {
        var items = Access.Items(scope.Run, value);
        if (items.Count != targets.Count)
            throw scope.Run.Fault($"{value.Kind} of {items.Count} items is assigned to {targets.Count} names.");

        foreach (var (target, item) in targets.Zip(items))
            target.Assign(scope, item);
    }
}

/// <summary>Filters that are applied one after the other to what a block prints.</summary>
sealed class FilterChain(List<(int Place, string Name, Operation Filter, CallArguments Given)> filters)
{
    public TemplateValue Apply(Scope scope, TemplateValue value)
    {
        foreach (var (place, name, filter, given) in filters)
        {
            var arguments = given.Evaluate(scope, name);
            scope.Run.Step(place);
            value = filter.On(value, arguments);
        }

        return value;
    }
}
