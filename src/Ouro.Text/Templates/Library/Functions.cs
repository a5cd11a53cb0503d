using System.Collections.Frozen;

namespace Ouro.Text.Templates;

/// <summary>What can be called by name without being defined.</summary>
static class Functions
{
    static readonly FrozenDictionary<string, FunctionValue> All = new Dictionary<string, FunctionValue>
    {
        ["raise_exception"] = new("raise_exception", RaiseException),
        ["strftime_now"] = new("strftime_now", Now),
        ["range"] = new("range", Range),
        ["dict"] = new("dict", MakeDictionary),
        ["namespace"] = new("namespace", MakeNamespace),
    }.ToFrozenDictionary();

    public static FunctionValue? Find(string name) => All.GetValueOrDefault(name);

    static TemplateValue RaiseException(Arguments arguments)
    {
        const int LongestMessage = 500;
        var message = ValueText.Of(arguments.Run, arguments.Bind(["message"]).Need(0)).Text;
        var shown = new string([.. message.Take(LongestMessage).Select(character => char.IsControl(character) ? ' ' : character)]);
        throw arguments.Run.Refusal($"the template refuses this conversation: {shown}");
    }

    static TextValue Now(Arguments arguments)
    {
        var format = arguments.Bind(["format"]).NeedText(0);
        arguments.Run.ChargeText(format.Text.Length * 16L);
        return TimeFormat.Format(arguments.Run.Now, format.Text) is { } text
            ? new TextValue(text, format.IsData)
            : throw arguments.Run.Fault("strftime_now is given a format with an unknown directive; known are %a %A %b %B %d %H %I %j %m %M %p %S %y %Y %%.");
    }

    static ListValue Range(Arguments arguments)
    {
        var run = arguments.Run;
        var bound = arguments.Bind(["start", "stop", "step"]);
        var first = Whole(bound, 0);
        var (start, stop) = bound[1] is null ? (0, first) : (first, Whole(bound, 1));
        var step = bound[2] is null ? 1 : Whole(bound, 2);
        if (step == 0)
            throw run.Fault("range is given the step 0.");

        var distance = step > 0 ? (long)stop - start : (long)start - stop;
        var width = long.Abs(step);
        var count = distance > 0 ? (distance + width - 1) / width : 0;
        if (count > TemplateLimits.LongestRange)
            throw run.Limit($"range would give {count:N0} numbers; at most {TemplateLimits.LongestRange:N0} are allowed.");

        run.Charge(count);
        var isData = new[] { bound[0], bound[1], bound[2] }.Any(value => value?.IsData == true);
        return new ListValue([.. Enumerable.Range(0, (int)count).Select(i => new IntegerValue(start + (long)i * step, isData))], isData);
    }

    static int Whole(Arguments arguments, int place) => Numbers.AsInteger(arguments.Need(place)) is { } integer
        ? Numbers.Clamped(integer)
        : throw arguments.Run.Fault($"range is given {arguments.Need(place).Kind}; expected an integer.");

    static DictionaryValue MakeDictionary(Arguments arguments)
    {
        var members = new DictionaryValue(arguments[0]?.IsData ?? false);
        foreach (var (key, value) in GivenMembers(arguments))
            members.Set(key, value);
        return members;
    }

    static NamespaceValue MakeNamespace(Arguments arguments)
    {
        var variables = new NamespaceValue();
        foreach (var (key, value) in GivenMembers(arguments))
            variables.Set(ValueText.Of(arguments.Run, key).Text, value);
        return variables;
    }

    static IEnumerable<KeyValuePair<TemplateValue, TemplateValue>> GivenMembers(Arguments arguments)
    {
        IEnumerable<KeyValuePair<TemplateValue, TemplateValue>> copied = arguments[0] switch
        {
            null => [],
            DictionaryValue dictionary => dictionary.Members,
            ListValue list => list.Items.Select(item => item is ListValue { Items: [var key, var value] }
                ? KeyValuePair.Create(Comparing.Key(arguments.Run, key), value)
                : throw arguments.Run.Fault($"a dictionary is made from a list with {item.Kind}; expected pairs.")),
            var other => throw arguments.Run.Fault($"a dictionary is made from {other.Kind}; expected a dictionary or pairs."),
        };
        foreach (var member in copied)
        {
            arguments.Run.Charge(1);
            yield return member;
        }

        foreach (var (name, value) in arguments.Named)
            yield return new(new TextValue(name, isData: false), value);
    }
}
