using System.Collections.Frozen;
using System.Globalization;

namespace Ouro.Text.Templates;

/// <summary>All filters, by name.</summary>
static class Filters
{
    static readonly FrozenDictionary<string, Operation> All = ((IEnumerable<KeyValuePair<string, Operation>>)
        [.. Conversions(), .. TextFilters.All(), .. ListFilters.All(), .. SelectionFilters.All()]).ToFrozenDictionary();

    public static Operation? Find(string name) => All.GetValueOrDefault(name);

    static Dictionary<string, Operation> Conversions()
    {
        var withDefault = new Operation(["default_value", "boolean"], (subject, arguments)
            => subject is UndefinedValue || arguments.Flag(1, false) && !subject.IsTrue ? arguments[0] ?? TextValue.Empty : subject);

        return new()
        {
            ["default"] = withDefault,
            ["d"] = withDefault,
            ["tojson"] = new(["indent", "ensure_ascii", "separators", "sort_keys"], ToJson),
            ["string"] = new([], (subject, arguments) => ValueText.Of(arguments.Run, subject)),
            ["safe"] = new([], (subject, arguments) => ValueText.Of(arguments.Run, subject)),
            ["int"] = new(["default", "base"], ToInteger),
            ["float"] = new(["default"], ToFloat),
            ["abs"] = new([], (subject, arguments) => subject switch
            {
                FloatValue number => new FloatValue(double.Abs(number.Value), number.IsData),
                _ when Numbers.AsInteger(subject) < 0 => Numbers.Negate(arguments.Run, subject),
                _ when Numbers.IsNumber(subject) => new IntegerValue(Numbers.AsInteger(subject)!.Value, subject.IsData),
                _ => throw arguments.Run.Fault($"abs is applied to {subject.Kind}; expected a number."),
            }),
            ["round"] = new(["precision", "method"], Round),
            ["attr"] = new(["name"], (subject, arguments) => Access.Member(arguments.Run, subject, arguments.NeedText(0).Text)),
        };
    }

    static TextValue ToJson(TemplateValue subject, Arguments arguments)
    {
        var run = arguments.Run;
        var indent = arguments[0] switch
        {
            null or NoneValue => null,
            TextValue text => text.Text,
            _ => Spaces(run, arguments.Integer(0, 0)),
        };
        var (item, key) = arguments[2] switch
        {
            null or NoneValue => (indent is null ? ", " : ",", ": "),
            ListValue { Items: [TextValue first, TextValue second] } => (first.Text, second.Text),
            var other => throw run.Fault($"the separators of tojson are {other.Kind}; expected two texts."),
        };
        run.ChargeText((long)item.Length + key.Length);
        return JsonWriting.Of(run, subject, new JsonLayout(indent, item, key, arguments.Flag(3, false), arguments.Flag(1, false)));
    }

    static string Spaces(TemplateRun run, int count)
    {
        run.ChargeText(count);
        return new string(' ', int.Max(0, count));
    }

    static TemplateValue ToInteger(TemplateValue subject, Arguments arguments)
    {
        var radix = arguments.Integer(1, 10);
        var whenNot = arguments[0] ?? new IntegerValue(0);
        switch (subject)
        {
            case FloatValue number:
                return double.IsFinite(number.Value) && double.Abs(number.Value) < 1e38 ? new IntegerValue((Int128)number.Value, number.IsData) : whenNot;
            case TextValue text:
                arguments.Run.ChargeText(text.Text.Length);
                return Parsed(text.Text.AsSpan().Trim(), radix) is { } integer ? new IntegerValue(integer, text.IsData) : whenNot;
            default:
                return Numbers.AsInteger(subject) is { } whole ? new IntegerValue(whole, subject.IsData) : whenNot;
        }
    }

    /// <summary>A whole number in a base, or a fraction without what follows its point.</summary>
    static Int128? Parsed(ReadOnlySpan<char> text, int radix)
    {
        switch (radix)
        {
            case 10 when Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer):
                return integer;
            case 16 when Int128.TryParse(text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var integer):
                return integer;
            case 2 when Int128.TryParse(text.StartsWith("0b", StringComparison.OrdinalIgnoreCase) ? text[2..] : text, NumberStyles.AllowBinarySpecifier, CultureInfo.InvariantCulture, out var integer):
                return integer;
            default:
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.Abs(number) < 1e38 ? (Int128)number : null;
        }
    }

    static TemplateValue ToFloat(TemplateValue subject, Arguments arguments)
    {
        if (Numbers.IsNumber(subject))
            return new FloatValue(Numbers.AsFloat(subject), subject.IsData);
        if (subject is not TextValue text)
            return arguments[0] ?? new FloatValue(0);

        arguments.Run.ChargeText(text.Text.Length);
        return double.TryParse(text.Text.AsSpan().Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? new FloatValue(number, text.IsData)
            : arguments[0] ?? new FloatValue(0);
    }

    static TemplateValue Round(TemplateValue subject, Arguments arguments)
    {
        if (!Numbers.IsNumber(subject))
            throw arguments.Run.Fault($"round is applied to {subject.Kind}; expected a number.");

        const int MostDigits = 15;
        var number = Numbers.AsFloat(subject);
        var digits = int.Clamp(arguments.Integer(0, 0), -MostDigits, MostDigits);
        var method = arguments.TextOrNull(1)?.Text ?? "common";
        var scale = double.Pow(10, digits);
        var rounded = method switch
        {
            "ceil" => double.Ceiling(number * scale) / scale,
            "floor" => double.Floor(number * scale) / scale,
            "common" when digits >= 0 => double.Round(number, digits, MidpointRounding.ToEven),
            "common" => double.Round(number * scale, MidpointRounding.ToEven) / scale,
            _ => throw arguments.Run.Fault("the method of round is none of common, ceil and floor."),
        };

        // Python gives an integer back where it was given one and rounds to whole numbers in the ordinary way.
        return Numbers.AsInteger(subject) is { } whole && method == "common" && digits >= 0
            ? new IntegerValue(whole, subject.IsData)
            : new FloatValue(rounded, subject.IsData);
    }
}
