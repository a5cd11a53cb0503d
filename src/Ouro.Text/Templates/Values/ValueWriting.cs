using System.Text;

namespace Ouro.Text.Templates;

/// <summary>Writes a value with everything in it, within a run's limits; how it looks is for others to say.</summary>
/// <remarks>The text is data as a whole if anything in it is.</remarks>
abstract class ValueWriting(TemplateRun run)
{
    protected TemplateRun Run => run;

    protected StringBuilder Text { get; } = new();

    /// <summary>True once anything was written that is data.</summary>
    protected bool IsData { get; set; }

    /// <summary>The whole of it.</summary>
    protected TextValue Written(TemplateValue value)
    {
        Write(value, depth: 0);
        return new TextValue(Text.ToString(), IsData);
    }

    protected void Write(TemplateValue value, int depth)
    {
        if (depth > TemplateLimits.DeepestNesting)
            throw run.Limit($"a value is nested deeper than {TemplateLimits.DeepestNesting} levels.");

        IsData |= value.IsData;
        var before = Text.Length;
        switch (value)
        {
            case TextValue text: Quote(text.Text); break;
            case ListValue list: WriteItems(list, depth); break;
            case DictionaryValue dictionary: WriteMembers(dictionary, depth); break;
            default: WriteScalar(value); break;
        }

        run.Charge(1);
        run.ChargeText(Text.Length, Text.Length - before);
    }

    protected abstract void Quote(string text);

    protected abstract void WriteItems(ListValue list, int depth);

    protected abstract void WriteMembers(DictionaryValue dictionary, int depth);

    /// <summary>Anything but texts, lists and dictionaries.</summary>
    protected abstract void WriteScalar(TemplateValue value);
}
