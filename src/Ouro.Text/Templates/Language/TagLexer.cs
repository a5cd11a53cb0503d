using System.Globalization;
using System.Text;
using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>Cuts the inside of one tag into tokens.</summary>
sealed class TagLexer
{
    static readonly string[] Signs = ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "(", ")", "[", "]", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    readonly TemplateSource _source;
    readonly string _text;
    readonly Stack<char> _open = [];
    int _at;
    bool _afterDot;

    /// <param name="at">Where the inside begins.</param>
    public TagLexer(TemplateSource source, int at) => (_source, _text, _at) = (source, source.Text, at);

    /// <summary>Where the next token begins; at the end of the tag, where its closing mark does.</summary>
    public int At => _at;

    /// <summary>Skips white space, and tells whether the tag ends here. Inside brackets it does not.</summary>
    public bool Ends(string close)
    {
        while (_at < _text.Length && PythonText.IsSpace(_text[_at]))
            _at++;
        if (_open.Count > 0 || _at >= _text.Length)
            return false;

        var rest = _text.AsSpan(_at);
        return rest.StartsWith(close) || rest[0] == '-' && rest[1..].StartsWith(close) || rest[0] == '+' && close == "%}" && rest[1..].StartsWith(close);
    }

    /// <param name="tag">Where the tag begins, for messages.</param>
    public Token Next(int tag, string close)
    {
        if (_at >= _text.Length)
            throw Wrong(tag, $"a tag is not closed; expected '{close}'.");

        var start = _at;
        var first = _text[_at];
        var token = first switch
        {
            '\'' or '"' => new Token(TokenType.String, ReadString(first), start),
            >= '0' and <= '9' => ReadNumber(start),
            _ when char.IsLetter(first) || first == '_' => new Token(TokenType.Name, ReadName(), start),
            _ => new Token(TokenType.Sign, ReadSign(), start),
        };
        _afterDot = token is { Type: TokenType.Sign, Text: "." };
        return token;
    }

    string ReadName()
    {
        var start = _at;
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] == '_'))
            _at++;
        return _text[start.._at];
    }

    string ReadSign()
    {
        var rest = _text.AsSpan(_at);
        foreach (var sign in Signs)
        {
            if (!rest.StartsWith(sign))
                continue;

            Balance(sign[0]);
            _at += sign.Length;
            return sign;
        }

        throw Wrong(_at, $"{Quoting.Quote(rest[..1])} has no meaning in a tag.");
    }

    void Balance(char sign)
    {
        if (sign is '(' or '[' or '{')
            _open.Push(sign);
        if (sign is not (')' or ']' or '}'))
            return;

        var expected = sign switch { ')' => '(', ']' => '[', _ => '{' };
        if (!_open.TryPop(out var open) || open != expected)
            throw Wrong(_at, $"'{sign}' closes nothing that is open here.");
    }

    /// <summary>Digits may be grouped by underscores; after a dot they are the place of an item, so a second dot is no decimal point.</summary>
    Token ReadNumber(int start)
    {
        var afterDot = _afterDot;
        SkipDigits();
        var type = TokenType.Integer;
        if (!afterDot && _at + 1 < _text.Length && _text[_at] == '.' && char.IsAsciiDigit(_text[_at + 1]))
        {
            type = TokenType.Float;
            _at++;
            SkipDigits();
        }

        var sign = _at + 1 < _text.Length && _text[_at] is 'e' or 'E' && _text[_at + 1] is '+' or '-' ? 1 : 0;
        if (!afterDot && _at + 1 + sign < _text.Length && _text[_at] is 'e' or 'E' && char.IsAsciiDigit(_text[_at + 1 + sign]))
        {
            type = TokenType.Float;
            _at += 1 + sign;
            SkipDigits();
        }

        return new Token(type, _text[start.._at].Replace("_", "", StringComparison.Ordinal), start);
    }

    void SkipDigits()
    {
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] == '_' && _at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1])))
            _at++;
    }

    string ReadString(char quote)
    {
        var start = _at++;
        var value = new StringBuilder();
        while (_at < _text.Length && _text[_at] != quote)
        {
            if (_text[_at] == '\\' && _at + 1 < _text.Length)
                ReadEscape(value);
            else
                value.Append(_text[_at++]);
        }

        if (_at >= _text.Length)
            throw Wrong(start, $"a text is not closed; expected {quote}.");

        _at++;
        return value.ToString();
    }

    /// <summary>Python's escapes; a backslash before anything else stays.</summary>
    void ReadEscape(StringBuilder value)
    {
        var escape = _text[_at + 1];
        var digits = escape switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            AppendCode(value, digits);
            return;
        }

        _at += 2;
        _ = escape switch
        {
            'n' => value.Append('\n'),
            't' => value.Append('\t'),
            'r' => value.Append('\r'),
            'a' => value.Append('\a'),
            'b' => value.Append('\b'),
            'f' => value.Append('\f'),
            'v' => value.Append('\v'),
            '0' => value.Append('\0'),
            '\n' => value,
            '\\' or '\'' or '"' => value.Append(escape),
            _ => value.Append('\\').Append(escape),
        };
    }

    void AppendCode(StringBuilder value, int digits)
    {
        var start = _at + 2;
        if (start + digits > _text.Length
            || !int.TryParse(_text.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || code is < 0 or > 0x10FFFF)
            throw Wrong(_at, $"an escape in a text is not \\{_text[_at + 1]} and {digits} hexadecimal digits of a character.");

        _at = start + digits;
        if (code <= 0xFFFF)
            value.Append((char)code);
        else
            value.Append(char.ConvertFromUtf32(code));
    }

    TemplateException Wrong(int place, string problem) => _source.Fault(TemplateFault.Syntax, place, problem);
}
