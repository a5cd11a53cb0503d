using System.Globalization;
using System.Text;

namespace Ouro.Text.Templates;

/// <summary>How <c>tojson</c> lays out.</summary>
/// <param name="Indent">Put before each level, or null for one line.</param>
readonly record struct JsonLayout(string? Indent, string ItemSeparator, string KeySeparator, bool SortKeys, bool OnlyAscii);

/// <summary>What a value is as JSON, written as Python's <c>json.dumps</c> does with the settings of chat templates: nothing escaped for HTML.</summary>
/// <remarks>The text is data as a whole if anything in it is.</remarks>
sealed class JsonWriting
{
    readonly TemplateRun _run;
    readonly JsonLayout _layout;
    readonly StringBuilder _text = new();
    bool _isData;

    JsonWriting(TemplateRun run, JsonLayout layout) => (_run, _layout) = (run, layout);

    public static TextValue Of(TemplateRun run, TemplateValue value, JsonLayout layout)
    {
        var writing = new JsonWriting(run, layout);
        writing.Write(value, depth: 0);
        return new TextValue(writing._text.ToString(), writing._isData);
    }

    void Write(TemplateValue value, int depth)
    {
        if (depth > TemplateLimits.DeepestNesting)
            throw _run.Limit($"a value is nested deeper than {TemplateLimits.DeepestNesting} levels.");

        _isData |= value.IsData;
        var before = _text.Length;
        switch (value)
        {
            case TextValue text: Quote(text.Text); break;
            case ListValue list: WriteItems(list, depth); break;
            case DictionaryValue dictionary: WriteMembers(dictionary, depth); break;
            default: _text.Append(Scalar(value)); break;
        }

        _run.Charge(1);
        _run.ChargeText(_text.Length, _text.Length - before);
    }

    string Scalar(TemplateValue value) => value switch
    {
        NoneValue => "null",
        FlagValue flag => flag.Value ? "true" : "false",
        IntegerValue integer => integer.Value.ToString(CultureInfo.InvariantCulture),
        FloatValue { Value: double.PositiveInfinity } => "Infinity",
        FloatValue { Value: double.NegativeInfinity } => "-Infinity",
        FloatValue { Value: double.NaN } => "NaN",
        FloatValue number => PythonText.Number(number.Value),
        _ => throw _run.Fault($"{value.Kind} cannot be written as JSON."),
    };

    void WriteItems(ListValue list, int depth)
    {
        _text.Append('[');
        foreach (var (place, item) in list.Items.Index())
        {
            BeginItem(place, depth);
            Write(item, depth + 1);
        }

        End(']', list.Items.Count, depth);
    }

    void WriteMembers(DictionaryValue dictionary, int depth)
    {
        var members = _layout.SortKeys
            ? Comparing.Sorted(_run, dictionary.Members, member => member.Key, descending: false)
            : dictionary.Members;

        _text.Append('{');
        foreach (var (place, (key, value)) in members.Index())
        {
            BeginItem(place, depth);
            _isData |= key.IsData;
            Quote(key is TextValue text ? text.Text : Scalar(key));
            _text.Append(_layout.KeySeparator);
            Write(value, depth + 1);
        }

        End('}', members.Count, depth);
    }

    void BeginItem(int place, int depth)
    {
        if (place > 0)
            _text.Append(_layout.ItemSeparator);
        BreakLine(depth + 1);
    }

    void End(char bracket, int count, int depth)
    {
        if (count > 0)
            BreakLine(depth);
        _text.Append(bracket);
    }

    void BreakLine(int depth)
    {
        if (_layout.Indent is not { } indent)
            return;

        _run.ChargeText(_text.Length + (long)indent.Length * depth, indent.Length * depth);
        _text.Append('\n').Insert(_text.Length, indent, depth);
    }

    void Quote(string text)
    {
        _run.ChargeText(_text.Length + (long)text.Length, text.Length);
        _text.Append('"');
        foreach (var character in text)
            _ = character switch
            {
                '"' => _text.Append("\\\""),
                '\\' => _text.Append(@"\\"),
                '\n' => _text.Append("\\n"),
                '\r' => _text.Append("\\r"),
                '\t' => _text.Append("\\t"),
                '\b' => _text.Append("\\b"),
                '\f' => _text.Append("\\f"),
                < ' ' => AppendEscape(character),
                > '~' when _layout.OnlyAscii => AppendEscape(character),
                _ => _text.Append(character),
            };

        _text.Append('"');
    }

    StringBuilder AppendEscape(char character) => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
}
