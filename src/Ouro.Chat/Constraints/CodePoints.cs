using System.Globalization;
using System.Text;

namespace Ouro.Chat;

/// <summary>A set of characters, as ranges of Unicode scalar values. Immutable.</summary>
sealed class CodePoints
{
    const int FirstSurrogate = 0xD800;
    const int LastSurrogate = 0xDFFF;
    const int Last = 0x10FFFF;

    // The greatest values that UTF-8 spells with one, two, three and four bytes.
    static readonly int[] Borders = [0x7F, 0x7FF, 0xFFFF, Last];

    readonly (int Low, int High)[] _ranges;   // ascending, apart, without surrogates

    public CodePoints(IEnumerable<(int Low, int High)> ranges) => _ranges = [.. Normal(ranges)];

    /// <summary>All that a string in JSON holds without an escape.</summary>
    public static readonly CodePoints Unescaped = new([(0x20, '!'), ('#', '['), (']', Last)]);

    /// <summary>0 to 9.</summary>
    public static readonly CodePoints Digits = new([('0', '9')]);

    /// <summary>What <c>\w</c> means.</summary>
    public static readonly CodePoints Word = new([('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]);

    /// <summary>What <c>\s</c> means here: the blanks that every dialect counts.</summary>
    public static readonly CodePoints Blank = new([('\t', '\r'), (' ', ' ')]);

    /// <summary>All that any dialect counts as a blank or the end of a line.</summary>
    public static readonly CodePoints AnyBlank = new(
        [('\t', '\r'), (' ', ' '), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x180E, 0x180E), (0x2000, 0x200B), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)]);

    /// <summary>The ranges, ascending.</summary>
    public ReadOnlySpan<(int Low, int High)> Ranges => _ranges;

    public bool IsEmpty => _ranges.Length == 0;

    /// <summary>All others of the basic plane that are not control characters, and tab and the ends of lines.</summary>
    /// <remarks>Dialects of regular expressions disagree whether a character beyond that plane is one or two, so none is written where a pattern only excludes.</remarks>
    public CodePoints Others()
    {
        var others = new List<(int, int)>();
        foreach (var (low, high) in new[] { ('\t', '\n'), ('\r', '\r'), (' ', '~'), ((char)0xA0, '\uFFFD') })
        {
            var from = (int)low;
            foreach (var range in _ranges)
            {
                if (range.High < from || range.Low > high)
                    continue;
                if (range.Low > from)
                    others.Add((from, range.Low - 1));
                from = range.High + 1;
            }

            if (from <= high)
                others.Add((from, high));
        }

        return new CodePoints(others);
    }

    /// <summary>Adds the spellings of all these characters in a JSON string: UTF-8, and an escape only where one is needed.</summary>
    public void AddTo(Automaton.Builder builder, int from, int to)
    {
        foreach (var (low, high) in _ranges)
        {
            var start = low;
            for (; start <= high && start <= '\\'; start++)
            {
                if (Spelling(new Rune(start)) is { Length: > 1 } escape)
                {
                    var bytes = Encoding.ASCII.GetBytes(escape);
                    builder.Move(builder.Through(from, bytes.AsSpan(..^1)), bytes[^1], bytes[^1], to);
                }
                else
                {
                    builder.Move(from, (byte)start, (byte)start, to);
                }
            }

            if (start <= high)
                AddUtf8(builder, from, to, start, high);
        }
    }

    /// <summary>How a character is written in a JSON string.</summary>
    public static string Spelling(Rune rune) => rune.Value switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < 0x20 => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
        _ => rune.ToString(),
    };

    /// <summary>Adds a range cut into pieces in which every byte behind the one that varies takes all its values.</summary>
    static void AddUtf8(Automaton.Builder builder, int from, int to, int low, int high)
    {
        foreach (var border in Borders)
        {
            if (low > border || low > high)
                continue;

            var end = Math.Min(high, border);
            AddSameLength(builder, from, to, low, end);
            low = end + 1;
        }
    }

    static void AddSameLength(Automaton.Builder builder, int from, int to, int low, int high)
    {
        for (var bits = 6; bits <= 18; bits += 6)
        {
            var block = (1 << bits) - 1;
            if (high <= 0x7F || (low & ~block) == (high & ~block))
                continue;       // one leading part, so the end of the spelling may vary as it likes

            if ((low & block) != 0)
            {
                AddSameLength(builder, from, to, low, low | block);
                AddSameLength(builder, from, to, (low | block) + 1, high);
                return;
            }

            if ((high & block) != block)
            {
                AddSameLength(builder, from, to, low, (high & ~block) - 1);
                AddSameLength(builder, from, to, high & ~block, high);
                return;
            }
        }

        Span<byte> first = stackalloc byte[4];
        Span<byte> last = stackalloc byte[4];
        var length = new Rune(low).EncodeToUtf8(first);
        new Rune(high).EncodeToUtf8(last);
        for (var i = 0; i < length - 1; i++)
            from = builder.Through(from, first[i], last[i]);
        builder.Move(from, first[length - 1], last[length - 1], to);
    }

    static List<(int Low, int High)> Normal(IEnumerable<(int Low, int High)> ranges)
    {
        var whole = new List<(int Low, int High)>();
        foreach (var (low, high) in ranges.OrderBy(range => range.Low))
        {
            if (whole.Count > 0 && low <= whole[^1].High + 1)
                whole[^1] = (whole[^1].Low, Math.Max(whole[^1].High, high));
            else
                whole.Add((low, high));
        }

        var apart = new List<(int, int)>();
        foreach (var (low, high) in whole)
        {
            if (low < FirstSurrogate && low <= high)
                apart.Add((low, Math.Min(high, FirstSurrogate - 1)));
            if (high > LastSurrogate && low <= high)
                apart.Add((Math.Max(low, LastSurrogate + 1), high));
        }

        return apart;
    }
}
