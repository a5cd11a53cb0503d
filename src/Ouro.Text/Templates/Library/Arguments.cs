using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>What something is called with: a function, a filter, a test, a method or a macro.</summary>
/// <param name="callee">Its name, for messages.</param>
sealed class Arguments(TemplateRun run, string callee, IReadOnlyList<TemplateValue?> positional, IReadOnlyList<(string Name, TemplateValue Value)> named)
{
    public TemplateRun Run => run;

    /// <summary>How many places there are; once bound, as many as there are parameters.</summary>
    public int Count => positional.Count;

    public IReadOnlyList<(string Name, TemplateValue Value)> Named => named;

    /// <summary>An argument by place, or null if it was not given.</summary>
    public TemplateValue? this[int place] => place < positional.Count ? positional[place] : null;

    /// <summary>Puts each named argument in its place.</summary>
    /// <exception cref="TemplateException">There are too many, or one has a name that no parameter has, or one is given twice.</exception>
    public Arguments Bind(IReadOnlyList<string> parameters)
    {
        if (positional.Count > parameters.Count)
            throw run.Fault($"{callee} takes at most {parameters.Count} arguments and was given {positional.Count}.");

        var bound = new TemplateValue?[parameters.Count];
        for (var place = 0; place < positional.Count; place++)
            bound[place] = positional[place];

        foreach (var (name, value) in named)
        {
            var place = 0;
            while (place < parameters.Count && parameters[place] != name)
                place++;
            if (place == parameters.Count)
                throw run.Fault($"{callee} has no argument named {Quoting.Quote(name)}.");
            if (bound[place] is not null)
                throw run.Fault($"{callee} is given the argument {Quoting.Quote(name)} twice.");

            bound[place] = value;
        }

        return new Arguments(run, callee, bound, []);
    }

    /// <summary>The arguments from a place on, for something that is called in turn.</summary>
    public Arguments From(int place, string nextCallee) => new(run, nextCallee, [.. positional.Skip(place)], named);

    public TemplateValue Need(int place) => this[place] ?? throw run.Fault($"{callee} needs at least {place + 1} arguments.");

    public TextValue? TextOrNull(int place) => this[place] switch
    {
        null or NoneValue => null,
        TextValue text => text,
        var other => throw Wrong(place, "a text", other),
    };

    public TextValue NeedText(int place) => Need(place) is TextValue text ? text : throw Wrong(place, "a text", Need(place));

    public int Integer(int place, int whenAbsent) => this[place] switch
    {
        null or NoneValue => whenAbsent,
        var value => Numbers.AsInteger(value) is { } integer ? Numbers.Clamped(integer) : throw Wrong(place, "an integer", value),
    };

    public bool Flag(int place, bool whenAbsent) => this[place]?.IsTrue ?? whenAbsent;

    TemplateException Wrong(int place, string expected, TemplateValue found)
        => run.Fault($"argument {place + 1} of {callee} is {found.Kind}; expected {expected}.");
}

/// <summary>A filter, a test or a method: what its arguments are called, and what it makes of a subject and them.</summary>
/// <param name="Parameters">In order; null if it takes whatever comes.</param>
sealed record Operation(string[]? Parameters, Func<TemplateValue, Arguments, TemplateValue> Apply)
{
    public TemplateValue On(TemplateValue subject, Arguments arguments)
        => Apply(subject, Parameters is null ? arguments : arguments.Bind(Parameters));
}
