using System.Collections.Frozen;

namespace Ouro.Text.Templates;

/// <summary>What <c>is</c> can ask, by name.</summary>
static class Tests
{
    static readonly FrozenDictionary<string, Operation> All = Named().ToFrozenDictionary();

    public static Operation? Find(string name) => All.GetValueOrDefault(name);

    static Dictionary<string, Operation> Named()
    {
        var tests = new Dictionary<string, Operation>
        {
            ["defined"] = Of(value => value is not UndefinedValue),
            ["undefined"] = Of(value => value is UndefinedValue),
            ["none"] = Of(value => value is NoneValue),
            ["string"] = Of(value => value is TextValue),
            ["mapping"] = Of(value => value is DictionaryValue),
            ["sequence"] = Of(value => value is ListValue or TextValue or DictionaryValue or UndefinedValue),
            ["iterable"] = Of(value => value is ListValue or TextValue or DictionaryValue or UndefinedValue),
            ["number"] = Of(Numbers.IsNumber),
            ["integer"] = Of(value => value is IntegerValue),
            ["float"] = Of(value => value is FloatValue),
            ["boolean"] = Of(value => value is FlagValue),
            ["true"] = Of(value => value is FlagValue { Value: true }),
            ["false"] = Of(value => value is FlagValue { Value: false }),
            ["callable"] = Of(value => value is FunctionValue),
            ["lower"] = OfCase((text, run) => TextEditing.Lower(run, text).Text),
            ["upper"] = OfCase((text, run) => TextEditing.Upper(run, text).Text),
            ["even"] = OfRemainder(remainder => remainder == 0),
            ["odd"] = OfRemainder(remainder => remainder != 0),
            ["divisibleby"] = new(["num"], (subject, arguments)
                => FlagValue.Of(Numbers.AsFloat(Numbers.Calculate(arguments.Run, "%", Whole(subject, arguments), Whole(arguments.Need(0), arguments))) == 0)),
            ["sameas"] = new(["other"], (subject, arguments) => FlagValue.Of(AreSame(subject, arguments.Need(0)))),
            ["in"] = new(["seq"], (subject, arguments) => FlagValue.Of(Comparing.Contains(arguments.Run, arguments.Need(0), subject))),
            ["filter"] = new([], (subject, _) => FlagValue.Of(subject is TextValue name && Filters.Find(name.Text) is not null)),
            ["test"] = new([], (subject, _) => FlagValue.Of(subject is TextValue name && Find(name.Text) is not null)),
        };

        AddComparison(tests, Comparison.Equal, "eq", "equalto", "==");
        AddComparison(tests, Comparison.NotEqual, "ne", "!=");
        AddComparison(tests, Comparison.Less, "lt", "lessthan", "<");
        AddComparison(tests, Comparison.LessOrEqual, "le", "<=");
        AddComparison(tests, Comparison.Greater, "gt", "greaterthan", ">");
        AddComparison(tests, Comparison.GreaterOrEqual, "ge", ">=");
        return tests;
    }

    static void AddComparison(Dictionary<string, Operation> tests, Comparison comparison, params string[] names)
    {
        foreach (var name in names)
            tests.Add(name, new(["other"], (subject, arguments) => FlagValue.Of(comparison.Holds(arguments.Run, subject, arguments.Need(0)))));
    }

    static Operation Of(Func<TemplateValue, bool> holds) => new([], (subject, _) => FlagValue.Of(holds(subject)));

    static Operation OfRemainder(Func<Int128, bool> holds) => new([], (subject, arguments)
        => FlagValue.Of(holds(Numbers.AsInteger(Whole(subject, arguments))!.Value % 2)));

    /// <summary>As Python: some letter has a case, and the text does not change when all get this one.</summary>
    static Operation OfCase(Func<TextValue, TemplateRun, string> change) => new([], (subject, arguments) =>
    {
        var text = ValueText.Of(arguments.Run, subject);
        return FlagValue.Of(change(text, arguments.Run) == text.Text && text.Text.Any(character => char.IsUpper(character) || char.IsLower(character)));
    });

    static TemplateValue Whole(TemplateValue value, Arguments arguments) => Numbers.AsInteger(value) is not null
        ? value
        : throw arguments.Run.Fault($"a test is applied to {value.Kind}; expected an integer.");

    static bool AreSame(TemplateValue left, TemplateValue right) => (left, right) switch
    {
        (FlagValue a, FlagValue b) => a.Value == b.Value,
        (TextValue a, TextValue b) => a.Text == b.Text,
        (IntegerValue a, IntegerValue b) => a.Value == b.Value,
        _ => ReferenceEquals(left, right),
    };
}
