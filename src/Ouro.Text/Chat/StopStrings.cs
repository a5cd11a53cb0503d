using System.Text;

namespace Ouro.Text;

/// <summary>Ends a stream of text where a stop string is first complete. Not thread-safe.</summary>
/// <remarks>
/// Law, for any cutting of a text into chunks: take the shortest beginning of the text that ends with a stop string; the output is that
/// beginning without the longest stop string it ends with. If there is none, the output is the whole text.
/// Text is held back only while it is the beginning of a stop string (each is followed by the automaton of Knuth, Morris and Pratt).
/// </remarks>
public sealed class StopStrings
{
    readonly Pattern[] _patterns;
    readonly StringBuilder _held = new();

    /// <param name="stops">Any number, none of them empty; compared by UTF-16 units.</param>
    /// <exception cref="ArgumentException">A stop string is empty.</exception>
    public StopStrings(IEnumerable<string> stops) => _patterns = [.. stops.Distinct().Select(stop => new Pattern(stop))];

    /// <summary>The stop string that ended the text; null while it goes on.</summary>
    public string? Found { get; private set; }

    /// <summary>The text that can be shown now; empty once a stop string was found.</summary>
    public string Add(ReadOnlySpan<char> chunk)
    {
        if (Found is not null)
            return "";

        foreach (var character in chunk)
        {
            _held.Append(character);
            foreach (var pattern in _patterns)
                if (pattern.Advance(character) && pattern.Text.Length > (Found?.Length ?? 0))
                    Found = pattern.Text;

            if (Found is not null)
            {
                _held.Length -= Found.Length;
                return Take(_held.Length);
            }
        }

        return Take(_held.Length - LongestPrefixHeld());
    }

    /// <summary>Ends the text: what was held back, empty if a stop string was found.</summary>
    public string Flush() => Found is null ? Take(_held.Length) : "";

    int LongestPrefixHeld()
    {
        var longest = 0;
        foreach (var pattern in _patterns)
            longest = int.Max(longest, pattern.Matched);

        return longest;
    }

    string Take(int length)
    {
        var text = _held.ToString(0, length);
        _held.Remove(0, length);
        return text;
    }

    /// <summary>Follows one stop string: how much of its beginning the text now ends with.</summary>
    sealed class Pattern
    {
        readonly int[] _fallback;   // by matched length: the next shorter beginning that is also an ending

        public Pattern(string text)
        {
            if (text.Length == 0)
                throw new ArgumentException("A stop string is empty; it would end every text before it begins.");

            Text = text;
            _fallback = new int[text.Length + 1];
            for (int length = 1, matched = 0; length < text.Length; length++)
            {
                while (matched > 0 && text[matched] != text[length])
                    matched = _fallback[matched];
                if (text[matched] == text[length])
                    matched++;
                _fallback[length + 1] = matched;
            }
        }

        public string Text { get; }

        public int Matched { get; private set; }

        /// <summary>True when the stop string is complete.</summary>
        public bool Advance(char character)
        {
            while (Matched > 0 && Text[Matched] != character)
                Matched = _fallback[Matched];
            if (Text[Matched] == character)
                Matched++;

            return Matched == Text.Length;
        }
    }
}
