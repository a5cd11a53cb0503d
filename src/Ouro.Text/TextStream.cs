using System.Text;

namespace Ouro.Text;

/// <summary>Turns tokens into text one at a time and never gives out half a character. Not thread-safe.</summary>
/// <remarks>All results joined, the last from <see cref="Flush"/>, equal <see cref="Tokenizer.Decode"/> of all ids.</remarks>
/// <param name="tokenizer">Kept; may be shared.</param>
public sealed class TextStream(Tokenizer tokenizer, ShownSpecials shown = ShownSpecials.All)
{
    readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>The text that can be shown now that <paramref name="id"/> has come; empty while a character is incomplete.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary has no such id.</exception>
    public string Add(int id) => tokenizer.Shows(id, shown) ? Decode(tokenizer.BytesOf(id), flush: false) : "";

    /// <summary>Ends the text: U+FFFD for an incomplete character, else empty. The stream can then be used for a new text.</summary>
    public string Flush() => Decode([], flush: true);

    string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        const int LargestOnStack = 256;
        var room = bytes.Length + 4;   // held-back bytes may turn out to be invalid: at most 3 more characters
        var characters = room <= LargestOnStack ? stackalloc char[LargestOnStack] : new char[room];
        return characters[.._decoder.GetChars(bytes, characters, flush)].ToString();
    }
}
