namespace Ouro.Chat;

/// <summary>Where a text is inside a character of UTF-8, and the states of an automaton that reads any unescaped characters up to a quotation mark.</summary>
sealed class Utf8States
{
    /// <summary>Between two characters.</summary>
    public const int Between = 0;

    const int One = 1;      // so many bytes follow, of any value that following bytes have
    const int Two = 2;
    const int Three = 3;
    const int Count = 8;

    // By place: the bytes that may follow, and the place behind them. The last four places are behind the leading bytes E0, ED, F0 and F4,
    // which not every byte may follow: it would spell a character in more bytes than it needs, half a surrogate pair, or nothing.
    static readonly (byte Low, byte High, int Next)[][] Moves =
    [
        [(0x20, 0x21, Between), (0x23, 0x5B, Between), (0x5D, 0x7F, Between), (0xC2, 0xDF, One), (0xE0, 0xE0, 4), (0xE1, 0xEC, Two),
            (0xED, 0xED, 5), (0xEE, 0xEF, Two), (0xF0, 0xF0, 6), (0xF1, 0xF3, Three), (0xF4, 0xF4, 7)],
        [(0x80, 0xBF, Between)],
        [(0x80, 0xBF, One)],
        [(0x80, 0xBF, Two)],
        [(0xA0, 0xBF, One)],
        [(0x80, 0x9F, One)],
        [(0x90, 0xBF, Two)],
        [(0x80, 0x8F, Two)],
    ];

    readonly Automaton.Builder _builder;
    readonly int _done;
    readonly int[] _states = new int[Count];

    /// <param name="builder">Gets the states.</param>
    /// <param name="done">The state behind the quotation mark.</param>
    public Utf8States(Automaton.Builder builder, int done)
    {
        (_builder, _done) = (builder, done);
        for (var place = 0; place < Count; place++)
            _states[place] = builder.NewState();
        for (var place = 0; place < Count; place++)
            Leave(_states[place], place, isTaken: false);
    }

    /// <summary>The place behind a byte; -1 if it cannot be there unescaped.</summary>
    public static int Next(int place, byte value)
    {
        foreach (var (low, high, next) in Moves[place])
        {
            if (value >= low && value <= high)
                return next;
        }

        return -1;
    }

    /// <summary>Lets a text leave a state by every byte that may follow at its place and has no move there yet.</summary>
    /// <param name="isTaken">True if the text must not end here.</param>
    public void Leave(int state, int place, bool isTaken)
    {
        foreach (var (low, high, next) in Moves[place])
        {
            for (var value = (int)low; value <= high; value++)
            {
                if (_builder.Find(state, (byte)value) < 0)
                    _builder.Move(state, (byte)value, (byte)value, _states[next]);
            }
        }

        if (place == Between && !isTaken)
            _builder.Move(state, (byte)'"', (byte)'"', _done);
    }
}
