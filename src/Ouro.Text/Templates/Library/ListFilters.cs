namespace Ouro.Text.Templates;

/// <summary>Filters of lists, and of what can be gone through like one.</summary>
static class ListFilters
{
    public static Dictionary<string, Operation> All() => new()
    {
        ["length"] = new([], Length),
        ["count"] = new([], Length),
        ["list"] = new([], (subject, arguments) => Like(subject, Access.Items(arguments.Run, subject))),
        ["first"] = new([], (subject, arguments) => Access.Items(arguments.Run, subject) is [var first, ..] ? first : new UndefinedValue("the first item of an empty list")),
        ["last"] = new([], (subject, arguments) => Access.Items(arguments.Run, subject) is [.., var last] ? last : new UndefinedValue("the last item of an empty list")),
        ["items"] = new([], (subject, arguments) => subject switch
        {
            UndefinedValue => new ListValue([]),
            DictionaryValue dictionary => CollectionMethods.OfDictionary("items")!.On(dictionary, arguments),
            _ => throw arguments.Run.Fault($"items is applied to {subject.Kind}; expected a dictionary."),
        }),
        ["join"] = new(["d", "attribute"], Join),
        ["reverse"] = new([], Reverse),
        ["sort"] = new(["reverse", "case_sensitive", "attribute"], Sort),
        ["dictsort"] = new(["case_sensitive", "by", "reverse"], SortDictionary),
        ["unique"] = new(["case_sensitive", "attribute"], Unique),
        ["min"] = new(["case_sensitive", "attribute"], (subject, arguments) => Extreme(subject, arguments, order => order < 0)),
        ["max"] = new(["case_sensitive", "attribute"], (subject, arguments) => Extreme(subject, arguments, order => order > 0)),
        ["sum"] = new(["attribute", "start"], Sum),
        ["batch"] = new(["linecount", "fill_with"], Batch),
    };

    /// <summary>A list whose length data decides if it decided that of the list it is made from.</summary>
    public static ListValue Like(TemplateValue subject, List<TemplateValue> items) => new(items, Access.ItemsAreData(subject));

    /// <summary>What a filter looks at in an item: the item, or a member of it, which may be a path such as <c>function.name</c>.</summary>
    public static TemplateValue Part(TemplateRun run, TemplateValue item, TemplateValue? attribute)
    {
        if (attribute is null or NoneValue)
            return item;
        if (attribute is not TextValue path)
            return Access.Item(run, item, attribute);

        run.ChargeText(path.Text.Length);
        foreach (var name in path.Text.Split('.'))
        {
            run.Charge(1);
            item = int.TryParse(name, out var place)
                ? Access.Item(run, item, new IntegerValue(place))
                : Access.Item(run, item, new TextValue(name, isData: false));
        }

        return item;
    }

    static IntegerValue Length(TemplateValue subject, Arguments arguments) => new(subject switch
    {
        TextValue text => new CharacterMap(arguments.Run, text.Text).Count,
        ListValue list => list.Items.Count,
        DictionaryValue dictionary => dictionary.Members.Count,
        UndefinedValue => 0,
        _ => throw arguments.Run.Fault($"{subject.Kind} has no length."),
    });

    static TextValue Join(TemplateValue subject, Arguments arguments)
    {
        var run = arguments.Run;
        var items = arguments[1] is null
            ? subject
            : Like(subject, [.. Access.Items(run, subject).Select(item => Part(run, item, arguments[1]))]);
        return TextEditing.Join(run, items, arguments[0] is { } separator ? ValueText.Of(run, separator) : TextValue.Empty, mustBeTexts: false);
    }

    static TemplateValue Reverse(TemplateValue subject, Arguments arguments)
    {
        if (subject is TextValue)
            return Access.Slice(arguments.Run, subject, null, null, new IntegerValue(-1));

        var items = Access.Items(arguments.Run, subject);
        items.Reverse();
        return Like(subject, items);
    }

    static ListValue Sort(TemplateValue subject, Arguments arguments)
    {
        var run = arguments.Run;
        var pairs = Keyed(subject, arguments, caseSensitive: 1, attribute: 2);
        return Like(subject, [.. Comparing.Sorted(run, pairs, pair => pair.Key, arguments.Flag(0, false)).Select(pair => pair.Value)]);
    }

    static ListValue SortDictionary(TemplateValue subject, Arguments arguments)
    {
        var run = arguments.Run;
        if (subject is not DictionaryValue dictionary)
            throw run.Fault($"dictsort is applied to {subject.Kind}; expected a dictionary.");

        var byValue = arguments.TextOrNull(1)?.Text == "value";
        var caseSensitive = arguments.Flag(0, false);
        TemplateValue Key(KeyValuePair<TemplateValue, TemplateValue> member)
        {
            var key = byValue ? member.Value : member.Key;
            return caseSensitive ? key : Comparing.IgnoreCase(run, key);
        }

        run.Charge(dictionary.Members.Count);
        var sorted = Comparing.Sorted(run, dictionary.Members, Key, arguments.Flag(2, false));
        return Like(subject, [.. sorted.Select(member => ListValue.Tuple(member.Key, member.Value))]);
    }

    static ListValue Unique(TemplateValue subject, Arguments arguments)
    {
        var seen = new DictionaryValue();
        List<TemplateValue> kept = [];
        foreach (var (key, item) in Keyed(subject, arguments, caseSensitive: 0, attribute: 1))
        {
            if (seen.Find(Comparing.Key(arguments.Run, key)) is not null)
                continue;
            seen.Set(key, item);
            kept.Add(item);
        }

        return Like(subject, kept);
    }

    static TemplateValue Extreme(TemplateValue subject, Arguments arguments, Func<int, bool> isBetter)
    {
        var pairs = Keyed(subject, arguments, caseSensitive: 0, attribute: 1);
        if (pairs.Count == 0)
            return new UndefinedValue("an item of an empty list");

        var best = pairs[0];
        foreach (var pair in pairs.Skip(1))
            if (Comparing.Order(arguments.Run, pair.Key, best.Key) is { } order && isBetter(order))
                best = pair;
        return best.Value;
    }

    static TemplateValue Sum(TemplateValue subject, Arguments arguments)
    {
        var run = arguments.Run;
        var sum = arguments[1] ?? new IntegerValue(0);
        foreach (var item in Access.Items(run, subject).Select(item => Part(run, item, arguments[0])))
            sum = Numbers.IsNumber(sum) && Numbers.IsNumber(item)
                ? Numbers.Calculate(run, "+", sum, item)
                : throw run.Fault($"{sum.Kind} and {item.Kind} have no sum; expected numbers.");
        return sum;
    }

    static ListValue Batch(TemplateValue subject, Arguments arguments)
    {
        var run = arguments.Run;
        var count = arguments.Integer(0, 0);
        if (count < 1)
            throw run.Fault("batch needs how many items go together, at least 1.");

        List<TemplateValue> batches = [];
        foreach (var batch in Access.Items(run, subject).Chunk(count))
        {
            List<TemplateValue> items = [.. batch];
            if (arguments[1] is { } filling and not NoneValue && items.Count < count)
            {
                run.Charge(count);
                items.AddRange(Enumerable.Repeat(filling, count - items.Count));
            }

            batches.Add(new ListValue(items, Access.ItemsAreData(subject)));
        }

        return Like(subject, batches);
    }

    /// <summary>Items with what they are compared by.</summary>
    static List<(TemplateValue Key, TemplateValue Value)> Keyed(TemplateValue subject, Arguments arguments, int caseSensitive, int attribute)
        => [.. Access.Items(arguments.Run, subject).Select(item =>
        {
            var key = Part(arguments.Run, item, arguments[attribute]);
            return (arguments.Flag(caseSensitive, false) ? key : Comparing.IgnoreCase(arguments.Run, key), item);
        })];
}
