namespace Ouro.Text.Templates;

/// <summary>A chat template as model files carry it: the part of Jinja that such templates use. Immutable and safe for any number of threads.</summary>
/// <remarks>
/// Values print, compare and compute as in Python, and white space goes as Hugging Face sets Jinja (trim_blocks and lstrip_blocks). What differs
/// on purpose: filters give lists where Python gives generators, integers have 127 bits, letters change case one for one, a list that was
/// handed in cannot be appended to, and <c>call</c>, <c>include</c>, <c>import</c>, <c>block</c>, <c>with</c>, text formatting and HTML do not exist.
/// </remarks>
public sealed class ChatTemplate
{
    readonly TemplateSource _source;
    readonly Block _body;

    ChatTemplate(TemplateSource source, Block body) => (_source, _body) = (source, body);

    /// <summary>Reads the source of a template.</summary>
    /// <exception cref="TemplateException">It is too long or nested too deep, is no template, or uses a statement, filter or test that is not known.</exception>
    public static ChatTemplate Parse(string source)
    {
        var text = new TemplateSource(source);
        return new ChatTemplate(text, StatementParser.Read(text));
    }

    /// <summary>The prompt for a conversation, cut where its origin changes between the template and data.</summary>
    /// <param name="limits">What it may take; <see cref="TemplateLimits.Default"/> if null.</param>
    /// <exception cref="TemplateException">The template refuses the conversation, does something impossible, or takes more than it may.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits any more.</exception>
    public IReadOnlyList<TemplatePart> Render(TemplateContext context, TemplateLimits? limits = null, CancellationToken cancel = default)
    {
        var run = new TemplateRun(_source, limits ?? TemplateLimits.Default, context.Now, cancel);
        var scope = new Scope(run, outer: null);
        foreach (var (name, value) in context.AllVariables())
            scope.Set(name, value);

        // What the template sets stays apart from what it was given.
        var text = _body.Capture(scope.Inside());
        return [.. text.Runs(0, text.Text.Length).Select(stretch => new TemplatePart(text.Text[stretch.Start..stretch.End], stretch.IsData))];
    }
}
