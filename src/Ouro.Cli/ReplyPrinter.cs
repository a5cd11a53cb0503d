using System.Text;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary>Shows a reply as it comes: reasoning apart from the answer, nothing behind a stop string, nothing that could command a terminal.</summary>
/// <param name="begins">Reasoning if the prompt has opened the think tag.</param>
/// <param name="stops">Strings that end the answer; they are not shown.</param>
/// <param name="hideThinking">Leave the reasoning out.</param>
sealed class ReplyPrinter(Tokenizer tokenizer, ReplyPart begins, IReadOnlyList<string> stops, bool hideThinking)
{
    const string Bars = "▁▂▃▄▅▆▇█";

    readonly ThinkSplitter _splitter = new(tokenizer, begins);
    readonly StopStrings _stops = new(stops);
    readonly StringBuilder _answer = new();
    readonly bool _onTerminal = !Console.IsOutputRedirected;
    bool _inReasoning;
    bool _atStart = true;

    /// <summary>The answer shown so far.</summary>
    public string Answer => _answer.ToString();

    /// <summary>True once a stop string has come.</summary>
    public bool IsStopped => _stops.Found is not null;

    /// <summary>Most loops of a token, to show behind every token how many of them it had; 0 shows nothing.</summary>
    public int BarsOf { get; init; }

    /// <param name="depth">Loops after which the token was decided.</param>
    public void Add(int id, int depth)
    {
        Show(_splitter.Add(id));
        if (BarsOf > 0 && _onTerminal && Front.Results.Profile.Capabilities is { Ansi: true, Unicode: true })
            Console.Out.Write(Dim($"{Bars[Math.Clamp((depth * Bars.Length + BarsOf - 1) / BarsOf, 1, Bars.Length) - 1]}"));
    }

    /// <summary>Shows what was held back and ends the line.</summary>
    public void Finish()
    {
        Show(_splitter.Flush());
        Answered(_stops.Flush());
        if (_inReasoning)
            Console.Out.WriteLine(Dim("\n...unfinished thinking."));
        else
            Console.Out.WriteLine();
    }

    void Show(ReplyText piece)
    {
        if (piece.Part == ReplyPart.Reasoning)
            Reasoned(piece.Text);
        else
            Answered(_stops.Add(piece.Text));
    }

    void Reasoned(string text)
    {
        if (hideThinking || (!_inReasoning && text.Trim().Length == 0))
            return;
        if (!_inReasoning)
            Console.Out.WriteLine(Dim("Thinking..."));
        _inReasoning = true;
        Console.Out.Write(Dim(Tame(text)));
        Console.Out.Flush();
    }

    void Answered(string text)
    {
        if (text.Length == 0)
            return;
        if (_inReasoning)
        {
            Console.Out.WriteLine(Dim("\n...done thinking.\n"));
            _inReasoning = false;
        }

        // A chat answer begins behind the white space that follows the think tag.
        var shown = _atStart && begins == ReplyPart.Reasoning ? text.TrimStart() : text;
        _atStart &= shown.Length == 0;
        _answer.Append(shown);
        Console.Out.Write(Tame(shown));
        Console.Out.Flush();
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
