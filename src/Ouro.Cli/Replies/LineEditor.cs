using System.Globalization;
using System.Text;
using Ouro.Serving.Store;
using Spectre.Console.Rendering;

namespace Ouro.Cli.Replies;

/// <summary>Lets a person type a text on the terminal, over several lines if need be, and draws it on standard error.</summary>
/// <param name="prompt">Stands before the first line.</param>
/// <param name="history">What was typed before; what is sent is added.</param>
sealed class LineEditor(string prompt, InputHistory history)
{
    /// <summary>What stands before every line but the first.</summary>
    public const string Continuation = "... ";

    const string PasteMarksOn = "\e[?2004h";
    const string PasteMarksOff = "\e[?2004l";
    const string PasteBegins = "[200~";
    const string PasteEnds = "[201~";

    readonly LineBuffer _buffer = new(history.Entries);
    readonly TextWriter _screen = Console.Error;
    int _rowShown;      // of the cursor, from the first row drawn
    bool _isPasting;

    /// <summary>True if a terminal is there to draw on.</summary>
    public static bool CanDraw => !Console.IsInputRedirected && !Console.IsErrorRedirected && Front.Messages.Profile.Capabilities.Ansi;

    /// <summary>What was typed; Ctrl-C throws it away, and Ctrl-D where there is nothing is the end.</summary>
    /// <exception cref="OperationCanceledException">The program is asked to end.</exception>
    public ChatLine Read()
    {
        Console.TreatControlCAsInput = true;
        _screen.Write(PasteMarksOn);
        try
        {
            Draw();
            while (true)
            {
                var key = Key();
                if (key is { Key: ConsoleKey.L, Modifiers: ConsoleModifiers.Control })
                    Clear();
                var outcome = key.Key == ConsoleKey.Escape && Console.KeyAvailable ? Marked(key) : _buffer.Press(key, _isPasting);
                if (outcome == KeyOutcome.Goes)
                {
                    if (!Console.KeyAvailable)
                        Draw();
                    continue;
                }

                Draw(atEnd: true);
                _screen.Write("\r\n");
                // Parts of a text in three quotes would open another when they come back.
                if (outcome == KeyOutcome.Ready && prompt != Continuation && !_buffer.Text.Contains(Modelfile.Fence, StringComparison.Ordinal))
                    history.Add(_buffer.Text);
                return new ChatLine(outcome == KeyOutcome.Ended ? null : _buffer.Text, IsDropped: outcome == KeyOutcome.Dropped);
            }
        }
        finally
        {
            _screen.Write(PasteMarksOff);
            _screen.Flush();
            Console.TreatControlCAsInput = false;
        }
    }

    static ConsoleKeyInfo Key() => Task.Run(() => Console.ReadKey(intercept: true)).WaitAsync(Interrupts.Token).GetAwaiter().GetResult();

    /// <summary>The terminal marks where a pasted text begins and ends; whatever else follows Escape is typed.</summary>
    KeyOutcome Marked(ConsoleKeyInfo escape)
    {
        var keys = new List<ConsoleKeyInfo>();
        while (keys.Count < PasteBegins.Length && Console.KeyAvailable)
        {
            keys.Add(Key());
            var read = string.Concat(keys.Select(key => key.KeyChar));
            if (read is PasteBegins or PasteEnds)
            {
                _isPasting = read == PasteBegins;
                return KeyOutcome.Goes;
            }

            if (!PasteBegins.StartsWith(read, StringComparison.Ordinal) && !PasteEnds.StartsWith(read, StringComparison.Ordinal))
                break;
        }

        var outcome = _buffer.Press(escape, _isPasting);
        foreach (var key in keys)
            outcome = outcome == KeyOutcome.Goes ? _buffer.Press(key, _isPasting) : outcome;
        return outcome;
    }

    void Clear()
    {
        _screen.Write("\e[2J\e[H");
        _rowShown = 0;
    }

    void Draw(bool atEnd = false)
    {
        var rows = Rows(Math.Max(8, Console.WindowWidth), out var row, out var column);
        if (atEnd)
            (row, column) = (rows.Count - 1, Width(rows[^1]));
        // A text that is higher than the terminal is shown around the cursor.
        var height = Math.Max(1, Console.WindowHeight - 1);
        var top = Math.Max(0, row - height + 1);
        var shown = rows.Skip(top).Take(height).ToArray();
        var text = new StringBuilder("\e[?25l");
        if (_rowShown > 0)
            text.Append(CultureInfo.InvariantCulture, $"\e[{_rowShown}A");
        text.Append("\r\e[J").AppendJoin("\r\n", shown);
        if (shown.Length - 1 - (row - top) is > 0 and var up)
            text.Append(CultureInfo.InvariantCulture, $"\e[{up}A");
        text.Append('\r');
        if (column > 0)
            text.Append(CultureInfo.InvariantCulture, $"\e[{column}C");
        _screen.Write(text.Append("\e[?25h"));
        _screen.Flush();
        _rowShown = row - top;
    }

    /// <summary>The rows that the text takes, and where the cursor stands.</summary>
    List<string> Rows(int width, out int cursorRow, out int cursorColumn)
    {
        var rows = new List<string>();
        var line = new StringBuilder(prompt);
        var column = Width(prompt);
        var text = _buffer.Text;
        (cursorRow, cursorColumn) = (0, column);
        for (var at = 0; at < text.Length;)
        {
            var length = StringInfo.GetNextTextElementLength(text.AsSpan(at));
            var shown = Shown(text.Substring(at, length));
            var cells = Width(shown);
            if (text[at] == '\n' || column + cells >= width)
            {
                rows.Add(line.ToString());
                line.Clear().Append(text[at] == '\n' ? Continuation : "");
                column = Width(line.ToString());
            }

            if (at == _buffer.Cursor)
                (cursorRow, cursorColumn) = text[at] == '\n' ? (rows.Count - 1, Width(rows[^1])) : (rows.Count, column);
            if (text[at] != '\n')
            {
                line.Append(shown);
                column += cells;
            }

            at += length;
        }

        rows.Add(line.ToString());
        if (_buffer.Cursor == text.Length)
            (cursorRow, cursorColumn) = (rows.Count - 1, column);
        return rows;
    }

    static string Shown(string element) => element == "\t" ? "  " : Front.Plain(element);

    /// <summary>Columns that a text takes on a terminal.</summary>
    static int Width(string text) => new Segment(text).CellCount();
}
