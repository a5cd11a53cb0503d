using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>Goes through the tokens of a template, and says where one is that should not be there.</summary>
sealed class TokenReader(TemplateSource source, List<Token> tokens)
{
    int _next;
    int _depth;

    public Token Current => tokens[_next];

    public Token Following => tokens[int.Min(_next + 1, tokens.Count - 1)];

    public Token Take() => tokens[_next < tokens.Count - 1 ? _next++ : _next];

    public bool IsSign(string sign) => Current.Type == TokenType.Sign && Current.Text == sign;

    public bool IsName(string name) => Current.Type == TokenType.Name && Current.Text == name;

    public bool SkipSign(string sign)
    {
        var found = IsSign(sign);
        if (found)
            Take();
        return found;
    }

    public bool SkipName(string name)
    {
        var found = IsName(name);
        if (found)
            Take();
        return found;
    }

    public void ExpectSign(string sign)
    {
        if (!SkipSign(sign))
            throw Unexpected($"'{sign}'");
    }

    public void ExpectName(string name)
    {
        if (!SkipName(name))
            throw Unexpected($"'{name}'");
    }

    public Token Expect(TokenType type, string expected) => Current.Type == type ? Take() : throw Unexpected(expected);

    /// <summary>Notes that something begins inside something else.</summary>
    public void Enter()
    {
        if (++_depth > TemplateLimits.DeepestNesting)
            throw source.Fault(TemplateFault.Limit, Current.Place, $"blocks and brackets are nested deeper than {TemplateLimits.DeepestNesting} levels.");
    }

    public void Leave() => _depth--;

    public TemplateException Unexpected(string expected) => Wrong($"found {Quoting.Quote(Current.Text)}; expected {expected}.");

    public TemplateException Wrong(string problem) => source.Fault(TemplateFault.Syntax, Current.Place, problem);
}
