using System.Text.Json;
using Ouro.Text;

namespace Ouro.Serving;

/// <summary>A text of a request as token ids.</summary>
/// <param name="Ids">Its tokens.</param>
/// <param name="Text">What it was given as; null if it came as ids.</param>
/// <param name="Path">Its place in the request.</param>
sealed record TextInput(int[] Ids, string? Text, string Path)
{
    const int MostIds = 1 << 20;

    /// <summary>Reads one text or several: a string, a list of strings, a list of token ids, or a list of such lists.</summary>
    /// <param name="special">What becomes of text that spells a special token.</param>
    /// <param name="most">Most texts.</param>
    /// <exception cref="OpenAiException">It is none of these, or empty.</exception>
    public static IReadOnlyList<TextInput> Read(RequestField field, Tokenizer tokenizer, SpecialText special, int most)
    {
        if (field.IsText)
            return [OfText(field, tokenizer, special)];
        if (!field.IsList)
            throw field.Not("a string, a list of strings, or token ids");
        if (field.Value.GetArrayLength() == 0)
            throw OpenAiException.Bad(field.Path, $"{field.Path} is empty; give some text.");
        if (field.Value[0].ValueKind == JsonValueKind.Number)
            return [OfIds(field)];

        return [.. field.List(most).Select(entry => entry.IsList ? OfIds(entry) : OfText(entry, tokenizer, special))];
    }

    static TextInput OfText(RequestField field, Tokenizer tokenizer, SpecialText special)
    {
        var text = field.Text();
        return text.Length > 0
            ? new TextInput(tokenizer.Encode(text, special), text, field.Path)
            : throw OpenAiException.Bad(field.Path, $"{field.Path} is empty; give some text.");
    }

    static TextInput OfIds(RequestField field)
    {
        var count = field.Value.GetArrayLength();
        if (count is 0 or > MostIds)
            throw OpenAiException.Bad(field.Path, $"{field.Path} has {count:N0} token ids, but it must have 1 to {MostIds:N0}.");

        var ids = new int[count];
        var i = 0;
        foreach (var id in field.Value.EnumerateArray())
        {
            ids[i] = id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var read) && read >= 0
                ? read
                : throw new RequestField(id, $"{field.Path}[{i}]").Not("a token id, a whole number from 0 on");
            i++;
        }

        return new TextInput(ids, Text: null, field.Path);
    }
}
