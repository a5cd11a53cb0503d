using System.Globalization;

namespace Ouro.Text.Templates;

/// <summary>What a value is as text: Python's <c>str</c>.</summary>
sealed class ValueText : ValueWriting
{
    ValueText(TemplateRun run)
        : base(run)
    {
    }

    /// <summary>A text stays as it is; what is undefined is empty.</summary>
    public static TextValue Of(TemplateRun run, TemplateValue value)
    {
        switch (value)
        {
            case TextValue text:
                return text;
            case UndefinedValue:
                return TextValue.Empty;
            case ListValue or DictionaryValue:
                return new ValueText(run).Written(value);
            default:
                return new TextValue(Scalar(value), value.IsData);
        }
    }

    /// <summary>Of anything but texts, lists and dictionaries.</summary>
    static string Scalar(TemplateValue value) => value switch
    {
        NoneValue => "None",
        FlagValue flag => flag.Value ? "True" : "False",
        IntegerValue integer => integer.Value.ToString(CultureInfo.InvariantCulture),
        FloatValue number => PythonText.Number(number.Value),
        UndefinedValue => "Undefined",
        NamespaceValue => "<Namespace>",
        LoopValue => "<Loop>",
        FunctionValue function => $"<function {function.Name}>",
        _ => value.Kind,
    };

    protected override void Quote(string text) => PythonText.Quote(text, Text);

    protected override void WriteScalar(TemplateValue value) => Text.Append(Scalar(value));

    protected override void WriteItems(ListValue list, int depth)
    {
        Text.Append(list.IsTuple ? '(' : '[');
        foreach (var (place, item) in list.Items.Index())
        {
            Text.Append(place > 0 ? ", " : "");
            Write(item, depth + 1);
        }

        Text.Append(list.IsTuple && list.Items.Count == 1 ? "," : "").Append(list.IsTuple ? ')' : ']');
    }

    protected override void WriteMembers(DictionaryValue dictionary, int depth)
    {
        Text.Append('{');
        foreach (var (place, (key, value)) in dictionary.Members.Index())
        {
            Text.Append(place > 0 ? ", " : "");
            Write(key, depth + 1);
            Text.Append(": ");
            Write(value, depth + 1);
        }

        Text.Append('}');
    }
}
