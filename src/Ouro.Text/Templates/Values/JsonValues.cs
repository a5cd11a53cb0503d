using System.Globalization;
using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>Turns JSON into the values of templates.</summary>
static class JsonValues
{
    public static TemplateValue Read(JsonElement json, bool isData, int depth)
    {
        if (depth > TemplateLimits.DeepestNesting)
            throw new ArgumentException($"The JSON value is nested deeper than {TemplateLimits.DeepestNesting} levels; templates take no more.", nameof(json));

        return json.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => new FlagValue(json.ValueKind == JsonValueKind.True, isData),
            JsonValueKind.Number => Number(json.GetRawText(), isData),
            JsonValueKind.String => new TextValue(Text(json), isData),
            JsonValueKind.Array => ListValue.Frozen(json.EnumerateArray().Select(item => Read(item, isData, depth + 1)), isData),
            JsonValueKind.Object => Members(json, isData, depth),
            _ => TemplateValue.None,
        };
    }

    static DictionaryValue Members(JsonElement json, bool isData, int depth)
    {
        var members = new DictionaryValue(isData);
        foreach (var member in json.EnumerateObject())
            members.Set(new TextValue(OnlyUnicode(() => member.Name), isData), Read(member.Value, isData, depth + 1));

        return members;
    }

    /// <summary>As Python reads numbers: without point and exponent they are integers.</summary>
    static TemplateValue Number(string raw, bool isData)
    {
        if (raw.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
            return new FloatValue(double.Parse(raw, CultureInfo.InvariantCulture), isData);

        return Int128.TryParse(raw, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)
            ? new IntegerValue(integer, isData)
            : throw new ArgumentException($"The integer {Quoting.Quote(raw)} is too large for a template; at most 127 bits are kept.");
    }

    static string Text(JsonElement json) => OnlyUnicode(() => json.GetString()!);

    /// <summary>Half a surrogate pair in an escape is found only when the text is looked at.</summary>
    static string OnlyUnicode(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            throw new ArgumentException("A text in the JSON value is not valid Unicode: it has half a surrogate pair.");
        }
    }
}
