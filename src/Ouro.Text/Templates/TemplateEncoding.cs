namespace Ouro.Text.Templates;

/// <summary>Turns a rendered prompt into token ids.</summary>
public static class TemplateEncoding
{
    /// <summary>The ids of a prompt. Special tokens are found only in what the template wrote; everything else is text, whatever it spells.</summary>
    /// <remarks>
    /// Words are merged across the borders, as in one text, so for data that spells no added token, nor a piece of one at a border, the ids are those
    /// of the joined text with <see cref="SpecialText.Parsed"/>.
    /// </remarks>
    public static int[] Encode(Tokenizer tokenizer, IReadOnlyList<TemplatePart> parts)
    {
        List<Range> written = [];
        var length = 0;
        foreach (var part in parts)
        {
            var range = length..(length + part.Text.Length);
            length = range.End.Value;
            if (part.IsData)
                continue;

            // Parts that nobody merged are one stretch nevertheless.
            if (written is [.., var last] && last.End.Equals(range.Start))
                written[^1] = last.Start..range.End;
            else
                written.Add(range);
        }

        var ids = new List<int>(length / 4 + 4);
        tokenizer.Encode(string.Concat(parts.Select(part => part.Text)), written, ids);
        return [.. ids];
    }
}
