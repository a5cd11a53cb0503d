using System.Buffers;

namespace Ouro.Text.Templates;

/// <summary>Operations on texts that keep the origin of every character. Callers have counted the reading; what is made is counted here.</summary>
static class TextEditing
{
    static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029");

    /// <summary>Without the given characters at its ends; without white space if none are given.</summary>
    public static TextValue Trim(TemplateRun run, TextValue text, TextValue? characters, bool atStart, bool atEnd)
    {
        run.ChargeComparison(text.Text.Length, characters?.Text.Length ?? 1);
        bool Goes(char character) => characters is null ? PythonText.IsSpace(character) : characters.Text.Contains(character, StringComparison.Ordinal);

        var (start, end) = (0, text.Text.Length);
        while (atStart && start < end && Goes(text.Text[start]))
            start++;
        while (atEnd && end > start && Goes(text.Text[end - 1]))
            end--;

        return text.Slice(start, end);
    }

    /// <summary>Parts between separators, or between white space if there is no separator.</summary>
    /// <param name="limit">Most cuts; negative for all.</param>
    public static ListValue Split(TemplateRun run, TextValue text, TextValue? separator, int limit)
    {
        List<TemplateValue> parts = [];
        if (separator is null)
            SplitAtSpaces(text, limit, parts);
        else
        {
            var start = 0;
            foreach (var place in Occurrences(run, text, NotEmpty(run, separator)).TakeWhile((_, cut) => limit < 0 || cut < limit))
            {
                parts.Add(text.Slice(start, place));
                start = place + separator.Text.Length;
            }

            parts.Add(text.Slice(start, text.Text.Length));
        }

        run.Charge(parts.Count);
        return new ListValue(parts, text.IsData);
    }

    /// <summary>The same with the last cuts where <see cref="Split"/> makes the first.</summary>
    public static ListValue SplitFromEnd(TemplateRun run, TextValue text, TextValue separator, int limit)
    {
        List<TemplateValue> parts = [];
        run.ChargeComparison(text.Text.Length, NotEmpty(run, separator).Text.Length);
        var end = text.Text.Length;
        while ((limit < 0 || parts.Count < limit) && text.Text.AsSpan(0, end).LastIndexOf(separator.Text) is >= 0 and var place)
        {
            parts.Add(text.Slice(place + separator.Text.Length, end));
            end = place;
        }

        parts.Add(text.Slice(0, end));
        parts.Reverse();
        run.Charge(parts.Count);
        return new ListValue(parts, text.IsData);
    }

    /// <summary>The lines of a text without their ends; an end of line at the very end begins none.</summary>
    public static IEnumerable<TextValue> Lines(TemplateRun run, TextValue text)
    {
        for (var start = 0; start < text.Text.Length;)
        {
            run.Charge(1);
            var length = text.Text.AsSpan(start).IndexOfAny(LineEnds);
            var end = length < 0 ? text.Text.Length : start + length;
            yield return text.Slice(start, end);
            start = end + (text.Text.AsSpan(end).StartsWith("\r\n") ? 2 : 1);
        }
    }

    /// <summary>Where a text occurs, without overlaps. An empty one occurs at every place.</summary>
    public static List<int> Occurrences(TemplateRun run, TextValue text, TextValue sought)
    {
        run.ChargeComparison(text.Text.Length, sought.Text.Length);
        List<int> places = [];
        for (var at = 0; at <= text.Text.Length;)
        {
            var place = text.Text.IndexOf(sought.Text, at, StringComparison.Ordinal);
            if (place < 0)
                break;

            run.Charge(1);
            places.Add(place);
            at = place + int.Max(1, sought.Text.Length);
        }

        return places;
    }

    /// <summary>With another text for each occurrence. What stands for data is data: only data decides that it is there.</summary>
    public static TextValue Replace(TemplateRun run, TextValue text, TextValue old, TextValue replacement, int limit)
    {
        var result = new TextBuilder(run);
        var copied = 0;
        foreach (var place in Occurrences(run, text, old).TakeWhile((_, done) => limit < 0 || done < limit))
        {
            result.Append(text, copied, place);
            copied = place + old.Text.Length;
            if (old.Text.Length == 0 ? text.IsData : text.HasDataWithin(place, copied))
                result.Append(replacement.Text, isData: true);
            else
                result.Append(replacement);
        }

        result.Append(text, copied, text.Text.Length);
        return result.ToText();
    }

    /// <summary>Items with a separator between them. A separator whose number data decides is data.</summary>
    public static TextValue Join(TemplateRun run, TemplateValue items, TextValue separator, bool mustBeTexts)
    {
        var result = new TextBuilder(run);
        var separatorIsData = Access.ItemsAreData(items);
        foreach (var (place, item) in Access.Items(run, items).Index())
        {
            if (mustBeTexts && item is not TextValue)
                throw run.Fault($"only texts can be joined; item {place} is {item.Kind}.");
            if (place > 0 && separatorIsData)
                result.Append(separator.Text, isData: true);
            else if (place > 0)
                result.Append(separator);
            result.Append(ValueText.Of(run, item));
        }

        return result.ToText();
    }

    /// <summary>A text many times over; data as a whole if data says how many.</summary>
    public static TextValue Repeat(TemplateRun run, TextValue text, TemplateValue times)
    {
        var count = Numbers.Clamped(Int128.Max(0, Numbers.AsInteger(times)!.Value));
        run.ChargeText((long)count * text.Text.Length);
        var result = new TextBuilder(run);
        for (var i = 0; i < count && text.Text.Length > 0; i++)
            if (times.IsData)
                result.Append(text.Text, isData: true);
            else
                result.Append(text);

        return result.ToText();
    }

    public static TextValue Upper(TemplateRun run, TextValue text) => Made(run, text, text.Text.ToUpperInvariant());

    public static TextValue Lower(TemplateRun run, TextValue text) => Made(run, text, text.Text.ToLowerInvariant());

    public static TextValue Capitalize(TemplateRun run, TextValue text)
        => text.Text.Length == 0 ? text : Made(run, text, char.ToUpperInvariant(text.Text[0]) + text.Text[1..].ToLowerInvariant());

    /// <summary>The first character of each word large, the others small.</summary>
    public static TextValue Title(TemplateRun run, TextValue text, Func<char, bool> isInWord)
    {
        var before = false;
        return Made(run, text, string.Create(text.Text.Length, text.Text, (output, input) =>
        {
            for (var place = 0; place < input.Length; place++)
            {
                output[place] = before ? char.ToLowerInvariant(input[place]) : char.ToUpperInvariant(input[place]);
                before = isInWord(input[place]);
            }
        }));
    }

    static TextValue Made(TemplateRun run, TextValue text, string changed)
    {
        run.ChargeText(changed.Length);
        return text.WithText(changed);
    }

    static TextValue NotEmpty(TemplateRun run, TextValue separator)
        => separator.Text.Length > 0 ? separator : throw run.Fault("a text cannot be split at the empty text.");

    static void SplitAtSpaces(TextValue text, int limit, List<TemplateValue> parts)
    {
        for (var at = 0; ;)
        {
            while (at < text.Text.Length && PythonText.IsSpace(text.Text[at]))
                at++;
            if (at == text.Text.Length)
                return;

            var end = at;
            while (end < text.Text.Length && !PythonText.IsSpace(text.Text[end]))
                end++;
            if (limit >= 0 && parts.Count == limit)
                end = text.Text.Length;

            parts.Add(text.Slice(at, end));
            at = end;
        }
    }
}
