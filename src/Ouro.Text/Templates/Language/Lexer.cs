namespace Ouro.Text.Templates;

/// <summary>Cuts a template's source into text and tags, and tags into tokens.</summary>
/// <remarks>
/// White space goes as Hugging Face sets Jinja: the first end of line behind a block or comment is dropped, and so are spaces in front of one
/// that begins its line; <c>-</c> drops all white space on its side, <c>+</c> keeps what would be dropped.
/// </remarks>
sealed class Lexer
{
    readonly TemplateSource _source;
    readonly string _text;
    readonly List<Token> _tokens = [];
    int _at;
    bool _atLineStart = true;   // whether the last tag, with the white space it took, ended a line

    Lexer(TemplateSource source) => (_source, _text) = (source, source.Text);

    public static List<Token> Read(TemplateSource source)
    {
        var lexer = new Lexer(source);
        while (lexer._at < lexer._text.Length)
            lexer.ReadTextAndTag();

        lexer._tokens.Add(new Token(TokenType.End, "the end", lexer._text.Length));
        return lexer._tokens;
    }

    void ReadTextAndTag()
    {
        var open = NextTag(_at);
        if (open < 0)
        {
            AddText(_at, _text.Length);
            _at = _text.Length;
            return;
        }

        var kind = _text[open + 1];
        var sign = SignAt(open + 2);
        AddText(_at, EndOfTextBefore(_at, open, sign, kind));
        _at = open + (sign is '-' or '+' ? 3 : 2);

        if (kind == '#')
            SkipComment(open);
        else if (kind == '%' && RawStart() is { } rawStart)
            ReadRaw(open, rawStart);
        else
            ReadTag(open, kind);

        _atLineStart = _text[_at - 1] == '\n';
    }

    int NextTag(int from)
    {
        for (var at = from; (at = _text.IndexOf('{', at)) >= 0; at++)
            if (at + 1 < _text.Length && _text[at + 1] is '{' or '%' or '#')
                return at;

        return -1;
    }

    char SignAt(int place) => place < _text.Length ? _text[place] : '\0';

    /// <summary>Where the text before a tag ends, after what the tag takes away.</summary>
    int EndOfTextBefore(int start, int tag, char sign, char kind)
    {
        var end = tag;
        if (sign == '-')
        {
            while (end > start && PythonText.IsSpace(_text[end - 1]))
                end--;
            return end;
        }

        if (sign == '+' || kind == '{')
            return end;

        while (end > start && _text[end - 1] != '\n' && PythonText.IsSpace(_text[end - 1]))
            end--;
        var beginsLine = end > start ? _text[end - 1] == '\n' : _atLineStart;
        return beginsLine ? end : tag;
    }

    void AddText(int start, int end)
    {
        if (end > start)
            _tokens.Add(new Token(TokenType.Text, _text[start..end], start));
    }

    void SkipComment(int open)
    {
        var close = _text.IndexOf("#}", _at, StringComparison.Ordinal);
        if (close < 0)
            throw Wrong(open, "a comment is not closed; expected '#}'.");

        var sign = close > _at ? _text[close - 1] : '\0';
        _at = close + 2;
        SkipAfter(sign);
    }

    /// <summary>Takes the white space that belongs to the end of a block or comment.</summary>
    void SkipAfter(char sign)
    {
        if (sign == '-')
            SkipSpaces();
        else if (sign != '+' && SignAt(_at) == '\n')
            _at++;
    }

    void SkipSpaces()
    {
        while (_at < _text.Length && PythonText.IsSpace(_text[_at]))
            _at++;
    }

    /// <summary>Where the content of a raw block begins, if this is the tag of one.</summary>
    int? RawStart()
    {
        if (TagNamed(_at, "raw") is not { } end)
            return null;

        var sign = SignAt(end);
        if (!_text.AsSpan(end + (sign == '-' ? 1 : 0)).StartsWith("%}"))
            return null;

        var start = end + (sign == '-' ? 3 : 2);
        while (sign == '-' && start < _text.Length && PythonText.IsSpace(_text[start]))
            start++;
        return start;
    }

    /// <summary>Where a tag's name and the spaces around it end, or null if it has another name.</summary>
    int? TagNamed(int at, string name)
    {
        while (at < _text.Length && PythonText.IsSpace(_text[at]))
            at++;
        if (!_text.AsSpan(at).StartsWith(name))
            return null;

        at += name.Length;
        while (at < _text.Length && PythonText.IsSpace(_text[at]))
            at++;
        return at;
    }

    void ReadRaw(int open, int start)
    {
        _atLineStart = _text[start - 1] == '\n';
        for (var at = start; (at = _text.IndexOf("{%", at, StringComparison.Ordinal)) >= 0; at++)
        {
            var sign = SignAt(at + 2);
            if (TagNamed(at + (sign is '-' or '+' ? 3 : 2), "endraw") is not { } end)
                continue;

            var endSign = SignAt(end);
            var close = end + (endSign is '-' or '+' ? 1 : 0);
            if (!_text.AsSpan(close).StartsWith("%}"))
                continue;

            AddText(start, EndOfTextBefore(start, at, sign, '%'));
            _at = close + 2;
            SkipAfter(endSign);
            return;
        }

        throw Wrong(open, "a raw block is not closed; expected '{% endraw %}'.");
    }

    void ReadTag(int open, char kind)
    {
        var isValue = kind == '{';
        var close = isValue ? "}}" : "%}";
        _tokens.Add(new Token(isValue ? TokenType.ValueStart : TokenType.BlockStart, _text[open..(open + 2)], open));

        var tokens = new TagLexer(_source, _at);
        while (!tokens.Ends(close))
            _tokens.Add(tokens.Next(open, close));

        _at = tokens.At;
        var sign = _text[_at] == '-' || _text[_at] == '+' ? _text[_at] : '\0';
        _tokens.Add(new Token(isValue ? TokenType.ValueEnd : TokenType.BlockEnd, close, _at));
        _at += sign == '\0' ? 2 : 3;
        if (!isValue)
            SkipAfter(sign);
        else if (sign == '-')
            SkipSpaces();
    }

    TemplateException Wrong(int place, string problem) => _source.Fault(TemplateFault.Syntax, place, problem);
}
