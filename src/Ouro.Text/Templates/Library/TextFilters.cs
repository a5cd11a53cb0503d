namespace Ouro.Text.Templates;

/// <summary>Filters of texts; they take any value by what it prints as.</summary>
static class TextFilters
{
    const int DefaultIndent = 4;

    public static Dictionary<string, Operation> All() => new()
    {
        ["trim"] = On(["chars"], (text, arguments) => TextEditing.Trim(arguments.Run, text, arguments.TextOrNull(0), atStart: true, atEnd: true)),
        ["upper"] = On([], (text, arguments) => TextEditing.Upper(arguments.Run, text)),
        ["lower"] = On([], (text, arguments) => TextEditing.Lower(arguments.Run, text)),
        ["title"] = On([], (text, arguments) => TextEditing.Title(arguments.Run, text, IsInWord)),
        ["capitalize"] = On([], (text, arguments) => TextEditing.Capitalize(arguments.Run, text)),
        ["replace"] = On(["old", "new", "count"], (text, arguments)
            => TextEditing.Replace(arguments.Run, text, arguments.NeedText(0), ValueText.Of(arguments.Run, arguments.Need(1)), arguments.Integer(2, -1))),
        ["indent"] = On(["width", "first", "blank"], Indent),
        ["wordcount"] = On([], (text, _) => new IntegerValue(Words(text.Text), text.IsData)),
    };

    static Operation On(string[] parameters, Func<TextValue, Arguments, TemplateValue> apply)
        => new(parameters, (subject, arguments) =>
        {
            var text = ValueText.Of(arguments.Run, subject);
            arguments.Run.ChargeText(text.Text.Length);
            return apply(text, arguments);
        });

    /// <summary>Jinja ends words at white space, hyphens and opening brackets only, so an apostrophe does not begin one.</summary>
    static bool IsInWord(char character) => !PythonText.IsSpace(character) && character is not ('-' or '(' or '{' or '[' or '<');

    static int Words(string text)
    {
        var (words, before) = (0, false);
        foreach (var character in text)
        {
            var isWord = char.IsLetterOrDigit(character) || character == '_';
            words += isWord && !before ? 1 : 0;
            before = isWord;
        }

        return words;
    }

    static TextValue Indent(TextValue text, Arguments arguments)
    {
        var run = arguments.Run;
        var width = arguments[0] is TextValue given
            ? given.Text
            : Spaces(run, arguments.Integer(0, DefaultIndent));
        var isData = text.IsData;
        var result = new TextBuilder(run);

        // A last empty line counts as one, which is why an end of line is put behind the text before it is cut.
        List<TextValue> lines = [.. TextEditing.Lines(run, text)];
        if (lines.Count == 0 || text.Text[^1] is '\n' or '\r')
            lines.Add(TextValue.Empty);

        foreach (var (place, line) in lines.Index())
        {
            if (place > 0)
                result.Append("\n", isData);
            if (place == 0 ? arguments.Flag(1, false) : line.Text.Length > 0 || arguments.Flag(2, false))
                result.Append(width, isData);
            result.Append(line);
        }

        return result.ToText();
    }

    static string Spaces(TemplateRun run, int count)
    {
        run.ChargeText(count);
        return new string(' ', int.Max(0, count));
    }
}
