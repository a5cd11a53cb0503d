using System.Globalization;

namespace Ouro.Cli.Replies;

/// <summary>What a key came to.</summary>
enum KeyOutcome
{
    /// <summary>Typing goes on.</summary>
    Goes,

    /// <summary>The text is ready.</summary>
    Ready,

    /// <summary>The text was thrown away.</summary>
    Dropped,

    /// <summary>There is nothing more to come.</summary>
    Ended,
}

/// <summary>A text that is being typed: what keys do to it, as people know them from shells. Not thread-safe.</summary>
/// <param name="history">What was typed before, oldest first.</param>
sealed class LineBuffer(IReadOnlyList<string> history)
{
    int _place = history.Count;     // in the history; behind it is what is being typed
    string _typed = "";             // that, while something older is shown

    /// <summary>The text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The character before which the next one goes.</summary>
    public int Cursor { get; private set; }

    /// <summary>Takes a key.</summary>
    /// <param name="isPasted">True if it is part of a text that is pasted: its line ends do not send it.</param>
    public KeyOutcome Press(ConsoleKeyInfo key, bool isPasted = false)
    {
        var (isControl, isAlt) = (key.Modifiers.HasFlag(ConsoleModifiers.Control), key.Modifiers.HasFlag(ConsoleModifiers.Alt));
        if (isControl && isAlt && !char.IsControl(key.KeyChar))
        {
            // AltGr, as on many keyboards for '@' and braces.
            Insert(key.KeyChar.ToString());
            return KeyOutcome.Goes;
        }

        if (key.KeyChar == '\n' || key.Key == ConsoleKey.Enter)
        {
            if (key.KeyChar != '\n' && !isAlt && !isPasted)
                return KeyOutcome.Ready;

            Insert("\n");
            return KeyOutcome.Goes;
        }

        switch (key.Key)
        {
            case ConsoleKey.C when isControl:
                return Drop();
            case ConsoleKey.D when isControl && Text.Length == 0:
                return KeyOutcome.Ended;
            case ConsoleKey.Delete:
            case ConsoleKey.D when isControl:
                Remove(Cursor, After(Cursor));
                break;
            case ConsoleKey.Backspace when isAlt:
            case ConsoleKey.W when isControl:
                Remove(WordBefore(Cursor), Cursor);
                break;
            case ConsoleKey.Backspace:
            case ConsoleKey.H when isControl:
                Remove(Before(Cursor), Cursor);
                break;
            case ConsoleKey.U when isControl:
                Remove(LineStart(Cursor), Cursor);
                break;
            case ConsoleKey.K when isControl:
                Remove(Cursor, LineEnd(Cursor));
                break;
            default:
                if (!Move(key.Key, isControl, isAlt) && !char.IsControl(key.KeyChar) && !isControl && !isAlt)
                    Insert(key.KeyChar.ToString());
                else if (key.Key == ConsoleKey.Tab)
                    Insert("\t");
                break;
        }

        return KeyOutcome.Goes;
    }

    bool Move(ConsoleKey key, bool isControl, bool isAlt)
    {
        switch (key)
        {
            case ConsoleKey.LeftArrow:
            case ConsoleKey.B when isControl || isAlt:
                Cursor = (key == ConsoleKey.LeftArrow && isControl) || isAlt ? WordBefore(Cursor) : Before(Cursor);
                return true;
            case ConsoleKey.RightArrow:
            case ConsoleKey.F when isControl || isAlt:
                Cursor = (key == ConsoleKey.RightArrow && isControl) || isAlt ? WordAfter(Cursor) : After(Cursor);
                return true;
            case ConsoleKey.Home:
            case ConsoleKey.A when isControl:
                Cursor = LineStart(Cursor);
                return true;
            case ConsoleKey.End:
            case ConsoleKey.E when isControl:
                Cursor = LineEnd(Cursor);
                return true;
            case ConsoleKey.UpArrow:
            case ConsoleKey.P when isControl:
                if (LineStart(Cursor) is > 0 and var start)
                    Cursor = Boundary(LineStart(start - 1), Math.Min(LineStart(start - 1) + Cursor - start, start - 1));
                else
                    Recall(_place - 1);
                return true;
            case ConsoleKey.DownArrow:
            case ConsoleKey.N when isControl:
                if (LineEnd(Cursor) is var end && end < Text.Length)
                    Cursor = Boundary(end + 1, Math.Min(end + 1 + Cursor - LineStart(Cursor), LineEnd(end + 1)));
                else
                    Recall(_place + 1);
                return true;
            default:
                return false;
        }
    }

    void Recall(int place)
    {
        if (place < 0 || place > history.Count)
            return;
        if (_place == history.Count)
            _typed = Text;
        _place = place;
        Text = place == history.Count ? _typed : history[place];
        Cursor = Text.Length;
    }

    KeyOutcome Drop()
    {
        (Text, Cursor, _place) = ("", 0, history.Count);
        return KeyOutcome.Dropped;
    }

    void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    void Remove(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = from;
    }

    int LineStart(int at) => at == 0 ? 0 : Text.LastIndexOf('\n', at - 1) + 1;

    int LineEnd(int at) => Text.IndexOf('\n', at) is >= 0 and var end ? end : Text.Length;

    /// <summary>Where the character behind a place ends: what people see as one may be several of .NET's.</summary>
    int After(int at) => at + StringInfo.GetNextTextElementLength(Text.AsSpan(at));

    int Before(int at) => at == 0 ? 0 : Text[at - 1] == '\n' ? at - 1 : Boundary(LineStart(at), at - 1);

    /// <summary>The last place from a line's start on that is not behind another, and not within a character.</summary>
    int Boundary(int start, int at)
    {
        var place = start;
        while (place < at && After(place) is var next && next <= at)
            place = next;
        return place;
    }

    int WordBefore(int at)
    {
        while (at > 0 && !char.IsLetterOrDigit(Text[at - 1]))
            at--;
        while (at > 0 && char.IsLetterOrDigit(Text[at - 1]))
            at--;
        return at;
    }

    int WordAfter(int at)
    {
        while (at < Text.Length && !char.IsLetterOrDigit(Text[at]))
            at++;
        while (at < Text.Length && char.IsLetterOrDigit(Text[at]))
            at++;
        return at;
    }
}
