using System.Globalization;
using System.Text;

namespace Ouro.Text.Templates;

/// <summary>How <c>tojson</c> lays out.</summary>
/// <param name="Indent">Put before each level, or null for one line.</param>
readonly record struct JsonLayout(string? Indent, string ItemSeparator, string KeySeparator, bool SortKeys, bool OnlyAscii);

/// <summary>What a value is as JSON, written as Python's <c>json.dumps</c> does with the settings of chat templates: nothing escaped for HTML.</summary>
sealed class JsonWriting : ValueWriting
{
    readonly JsonLayout _layout;

    JsonWriting(TemplateRun run, JsonLayout layout)
        : base(run) => _layout = layout;

    public static TextValue Of(TemplateRun run, TemplateValue value, JsonLayout layout) => new JsonWriting(run, layout).Written(value);

    protected override void WriteScalar(TemplateValue value) => Text.Append(Scalar(value));

    string Scalar(TemplateValue value) => value switch
    {
        NoneValue => "null",
        FlagValue flag => flag.Value ? "true" : "false",
        IntegerValue integer => integer.Value.ToString(CultureInfo.InvariantCulture),
        FloatValue { Value: double.PositiveInfinity } => "Infinity",
        FloatValue { Value: double.NegativeInfinity } => "-Infinity",
        FloatValue { Value: double.NaN } => "NaN",
        FloatValue number => PythonText.Number(number.Value),
        _ => throw Run.Fault($"{value.Kind} cannot be written as JSON."),
    };

    protected override void WriteItems(ListValue list, int depth)
    {
        Text.Append('[');
        foreach (var (place, item) in list.Items.Index())
        {
            BeginItem(place, depth);
            Write(item, depth + 1);
        }

        End(']', list.Items.Count, depth);
    }

    protected override void WriteMembers(DictionaryValue dictionary, int depth)
    {
        var members = _layout.SortKeys
            ? Comparing.Sorted(Run, dictionary.Members, member => member.Key, descending: false)
            : dictionary.Members;

        Text.Append('{');
        foreach (var (place, (key, value)) in members.Index())
        {
            BeginItem(place, depth);
            IsData |= key.IsData;
            Quote(key is TextValue text ? text.Text : Scalar(key));
            Text.Append(_layout.KeySeparator);
            Write(value, depth + 1);
        }

        End('}', members.Count, depth);
    }

    void BeginItem(int place, int depth)
    {
        if (place > 0)
            Text.Append(_layout.ItemSeparator);
        BreakLine(depth + 1);
    }

    void End(char bracket, int count, int depth)
    {
        if (count > 0)
            BreakLine(depth);
        Text.Append(bracket);
    }

    void BreakLine(int depth)
    {
        if (_layout.Indent is not { } indent)
            return;

        Run.ChargeText(Text.Length + (long)indent.Length * depth, indent.Length * depth);
        Text.Append('\n').Insert(Text.Length, indent, depth);
    }

    protected override void Quote(string text)
    {
        Run.ChargeText(Text.Length + (long)text.Length, text.Length);
        Text.Append('"');
        foreach (var character in text)
            _ = character switch
            {
                '"' => Text.Append("\\\""),
                '\\' => Text.Append(@"\\"),
                '\n' => Text.Append("\\n"),
                '\r' => Text.Append("\\r"),
                '\t' => Text.Append("\\t"),
                '\b' => Text.Append("\\b"),
                '\f' => Text.Append("\\f"),
                < ' ' => AppendEscape(character),
                > '~' when _layout.OnlyAscii => AppendEscape(character),
                _ => Text.Append(character),
            };

        Text.Append('"');
    }

    StringBuilder AppendEscape(char character) => Text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
}
