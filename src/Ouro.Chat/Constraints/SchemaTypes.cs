using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Chat;

/// <summary>Makes the parts for values of one type from what a schema says about that type.</summary>
sealed class SchemaTypes(SchemaReader reader)
{
    const int MostProperties = 512;
    const int MostPrefix = 512;
    const int MostNeeded = 100_000;
    const int LongestPattern = 2_000;

    /// <summary>Formats as patterns. Each matches only what is right; some right texts, such as leap days, are not written.</summary>
    static readonly Dictionary<string, string> Formats = new()
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}T{Time}",
        ["uuid"] = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        ["email"] = @"[a-zA-Z0-9_+-]{1,20}(?:\.[a-zA-Z0-9_+-]{1,20}){0,2}@[a-z0-9]{1,30}(?:-[a-z0-9]{1,20}){0,2}(?:\.[a-z]{2,12}){1,3}",
        ["ipv4"] = @"(?:(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\.){3}(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])",
    };

    const string Date = "(?:1[0-9]{3}|2[0-9]{3})-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";
    const string Time = @"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";

    NodeSet Nodes => reader.Nodes;

    public Node Node(string type, SchemaView view, int depth) => type switch
    {
        "object" => Object(view, depth),
        "array" => Array(view, depth),
        "string" => String(view),
        "number" => Number(view),
        "integer" => Integer(view),
        "boolean" => JsonParts.Boolean,
        _ => JsonParts.Null,
    };

    Node Object(SchemaView view, int depth)
    {
        var rest = view["additionalProperties"];
        CheckCounts(view);
        if (view.Properties.Count == 0 && view.Required.Count == 0 && (rest is null or { Value.ValueKind: JsonValueKind.True }))
            return JsonParts.Object;

        // What is not said to be allowed is not written: a small model would only get lost in it.
        var isOpen = rest is { Value.ValueKind: not JsonValueKind.False };
        var other = isOpen ? reader.Node(rest!.Value, depth + 1) : null;
        var declared = view.Properties.Select(property => property.Name).ToHashSet();
        var undeclared = view.Required.Where(name => !declared.Contains(name)).ToArray();
        if (undeclared.Length > 0 && rest is { Value.ValueKind: JsonValueKind.False })
            throw rest.Value.Fail($"member {undeclared[0].Quoted} is required, not declared, and ruled out here; declare it under 'properties'");
        if (declared.Count + undeclared.Length > MostProperties)
            throw new SchemaException(view.Pointer, $"the object has {declared.Count + undeclared.Length:N0} members; at most {MostProperties} can be followed");

        var required = view.Required.ToHashSet();
        var members = view.Properties
            .Where(property => required.Contains(property.Name) || property.Schema.Value.ValueKind != JsonValueKind.False)
            .Select(property => Declared(property.Name, reader.Node(property.Schema, depth + 1), required.Contains(property.Name)))
            .Concat(undeclared.Select(name => Declared(name, other ?? JsonParts.Value, isRequired: true)))
            .ToArray();

        declared.UnionWith(undeclared);
        Node NameOfOther() => declared.Count == 0 ? JsonParts.String : Nodes.Add(JsonParts.NameExcept(declared));
        return JsonParts.ObjectOf(Nodes, members, other is null ? null : JsonParts.MemberOf(Nodes, NameOfOther(), other));
    }

    Member Declared(string name, Node value, bool isRequired)
        => new(JsonParts.MemberOf(Nodes, Nodes.Add(JsonParts.Literal(JsonParts.Quoted(name))), value), isRequired);

    /// <summary>Numbers of members are followed only where they follow from the members themselves.</summary>
    static void CheckCounts(SchemaView view)
    {
        if (view["minProperties"] is { } least && least.Count() > view.Required.Count)
            throw least.Fail("'minProperties' cannot be kept to while a reply is written; name the members under 'required'");

        var isClosed = view["additionalProperties"] is { Value.ValueKind: JsonValueKind.False }
            || (view["additionalProperties"] is null && (view.Properties.Count > 0 || view.Required.Count > 0));
        var names = view.Properties.Select(property => property.Name).Union(view.Required).Count();
        if (view["maxProperties"] is { } most && (!isClosed || most.Count() < names))
            throw most.Fail("'maxProperties' cannot be kept to while a reply is written; declare only so many members");
    }

    Node Array(SchemaView view, int depth)
    {
        if (view["items"] is { Value.ValueKind: JsonValueKind.Array } list)
            throw list.Fail("'items' is a list; use 'prefixItems', and 'items' for what follows");

        var least = view["minItems"] is { } minimum ? Needed(minimum) : 0;
        var most = view["maxItems"]?.Count() ?? RepeatNode.Unlimited;
        var prefix = view["prefixItems"]?.Items().ToArray() ?? [];
        if (prefix.Length > MostPrefix)
            throw view["prefixItems"]!.Value.Fail($"{prefix.Length:N0} items are described one by one; at most {MostPrefix} can be");

        // Behind described items nothing is written that is not described, unless so many are asked for.
        var items = view["items"];
        var item = items is { } described ? (described.Value.ValueKind == JsonValueKind.False ? null : reader.Node(described, depth + 1))
            : prefix.Length > 0 && least <= prefix.Length ? null
            : JsonParts.Value;
        if (least > most || (item is null && least > prefix.Length))
            throw (view["minItems"] ?? view["maxItems"])!.Value.Fail($"at least {least:N0} items are asked for, and fewer are allowed");
        if (prefix.Length == 0 && item == JsonParts.Value && least == 0 && most == RepeatNode.Unlimited)
            return JsonParts.Array;

        return JsonParts.ArrayOf(Nodes, [.. prefix.Select(place => reader.Node(place, depth + 1))], item, least, most);
    }

    Node String(SchemaView view)
    {
        var least = view["minLength"] is { } minimum ? Needed(minimum) : 0;
        var most = view["maxLength"]?.Count() ?? RepeatNode.Unlimited;
        if (least > most)
            throw view["maxLength"]!.Value.Fail($"at least {least:N0} characters are asked for, and fewer are allowed");

        var isBounded = least > 0 || most < RepeatNode.Unlimited;
        if (view["pattern"] is { } pattern)
        {
            WarnOfFormat(view);
            return Quoted(Fitted(pattern, least, most));
        }

        if (!isBounded && view["format"] is { } format && Formats.TryGetValue(format.Text(), out var known))
            return Quoted(Pattern.Known(Nodes, known));
        WarnOfFormat(view);
        return isBounded ? Quoted(Nodes.Repeat(JsonParts.Character, least, most)) : JsonParts.String;
    }

    void WarnOfFormat(SchemaView view)
    {
        if (view["format"]?.Text() is { } format)
            reader.Warn($"The JSON schema's format {format.Quoted} was ignored; followed are {string.Join(", ", Formats.Keys)}, without a pattern or length beside them.");
    }

    SequenceNode Quoted(Node content) => Nodes.Sequence(JsonParts.Quotation, content, JsonParts.Quotation);

    /// <summary>What a pattern matches, with so many characters.</summary>
    Node Fitted(SchemaPlace place, int least, int most)
    {
        var text = place.Text();
        if (text.Length > LongestPattern)
            throw place.Fail($"the pattern has {text.Length:N0} characters; at most {LongestPattern:N0} can be followed");

        var piece = Pattern.Search(Nodes, text, problem => place.Fail($"the pattern {text.Quoted} cannot be followed: {problem}"));
        if (piece.Least >= least && piece.Most <= most)
            return piece.Node;
        if (piece.Unit is not { } unit)
            throw place.Fail($"the pattern {text.Quoted} does not keep to 'minLength' or 'maxLength' by itself; write the length into the pattern");

        var (fewest, greatest) = (Math.Max(piece.Least, least), Math.Min(piece.Most, most));
        return fewest <= greatest ? Nodes.Repeat(unit, fewest, greatest) : throw place.Fail("no text matches the pattern and has the length asked for");
    }

    Node Integer(SchemaView view)
    {
        var (low, isLowOut, high, isHighOut) = Bounds(view);
        if (low is null && high is null)
            return JsonParts.Integer;

        var least = low is not { } from ? (long?)null : Clamped(isLowOut ? decimal.Floor(from) + 1 : decimal.Ceiling(from));
        var most = high is not { } to ? (long?)null : Clamped(isHighOut ? decimal.Ceiling(to) - 1 : decimal.Floor(to));
        if (low > long.MaxValue || high < long.MinValue)
            throw new SchemaException(view.Pointer, "the whole numbers asked for have more than 64 bits");

        // A side without a bound is as far as every reader keeps whole numbers exactly, unless the other bound lies beyond.
        var first = least ?? (most < -(NumberRange.Limit - 1) ? long.MinValue : -(NumberRange.Limit - 1));
        var last = most ?? (least > NumberRange.Limit - 1 ? long.MaxValue : NumberRange.Limit - 1);
        return Spelled(view, NumberRange.Integers(first, last));
    }

    Node Number(SchemaView view)
    {
        var (low, isLowOut, high, isHighOut) = Bounds(view);
        return low is null && high is null ? JsonParts.Number : Spelled(view, NumberRange.Numbers(low, isLowOut, high, isHighOut));
    }

    Node Spelled(SchemaView view, string? pattern)
        => pattern is not null
            ? Pattern.Known(Nodes, pattern)
            : throw new SchemaException(view.Pointer, $"no number that can be written lies between its bounds; numbers stay within {NumberRange.Limit:N0}");

    /// <summary>The tighter ones of the bounds, and whether they are left out themselves.</summary>
    static (decimal? Low, bool IsLowOut, decimal? High, bool IsHighOut) Bounds(SchemaView view)
    {
        var low = view["minimum"]?.Bound(isLow: true);
        var high = view["maximum"]?.Bound(isLow: false);
        var (isLowOut, isHighOut) = (false, false);
        if (Exclusive(view, "exclusiveMinimum", ref isLowOut)?.Bound(isLow: true) is { } above && (low is null || above >= low))
            (low, isLowOut) = (above, true);
        if (Exclusive(view, "exclusiveMaximum", ref isHighOut)?.Bound(isLow: false) is { } below && (high is null || below <= high))
            (high, isHighOut) = (below, true);
        return (low, isLowOut, high, isHighOut);
    }

    /// <summary>In older drafts these are flags beside the bound.</summary>
    static SchemaPlace? Exclusive(SchemaView view, string keyword, ref bool isOut)
    {
        if (view[keyword] is not { Value.ValueKind: JsonValueKind.True or JsonValueKind.False } flag)
            return view[keyword];

        isOut = flag.Flag();
        return null;
    }

    static long Clamped(decimal value) => (long)Math.Clamp(value, long.MinValue, long.MaxValue);

    static int Needed(SchemaPlace place)
        => place.Count() is <= MostNeeded and var count ? count : throw place.Fail($"no reply is that long; at most {MostNeeded:N0} can be asked for");
}
