using Ouro.Formats;

namespace Ouro.Text.Templates;

/// <summary>Members, items and parts of values: what <c>a.b</c>, <c>a[b]</c>, <c>a[b:c]</c> and <c>for</c> find.</summary>
static class Access
{
    /// <summary><c>value.name</c>: methods come before keys, as in Jinja.</summary>
    public static TemplateValue Member(TemplateRun run, TemplateValue value, string name)
    {
        TemplateValue? found = value switch
        {
            UndefinedValue undefined => throw run.Fault($"{undefined.Name} is undefined, so it has no {Quoting.Quote(name)}."),
            DictionaryValue dictionary => Method(value, name) ?? dictionary.Find(name),
            NamespaceValue variables => variables.Find(name),
            LoopValue loop => loop.Find(name),
            _ => Method(value, name),
        };
        return found ?? new UndefinedValue(Quoting.Quote(name));
    }

    /// <summary><c>value[key]</c>: keys come before methods, and what is not there is undefined.</summary>
    public static TemplateValue Item(TemplateRun run, TemplateValue value, TemplateValue key)
    {
        switch (value)
        {
            case DictionaryValue dictionary when DictionaryValue.CanBeKey(key):
                return dictionary.Find(Comparing.Key(run, key)) ?? (key is TextValue name ? Member(run, value, name.Text) : Missing(run, key));
            case ListValue list when Numbers.AsInteger(key) is { } place:
                return Place(place, list.Items.Count) is { } index ? list.Items[index] : Missing(run, key);
            case TextValue text when Numbers.AsInteger(key) is { } place:
                return (TemplateValue?)Character(run, text, place) ?? Missing(run, key);
            default:
                return key is TextValue || value is UndefinedValue ? Member(run, value, ValueText.Of(run, key).Text) : Missing(run, key);
        }
    }

    /// <summary><c>value[from:to:step]</c>, each bound null if it is not given.</summary>
    public static TemplateValue Slice(TemplateRun run, TemplateValue value, TemplateValue? from, TemplateValue? to, TemplateValue? step)
    {
        var stride = Bound(run, step) ?? 1;
        if (stride == 0)
            throw run.Fault("a slice has the step 0.");

        switch (value)
        {
            case ListValue list:
                var (places, count) = Places(list.Items.Count, Bound(run, from), Bound(run, to), stride);
                run.Charge(count);
                return new ListValue([.. places.Select(place => list.Items[place])], list.IsData, list.IsTuple);
            case TextValue text:
                return SliceText(run, text, Bound(run, from), Bound(run, to), stride);
            default:
                throw run.Fault($"{value.Kind} has no slices; expected a text or a list.");
        }
    }

    /// <summary>What a loop goes through; a copy, so that a list may grow meanwhile.</summary>
    public static List<TemplateValue> Items(TemplateRun run, TemplateValue value)
    {
        List<TemplateValue> items = value switch
        {
            ListValue list => [.. list.Items],
            DictionaryValue dictionary => [.. dictionary.Members.Select(member => member.Key)],
            TextValue text => Characters(run, text),
            UndefinedValue => [],
            _ => throw run.Fault($"{value.Kind} has no items; expected a list, a dictionary or a text."),
        };
        run.Charge(items.Count);
        return items;
    }

    /// <summary>Whether the number of items is chosen by data, so that what stands between them is data too.</summary>
    public static bool ItemsAreData(TemplateValue value) => value is (ListValue or DictionaryValue or TextValue) && value.IsData;

    static List<TemplateValue> Characters(TemplateRun run, TextValue text)
    {
        run.Charge(text.Text.Length);
        var map = new CharacterMap(run, text.Text);
        return [.. Enumerable.Range(0, map.Count).Select(place => text.Slice(map[place], map[place + 1]))];
    }

    static TextValue? Character(TemplateRun run, TextValue text, Int128 place)
    {
        var map = new CharacterMap(run, text.Text);
        return Place(place, map.Count) is { } index ? text.Slice(map[index], map[index + 1]) : null;
    }

    static TextValue SliceText(TemplateRun run, TextValue text, Int128? from, Int128? to, Int128 stride)
    {
        var map = new CharacterMap(run, text.Text);
        var (places, count) = Places(map.Count, from, to, stride);
        if (count == 0)
            return TextValue.Empty;

        run.ChargeText(count);
        if (stride == 1)
        {
            var first = places.First();
            return text.Slice(map[first], map[first + count]);
        }

        run.Charge(count);
        var result = new TextBuilder(run);
        foreach (var place in places)
            result.Append(text, map[place], map[place + 1]);
        return result.ToText();
    }

    static Int128? Bound(TemplateRun run, TemplateValue? value) => value switch
    {
        null or NoneValue => null,
        _ => Numbers.AsInteger(value) is { } integer ? integer : throw run.Fault($"a slice has the bound {value.Kind}; expected an integer."),
    };

    static int? Place(Int128 place, int count)
    {
        var fromFront = place < 0 ? place + count : place;
        return fromFront >= 0 && fromFront < count ? (int)fromFront : null;
    }

    /// <summary>Python's rule for slices.</summary>
    static (IEnumerable<int> Places, int Count) Places(int length, Int128? from, Int128? to, Int128 step)
    {
        var (lowest, highest) = step > 0 ? (0, length) : (-1, length - 1);
        var start = from is { } first ? Into(first, length, lowest, highest) : step > 0 ? lowest : highest;
        var end = to is { } last ? Into(last, length, lowest, highest) : step > 0 ? highest : lowest;

        var stride = Numbers.Clamped(step);
        var distance = stride > 0 ? (long)end - start : (long)start - end;
        var width = long.Abs(stride);
        var count = distance > 0 ? (int)((distance + width - 1) / width) : 0;
        return (Enumerable.Range(0, count).Select(i => (int)(start + (long)i * stride)), count);
    }

    static int Into(Int128 bound, int length, int lowest, int highest)
        => (int)Int128.Clamp(bound < 0 ? bound + length : bound, lowest, highest);

    static UndefinedValue Missing(TemplateRun run, TemplateValue key)
        => new($"item {ValueText.Of(run, key).Text}");

    static FunctionValue? Method(TemplateValue value, string name)
    {
        var method = value switch
        {
            TextValue => TextMethods.Find(name),
            DictionaryValue => CollectionMethods.OfDictionary(name),
            ListValue => CollectionMethods.OfList(name),
            _ => null,
        };
        return method is null ? null : new FunctionValue(name, arguments => method.On(value, arguments));
    }
}
