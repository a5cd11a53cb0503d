using System.Globalization;
using System.Text;

namespace Ouro.Text.Templates;

/// <summary>What a value is as text: Python's <c>str</c>.</summary>
/// <remarks>A text that is made from several values is data as a whole if any of them is.</remarks>
sealed class ValueText
{
    readonly TemplateRun _run;
    readonly StringBuilder _text = new();
    bool _isData;

    ValueText(TemplateRun run) => _run = run;

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
                var writer = new ValueText(run);
                writer.Write(value, depth: 0);
                return new TextValue(writer._text.ToString(), writer._isData);
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

    void Write(TemplateValue value, int depth)
    {
        if (depth > TemplateLimits.DeepestNesting)
            throw _run.Limit($"a value is nested deeper than {TemplateLimits.DeepestNesting} levels.");

        _isData |= value.IsData;
        var before = _text.Length;
        switch (value)
        {
            case TextValue text: PythonText.Quote(text.Text, _text); break;
            case ListValue list: WriteItems(list, depth); break;
            case DictionaryValue dictionary: WriteMembers(dictionary, depth); break;
            default: _text.Append(Scalar(value)); break;
        }

        _run.Charge(1);
        _run.ChargeText(_text.Length, _text.Length - before);
    }

    void WriteItems(ListValue list, int depth)
    {
        _text.Append(list.IsTuple ? '(' : '[');
        foreach (var (place, item) in list.Items.Index())
        {
            _text.Append(place > 0 ? ", " : "");
            Write(item, depth + 1);
        }

        _text.Append(list.IsTuple && list.Items.Count == 1 ? "," : "").Append(list.IsTuple ? ')' : ']');
    }

    void WriteMembers(DictionaryValue dictionary, int depth)
    {
        _text.Append('{');
        foreach (var (place, (key, value)) in dictionary.Members.Index())
        {
            _text.Append(place > 0 ? ", " : "");
            Write(key, depth + 1);
            _text.Append(": ");
            Write(value, depth + 1);
        }

        _text.Append('}');
    }
}
