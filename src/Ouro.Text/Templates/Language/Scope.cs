using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>Variables that are set in one place of a template, and those of the places around it.</summary>
sealed class Scope
{
    readonly Dictionary<string, TemplateValue> _own = [];
    readonly Scope? _outer;

    /// <param name="outer">Where names are looked up that are not set here; null for the outermost.</param>
    public Scope(TemplateRun run, Scope? outer) => (Run, _outer) = (run, outer);

    public TemplateRun Run { get; }

    public Scope Inside() => new(Run, this);

    public void Set(string name, TemplateValue value) => _own[name] = value;

    /// <summary>What a name means here; undefined if nothing.</summary>
    public TemplateValue Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope._outer)
            if (scope._own.TryGetValue(name, out var value))
                return value;

        return Functions.Find(name) ?? (TemplateValue)new UndefinedValue(Quoting.Quote(name));
    }
}
