using System.Text;
using Ouro.Chat;

namespace Ouro.Cli.Replies;

/// <summary>Shows a reply as it comes: reasoning apart from the answer, and nothing that could command a terminal.</summary>
/// <param name="hidesThinking">Leave the reasoning out.</param>
sealed class ReplyPrinter(bool hidesThinking)
{
    readonly StringBuilder _answer = new(), _reasoning = new();
    readonly bool _onTerminal = !Console.IsOutputRedirected;
    bool _inReasoning;

    /// <summary>The answer shown so far.</summary>
    public string Answer => _answer.ToString();

    /// <summary>The reasoning so far, shown or not.</summary>
    public string Reasoning => _reasoning.ToString();

    /// <summary>Colours for answers by depth; null shows them plain.</summary>
    public DepthColors? Colors { get; init; }

    public void Show(ReplyPiece piece)
    {
        Reasoned(piece.Reasoning);
        Answered(piece);
        Console.Out.Flush();
    }

    /// <summary>Ends the line.</summary>
    public void Finish() => Console.Out.WriteLine(_inReasoning ? Dim("\n...unfinished thinking.") : "");

    void Reasoned(string text)
    {
        _reasoning.Append(text);
        if (hidesThinking || text.Length == 0 || (!_inReasoning && text.Trim().Length == 0))
            return;
        if (!_inReasoning)
            Console.Out.WriteLine(Dim("Thinking..."));
        _inReasoning = true;
        Console.Out.Write(Dim(Tame(text)));
    }

    void Answered(ReplyPiece piece)
    {
        if (piece.Answer.Length == 0)
            return;
        if (_inReasoning)
        {
            Console.Out.WriteLine(Dim("\n...done thinking.\n"));
            _inReasoning = false;
        }

        _answer.Append(piece.Answer);
        var text = Tame(piece.Answer);
        Console.Out.Write(Colors?.Paint(text, piece.Tokens) ?? text);
    }

    string Dim(string text) => _onTerminal && Front.Results.Profile.Capabilities.Ansi ? $"\e[2m{text}\e[0m" : text;

    /// <summary>On a terminal, control characters are shown as pictures: a model must not move the cursor or set the title.</summary>
    string Tame(string text)
        => !_onTerminal ? text : string.Create(text.Length, text, (shown, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                shown[i] = source[i] switch
                {
                    '\n' or '\t' => source[i],
                    < ' ' => (char)(0x2400 + source[i]),
                    >= '\x7F' and < '\xA0' => '\uFFFD',
                    var other => other,
                };
            }
        });
}
