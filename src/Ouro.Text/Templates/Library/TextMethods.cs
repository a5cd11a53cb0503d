using System.Collections.Frozen;

namespace Ouro.Text.Templates;

/// <summary>Methods of texts, as Python has them.</summary>
static class TextMethods
{
    static readonly FrozenDictionary<string, Operation> All = new Dictionary<string, Operation>
    {
        ["strip"] = On(["chars"], (text, arguments) => TextEditing.Trim(arguments.Run, text, arguments.TextOrNull(0), atStart: true, atEnd: true)),
        ["lstrip"] = On(["chars"], (text, arguments) => TextEditing.Trim(arguments.Run, text, arguments.TextOrNull(0), atStart: true, atEnd: false)),
        ["rstrip"] = On(["chars"], (text, arguments) => TextEditing.Trim(arguments.Run, text, arguments.TextOrNull(0), atStart: false, atEnd: true)),
        ["split"] = On(["sep", "maxsplit"], (text, arguments) => TextEditing.Split(arguments.Run, text, arguments.TextOrNull(0), arguments.Integer(1, -1))),
        ["rsplit"] = On(["sep", "maxsplit"], (text, arguments) => TextEditing.SplitFromEnd(arguments.Run, text, arguments.NeedText(0), arguments.Integer(1, -1))),
        ["splitlines"] = On([], (text, arguments) => new ListValue([.. TextEditing.Lines(arguments.Run, text)], text.IsData)),
        ["startswith"] = On(["prefix"], (text, arguments) => FlagValue.Of(AnyOf(arguments, (whole, part) => whole.StartsWith(part, StringComparison.Ordinal), text))),
        ["endswith"] = On(["suffix"], (text, arguments) => FlagValue.Of(AnyOf(arguments, (whole, part) => whole.EndsWith(part, StringComparison.Ordinal), text))),
        ["upper"] = On([], (text, arguments) => TextEditing.Upper(arguments.Run, text)),
        ["lower"] = On([], (text, arguments) => TextEditing.Lower(arguments.Run, text)),
        ["title"] = On([], (text, arguments) => TextEditing.Title(arguments.Run, text, char.IsLetter)),
        ["capitalize"] = On([], (text, arguments) => TextEditing.Capitalize(arguments.Run, text)),
        ["replace"] = On(["old", "new", "count"], (text, arguments)
            => TextEditing.Replace(arguments.Run, text, arguments.NeedText(0), arguments.NeedText(1), arguments.Integer(2, -1))),
        ["find"] = On(["sub"], (text, arguments) => PlaceOf(arguments, text, text.Text.IndexOf(Sought(arguments, text), StringComparison.Ordinal))),
        ["rfind"] = On(["sub"], (text, arguments) => PlaceOf(arguments, text, text.Text.LastIndexOf(Sought(arguments, text), StringComparison.Ordinal))),
        ["count"] = On(["sub"], (text, arguments) => new IntegerValue(TextEditing.Occurrences(arguments.Run, text, arguments.NeedText(0)).Count)),
        ["join"] = On(["items"], (text, arguments) => TextEditing.Join(arguments.Run, arguments.Need(0), text, mustBeTexts: true)),
        ["removeprefix"] = On(["prefix"], (text, arguments) => text.Text.StartsWith(arguments.NeedText(0).Text, StringComparison.Ordinal)
            ? Part(arguments, text, arguments.NeedText(0).Text.Length, text.Text.Length)
            : text),
        ["removesuffix"] = On(["suffix"], (text, arguments) => text.Text.EndsWith(arguments.NeedText(0).Text, StringComparison.Ordinal)
            ? Part(arguments, text, 0, text.Text.Length - arguments.NeedText(0).Text.Length)
            : text),
        ["isdigit"] = On([], (text, _) => FlagValue.Of(text.Text.Length > 0 && text.Text.All(char.IsDigit))),
        ["isalpha"] = On([], (text, _) => FlagValue.Of(text.Text.Length > 0 && text.Text.All(char.IsLetter))),
        ["isspace"] = On([], (text, _) => FlagValue.Of(text.Text.Length > 0 && text.Text.All(PythonText.IsSpace))),
    }.ToFrozenDictionary();

    public static Operation? Find(string name) => All.GetValueOrDefault(name);

    static Operation On(string[] parameters, Func<TextValue, Arguments, TemplateValue> apply)
        => new(parameters, (subject, arguments) =>
        {
            var text = (TextValue)subject;
            arguments.Run.ChargeText(text.Text.Length);
            return apply(text, arguments);
        });

    static TextValue Part(Arguments arguments, TextValue text, int start, int end)
    {
        arguments.Run.ChargeText(end - start);
        return text.Slice(start, end);
    }

    /// <summary>One text, or any of a tuple of them.</summary>
    static bool AnyOf(Arguments arguments, Func<string, string, bool> holds, TextValue text)
    {
        if (arguments.Need(0) is not ListValue { IsTuple: true } choices)
            return holds(text.Text, arguments.NeedText(0).Text);

        return choices.Items.OfType<TextValue>().Any(choice =>
        {
            arguments.Run.Charge(1);
            arguments.Run.ChargeComparison(int.Min(text.Text.Length, choice.Text.Length));
            return holds(text.Text, choice.Text);
        });
    }

    static string Sought(Arguments arguments, TextValue text)
    {
        var sought = arguments.NeedText(0).Text;
        arguments.Run.ChargeComparison(text.Text.Length, sought.Length);
        return sought;
    }

    /// <summary>A place in UTF-16 units as Python counts it.</summary>
    static IntegerValue PlaceOf(Arguments arguments, TextValue text, int place)
        => new(place < 0 ? -1 : new CharacterMap(arguments.Run, text.Text[..place]).Count);
}
