using System.Text;
using Ouro.Text;

namespace Ouro.Chat;

/// <summary>Turns the tokens of a reply into pieces of text: reasoning apart from the answer, nothing behind a stop string, calls of tools taken out.</summary>
/// <remarks>
/// A token is given out when its text is, or with the text behind it where it had none. Text is held back only while it is the beginning of a stop
/// string or of a call. Not thread-safe.
/// </remarks>
sealed class ReplyReader
{
    readonly Tokenizer _tokenizer;
    readonly ReplyRequest _request;
    readonly ThinkSplitter _splitter;
    readonly StopStrings _stops;
    readonly ToolCallSplitter? _calls;
    readonly Queue<(ReplyToken Token, long End)> _waiting = new();
    readonly StringBuilder _answer = new(), _reasoning = new();
    readonly List<ToolCall> _newCalls = [];
    long _read;         // characters of all tokens so far
    long _released;     // of them, those that came through the stop strings
    bool _isAnswerEmpty = true;

    public ReplyReader(Tokenizer tokenizer, ReplyRequest request)
    {
        (_tokenizer, _request) = (tokenizer, request);
        _splitter = new ThinkSplitter(tokenizer, request.Begins);
        _stops = new StopStrings(request.Settings.Stops ?? []);
        _calls = request.ParsesToolCalls ? new ToolCallSplitter() : null;
    }

    /// <summary>The stop string that ended the reply, or null.</summary>
    public string? Found => _stops.Found;

    /// <summary>Tokens so far.</summary>
    public int Tokens { get; private set; }

    /// <summary>Of them, those between the think tags.</summary>
    public int ReasoningTokens { get; private set; }

    /// <summary>The next token.</summary>
    /// <returns>What can be shown now, or null.</returns>
    public ReplyPiece? Add(in WrittenToken written)
    {
        var id = written.Token.Id;
        // A head may be padded with ids that no text has.
        var text = id >= _tokenizer.Vocabulary.Count ? new ReplyText(_splitter.Part, "")
            : _request.SplitsThinking ? _splitter.Add(id)
            : new ReplyText(ReplyPart.Answer, _splitter.Add(id).Text);
        Tokens++;
        ReasoningTokens += text.Part == ReplyPart.Reasoning ? 1 : 0;
        _read += text.Text.Length;
        _waiting.Enqueue((new ReplyToken(id, text.Text, text.Part, written.Token.Depth, written.LogProb, written.Top), _read));
        Take(text);
        return Piece(isLast: false);
    }

    /// <summary>Ends the reply: what was held back.</summary>
    public ReplyPiece? Finish()
    {
        var rest = _splitter.Flush();
        _read += rest.Text.Length;
        Take(_request.SplitsThinking ? rest : rest with { Part = ReplyPart.Answer });
        Answered(_stops.Flush());
        if (_calls is not null)
            Show(_calls.Flush(_newCalls));
        return Piece(isLast: true);
    }

    void Take(ReplyText text)
    {
        if (text.Part == ReplyPart.Reasoning)
        {
            _reasoning.Append(text.Text);
            _released += text.Text.Length;
        }
        else
        {
            Answered(_stops.Add(text.Text));
        }
    }

    void Answered(string text)
    {
        _released += text.Length;
        Show(_calls is null ? text : _calls.Add(text, _newCalls));
    }

    void Show(string text)
    {
        // A chat answer begins behind the white space that follows the think tag, and so does what follows a call.
        var shown = _isAnswerEmpty && (_request.Begins == ReplyPart.Reasoning || ReasoningTokens > 0 || _calls is { HasFound: true }) ? text.TrimStart() : text;
        _isAnswerEmpty &= shown.Length == 0;
        _answer.Append(shown);
    }

    ReplyPiece? Piece(bool isLast)
    {
        var tokens = new List<ReplyToken>();
        while (_waiting.TryPeek(out var next) && (isLast || next.End <= _released))
        {
            _waiting.Dequeue();
            var behind = (int)Math.Min(next.Token.Text.Length, Math.Max(0, next.End - _released));
            tokens.Add(behind == 0 || _stops.Found is null ? next.Token : next.Token with { Text = next.Token.Text[..^behind] });
        }

        if (tokens.Count == 0 && _answer.Length == 0 && _reasoning.Length == 0 && _newCalls.Count == 0)
            return null;

        var piece = new ReplyPiece(_answer.ToString(), _reasoning.ToString(), tokens) { ToolCalls = [.. _newCalls] };
        _answer.Clear();
        _reasoning.Clear();
        _newCalls.Clear();
        return piece;
    }
}
