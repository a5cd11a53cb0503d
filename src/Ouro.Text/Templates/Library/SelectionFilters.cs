using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>Filters that apply another filter or a test to each item of a list. They give lists where Python gives generators.</summary>
static class SelectionFilters
{
    public static Dictionary<string, Operation> All() => new()
    {
        ["map"] = new(null, Map),
        ["select"] = new(null, (subject, arguments) => Choose(subject, arguments, byAttribute: false, wanted: true)),
        ["reject"] = new(null, (subject, arguments) => Choose(subject, arguments, byAttribute: false, wanted: false)),
        ["selectattr"] = new(null, (subject, arguments) => Choose(subject, arguments, byAttribute: true, wanted: true)),
        ["rejectattr"] = new(null, (subject, arguments) => Choose(subject, arguments, byAttribute: true, wanted: false)),
    };

    static ListValue Map(TemplateValue subject, Arguments arguments)
    {
        var run = arguments.Run;
        var items = Access.Items(run, subject);
        if (arguments.Named.FirstOrDefault(argument => argument.Name == "attribute").Value is { } attribute)
        {
            var whenAbsent = arguments.Named.FirstOrDefault(argument => argument.Name == "default").Value;
            return ListFilters.Like(subject, [.. items.Select(item =>
                ListFilters.Part(run, item, attribute) is var part && part is UndefinedValue ? whenAbsent ?? part : part)]);
        }

        var name = arguments.NeedText(0).Text;
        var filter = Filters.Find(name) ?? throw run.Fault($"map is given {Quoting.Quote(name)}, which is no filter.");
        var rest = arguments.From(1, name);
        return ListFilters.Like(subject, [.. items.Select(item => filter.On(item, rest))]);
    }

    static ListValue Choose(TemplateValue subject, Arguments arguments, bool byAttribute, bool wanted)
    {
        var run = arguments.Run;
        var attribute = byAttribute ? arguments.Need(0) : null;
        var place = byAttribute ? 1 : 0;
        var name = arguments.TextOrNull(place)?.Text;
        var test = name is null ? null : Tests.Find(name) ?? throw run.Fault($"a selection is given {Quoting.Quote(name)}, which is no test.");
        var rest = arguments.From(place + 1, name ?? "");

        bool Holds(TemplateValue item)
        {
            var part = ListFilters.Part(run, item, attribute);
            return (test is null ? part : test.On(part, rest)).IsTrue;
        }

        return ListFilters.Like(subject, [.. Access.Items(run, subject).Where(item => Holds(item) == wanted)]);
    }
}
