namespace Ouro.Text.Templates;

/// <summary>The source of a template, with one kind of line end, and the way from offsets to lines.</summary>
sealed class TemplateSource
{
    /// <exception cref="TemplateException">It is too long.</exception>
    public TemplateSource(string source)
    {
        Text = "";
        if (source.Length > TemplateLimits.LongestSource)
            throw Fault(TemplateFault.Limit, 0, $"the source has {source.Length:N0} characters; at most {TemplateLimits.LongestSource:N0} are read.");

        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        Text = text.EndsWith('\n') ? text[..^1] : text;   // as Jinja does unless told to keep it
    }

    /// <summary>The source that is rendered: lines end in U+000A, and the last has no end.</summary>
    public string Text { get; }

    /// <summary>An exception at an offset of <see cref="Text"/>.</summary>
    public TemplateException Fault(TemplateFault fault, int place, string problem)
    {
        var before = Text.AsSpan(0, int.Min(place, Text.Length));
        return new TemplateException(fault, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'), problem);
    }
}
