using Ouro.Cli.Replies;

namespace Ouro.Laws.Cli.Replies;

/// <summary>What keys do to a text that is being typed.</summary>
public sealed class LineBufferLaws
{
    static readonly ConsoleKeyInfo Enter = new('\r', ConsoleKey.Enter, false, false, false);

    [Fact]
    public void Letters_go_where_the_cursor_is()
    {
        var line = Typed("abd");

        Press(line, ConsoleKey.LeftArrow);
        Type(line, "c");
        Press(line, ConsoleKey.Home);
        Type(line, "<");
        Press(line, ConsoleKey.End);
        Type(line, ">");

        line.Text.ShouldBe("<abcd>");
    }

    [Fact]
    public void What_people_see_as_one_character_is_removed_as_one()
    {
        var line = Typed("x👩‍👩‍👧é日");

        for (var i = 0; i < 2; i++)
            Press(line, ConsoleKey.Backspace);
        line.Text.ShouldBe("x👩‍👩‍👧");
        Press(line, ConsoleKey.LeftArrow);
        line.Cursor.ShouldBe(1);
        Press(line, ConsoleKey.Delete);
        line.Text.ShouldBe("x");
    }

    [Fact]
    public void Words_and_lines_go_at_once()
    {
        var line = Typed("one two  three");

        Control(line, ConsoleKey.W);
        line.Text.ShouldBe("one two  ");
        Control(line, ConsoleKey.LeftArrow);
        Control(line, ConsoleKey.K);
        line.Text.ShouldBe("one ");
        Control(line, ConsoleKey.U);
        line.Text.ShouldBeEmpty();
    }

    [Fact]
    public void Enter_sends_but_not_in_a_pasted_text_and_not_with_Alt()
    {
        var line = Typed("a");

        line.Press(Enter, isPasted: true).ShouldBe(KeyOutcome.Goes);
        line.Press(new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, alt: true, false)).ShouldBe(KeyOutcome.Goes);
        line.Press(new ConsoleKeyInfo('\n', ConsoleKey.J, false, false, control: true)).ShouldBe(KeyOutcome.Goes);
        line.Text.ShouldBe("a\n\n\n");
        line.Press(Enter).ShouldBe(KeyOutcome.Ready);
    }

    [Fact]
    public void What_AltGr_types_is_typed()
    {
        var line = Typed("");

        foreach (var (symbol, key) in new[] { ('@', ConsoleKey.Q), ('ć', ConsoleKey.C), ('ą', ConsoleKey.A), ('ń', ConsoleKey.N), ('}', ConsoleKey.D0) })
            line.Press(new ConsoleKeyInfo(symbol, key, false, alt: true, control: true));

        line.Text.ShouldBe("@ćąń}");
    }

    [Fact]
    public void Up_and_down_move_between_lines_and_then_through_what_was_typed_before()
    {
        var line = Typed("new", "old", "two\nlines");

        Press(line, ConsoleKey.UpArrow);
        line.Text.ShouldBe("two\nlines");
        Press(line, ConsoleKey.UpArrow);
        line.Cursor.ShouldBe(3);            // in the first line, which is shorter
        Press(line, ConsoleKey.UpArrow);
        Press(line, ConsoleKey.UpArrow);
        line.Text.ShouldBe("old");
        for (var i = 0; i < 4; i++)
            Press(line, ConsoleKey.DownArrow);
        line.Text.ShouldBe("new");
    }

    [Fact]
    public void Control_C_throws_the_text_away_and_Control_D_ends_an_empty_one()
    {
        var line = Typed("abc");

        Control(line, ConsoleKey.D).ShouldBe(KeyOutcome.Goes);
        Control(line, ConsoleKey.C).ShouldBe(KeyOutcome.Dropped);
        line.Text.ShouldBeEmpty();
        Control(line, ConsoleKey.D).ShouldBe(KeyOutcome.Ended);
    }

    [Fact]
    public void No_order_of_keys_leaves_the_text()
    {
        var random = new Random(7);
        const string Symbols = "ab\n\t é日";
        var keys = Enum.GetValues<ConsoleKey>();
        for (var round = 0; round < 200; round++)
        {
            var line = Typed("é👩‍👧\nab", "x\n\ny");
            for (var i = 0; i < 100; i++)
            {
                var symbol = Symbols[random.Next(Symbols.Length)];
                line.Press(new ConsoleKeyInfo(symbol, keys[random.Next(keys.Length)], false, random.Next(4) == 0, random.Next(4) == 0), random.Next(2) == 0);
                Places(line.Text).ShouldContain(line.Cursor);
            }
        }
    }

    /// <summary>The places between what people see as characters.</summary>
    static HashSet<int> Places(string text) => [.. System.Globalization.StringInfo.ParseCombiningCharacters(text), text.Length];

    static LineBuffer Typed(string text, params string[] history)
    {
        var line = new LineBuffer(history);
        Type(line, text);
        return line;
    }

    static void Type(LineBuffer line, string text)
    {
        foreach (var symbol in text)
            line.Press(new ConsoleKeyInfo(symbol, ConsoleKey.None, false, false, false), isPasted: true);
    }

    static void Press(LineBuffer line, ConsoleKey key) => line.Press(new ConsoleKeyInfo('\0', key, false, false, false)).ShouldBe(KeyOutcome.Goes);

    static KeyOutcome Control(LineBuffer line, ConsoleKey key) => line.Press(new ConsoleKeyInfo('\0', key, false, false, control: true));
}
