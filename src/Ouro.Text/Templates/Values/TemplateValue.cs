using System.Text.Json;

namespace Ouro.Text.Templates;

/// <summary>A value that templates work with. Values made here never change, and may be shared by any number of renderings.</summary>
public abstract class TemplateValue
{
    private protected TemplateValue()
    {
    }

    /// <summary>Python's <c>None</c>.</summary>
    public static TemplateValue None => NoneValue.Instance;

    /// <summary>How messages call a value of this kind, with its article.</summary>
    internal abstract string Kind { get; }

    /// <summary>Whether a condition holds for it: not for zero, nothing, and what is empty.</summary>
    internal virtual bool IsTrue => true;

    /// <summary>Whether any of it, contained values not counted, comes from outside the template.</summary>
    internal virtual bool IsData => false;

    /// <summary>A truth value.</summary>
    public static TemplateValue Of(bool value, bool isData) => new FlagValue(value, isData);

    /// <summary>An integer.</summary>
    public static TemplateValue Of(long value, bool isData) => new IntegerValue(value, isData);

    /// <summary>A floating-point number.</summary>
    public static TemplateValue Of(double value, bool isData) => new FloatValue(value, isData);

    /// <summary>A text; if it is data, nothing that is made from it can become a special token.</summary>
    public static TemplateValue Of(string text, bool isData) => new TextValue(text, isData);

    /// <summary>A list.</summary>
    public static TemplateValue List(IEnumerable<TemplateValue> items, bool isData) => ListValue.Frozen(items, isData);

    /// <summary>A dictionary that keeps the order of its keys; of equal keys the last value counts, at the first place.</summary>
    public static TemplateValue Dictionary(IEnumerable<KeyValuePair<string, TemplateValue>> members, bool isData)
    {
        var dictionary = new DictionaryValue(isData);
        foreach (var (key, value) in members)
            dictionary.Set(new TextValue(key, isData), value);
        return dictionary;
    }

    /// <summary>What a JSON value is in a template.</summary>
    /// <exception cref="ArgumentException">It is nested deeper than <see cref="TemplateLimits.DeepestNesting"/>, has an integer beyond 127 bits, or a text that is not Unicode.</exception>
    public static TemplateValue FromJson(JsonElement json, bool isData) => JsonValues.Read(json, isData, depth: 0);
}
