using System.Text.RegularExpressions;
using Ouro.Formats;
using Ouro.Text;

namespace Ouro.Serving.Store;

/// <summary>Reads a Modelfile line by line. The text may be anything: every refusal names its line.</summary>
sealed partial class ModelfileReader
{
    static readonly string[] Others = ["ADAPTER", "RENDERER", "PARSER", "DRAFT"];

    readonly string _text;
    readonly List<ModelParameter> _parameters = [];
    readonly List<ChatMessage> _messages = [];
    readonly List<string> _licenses = [];
    readonly List<string> _notes = [];
    string? _from, _template, _system;
    int _lineStart, _position;
    int _line;

    public ModelfileReader(string text)
    {
        _text = text.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (text.Length > Modelfile.MostBytes)
            throw new StoreException(StoreFault.Invalid, $"the text has {text.Length:N0} characters, but a Modelfile has at most {Modelfile.MostBytes:N0}. Shorten it.");
        if (TextProblem(_text, mayHaveFences: true) is { } problem)
            throw new StoreException(StoreFault.Invalid, problem);
    }

    public Modelfile Read()
    {
        while (NextLine() is { } line)
        {
            var trimmed = line.Trim();
            if (trimmed.Length == 0 || trimmed[0] == '#')
                continue;

            var (keyword, rest) = Split(trimmed);
            Instruction(keyword, rest);
        }

        return new Modelfile
        {
            From = _from ?? throw new StoreException(StoreFault.Invalid, "there is no line that begins with FROM. Say where the weights are: FROM model.gguf, FROM name or FROM hf:owner/repo."),
            Parameters = _parameters,
            Template = _template,
            System = _system,
            Messages = _messages,
            Licenses = _licenses,
            Notes = _notes,
        }.Checked();
    }

    /// <summary>What cannot stand in a Modelfile; null if the text can.</summary>
    public static string? TextProblem(string text, bool mayHaveFences = false)
    {
        if (text.FirstOrDefault(symbol => char.IsControl(symbol) && symbol is not ('\n' or '\t')) is var odd && (odd != '\0' || text.Contains('\0', StringComparison.Ordinal)))
            return $"the text has the control character U+{(int)odd:X4}, which is no part of any text. Remove it.";
        if (HasHalfCharacter(text))
            return "the text has half a character (a lone surrogate). Remove it.";
        return !mayHaveFences && (text.TrimEnd('"').Contains(Modelfile.Fence, StringComparison.Ordinal) || text.EndsWith(Modelfile.Fence, StringComparison.Ordinal))
            ? "a text with three quotation marks in a row cannot be written into a Modelfile. Change them."
            : null;
    }

    static bool HasHalfCharacter(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return true;
            i++;
        }

        return false;
    }

    /// <summary>The first place where a template is written in Go's language; null if there is none.</summary>
    public static string? GoSyntaxIn(string template) => GoSyntax().Match(template) is { Success: true } match ? match.Value.Trim() : null;

    /// <summary>Why such a template is refused.</summary>
    public static string GoTemplate(string found)
        => $"the template is written for Go ({found.Quoted}), but templates here are Jinja, as in tokenizer_config.json. Write {{{{ message['content'] }}}} and {{% if ... %}}, or leave TEMPLATE out to use the model's own.";

    void Instruction(string keyword, string rest)
    {
        switch (keyword.ToUpperInvariant())
        {
            case "FROM":
                if (_from is not null)
                    throw Wrong("there is a second FROM, but a model has one set of weights. Remove one of them.");
                _from = NotEmpty("FROM", Value(rest));
                break;
            case "PARAMETER":
                Parameter(rest);
                break;
            case "TEMPLATE":
                Note(_template, "TEMPLATE");
                _template = Value(rest);
                if (GoSyntaxIn(_template) is { } go)
                    throw Wrong(GoTemplate(go));
                break;
            case "SYSTEM":
                Note(_system, "SYSTEM");
                _system = Value(rest);
                break;
            case "MESSAGE":
                Message(rest);
                break;
            case "LICENSE":
                _licenses.Add(NotEmpty("LICENSE", Value(rest)));
                break;
            case "REQUIRES":
                _notes.Add($"REQUIRES {Value(rest).Quoted} speaks of another program's version, and is passed over.");
                break;
            case var other when Others.Contains(other):
                throw Wrong($"{other} is not supported: a model here is one file. Merge it into the weights first, or remove the line.");
            default:
                throw Wrong($"{keyword.Quoted} is no instruction; expected FROM, PARAMETER, TEMPLATE, SYSTEM, MESSAGE or LICENSE. Texts of several lines stand between {Modelfile.Fence} and {Modelfile.Fence}.");
        }
    }

    void Parameter(string rest)
    {
        var (name, value) = Split(rest);
        if (name.Length == 0)
            throw Wrong("PARAMETER needs a name and a value, as in: PARAMETER temperature 0.7");

        value = Value(value);
        if (ParameterCheck.HasNoEffect(name))
        {
            _notes.Add($"line {_line}: the parameter '{name.ToLowerInvariant()}' has no effect here, and is left out.");
            return;
        }

        if (ParameterCheck.Problem(name, value) is { } problem)
            throw Wrong(problem);

        var known = ParameterCheck.NameOf(name)!;
        if (!ParameterCheck.IsRepeatable(known) && _parameters.RemoveAll(other => other.Name == known) > 0)
            _notes.Add($"line {_line}: '{known}' was given before; the last one counts.");
        _parameters.Add(new ModelParameter(known, value));
    }

    void Message(string rest)
    {
        var (role, text) = Split(rest);
        role = role.ToLowerInvariant();
        if (role is not (ChatMessage.System or ChatMessage.User or ChatMessage.Assistant))
            throw Wrong($"the role of a MESSAGE is {role.Quoted}, but it must be system, user or assistant, as in: MESSAGE user Hello");
        _messages.Add(new ChatMessage(role, Value(text)));
    }

    /// <summary>The value that begins in the rest of a line; a block goes on over the lines after it.</summary>
    string Value(string rest)
    {
        if (rest.StartsWith(Modelfile.Fence, StringComparison.Ordinal))
            return Block();
        if (rest is ['"', .., '"'])
            return rest[1..^1];
        return rest.StartsWith('"') ? throw Wrong("a quotation mark is opened and not closed. Close it, or put three of them around a text of several lines.") : rest;
    }

    /// <summary>A text between two fences. It begins in the line that was read last; reading goes on behind the line in which it ends.</summary>
    /// <remarks>Of more than three marks in a row the last three close, so that a text may end in marks of its own.</remarks>
    string Block()
    {
        var start = _text.IndexOf(Modelfile.Fence, _lineStart, StringComparison.Ordinal) + Modelfile.Fence.Length;
        var close = _text.IndexOf(Modelfile.Fence, start, StringComparison.Ordinal);
        if (close < 0)
            throw Wrong($"a text is opened with {Modelfile.Fence} and never closed. Put {Modelfile.Fence} at its end.");
        while (close + Modelfile.Fence.Length < _text.Length && _text[close + Modelfile.Fence.Length] == '"')
            close++;

        var value = _text[start..close];
        var (end, first) = (close + Modelfile.Fence.Length, _line);
        _line += value.Count(symbol => symbol == '\n');
        var lineEnd = _text.IndexOf('\n', end) is >= 0 and var newline ? newline : _text.Length;
        if (_text.AsSpan(end, lineEnd - end).Trim() is { Length: > 0 })
            throw Wrong($"something stands behind the {Modelfile.Fence} that closes the text begun in line {first}. Put it into a line of its own.");
        _position = Math.Min(lineEnd + 1, _text.Length);
        return value;
    }

    string? NextLine()
    {
        if (_position >= _text.Length)
            return null;

        var end = _text.IndexOf('\n', _position) is >= 0 and var newline ? newline : _text.Length;
        var line = _text[_position..end];
        (_lineStart, _position) = (_position, end + 1);
        _line++;
        return line;
    }

    void Note(string? before, string keyword)
    {
        if (before is not null)
            _notes.Add($"line {_line}: {keyword} was given before; the last one counts.");
    }

    string NotEmpty(string keyword, string value) => value.Length > 0 ? value : throw Wrong($"nothing stands behind {keyword}. Add what it is about, or remove the line.");

    StoreException Wrong(string problem) => new(StoreFault.Invalid, $"line {_line}: {problem}");

    static (string First, string Remainder) Split(string text)
    {
        var end = text.AsSpan().IndexOfAny(' ', '\t');
        return end < 0 ? (text, "") : (text[..end], text[end..].Trim());
    }

    [GeneratedRegex("""\{\{-?\s*(?:\.[A-Za-z]|\.\s*-?\}|\$|(?:if|range|with)\s+[^(=|}]|(?:end|else|break|continue)\s*-?\}|else\s+if\b|(?:define|template|block)\s+")[^}]{0,30}""", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GoSyntax();
}
