using System.Runtime.InteropServices;
using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Chat;

/// <summary>Makes a grammar from a JSON schema. Whatever bounds the work here bounds what a hostile schema can cost.</summary>
/// <remarks>What each keyword becomes is said at <see cref="Grammar.FromSchema"/>; values of one type are made by <see cref="SchemaTypes"/>.</remarks>
sealed class SchemaReader
{
    const int MostBytes = 256 * 1024;
    const int MostDepth = 64;
    const int MostWork = 200_000;           // keywords and members read, again for each place that merges them
    const int MostWarnings = 16;
    const int MostValueDepth = 24;          // with MostNesting around it, still below what readers of JSON take by default
    const long LongestReply = 1_000_000;    // bytes

    static readonly string[] TypeOrder = ["object", "array", "string", "number", "integer", "boolean", "null"];

    /// <summary>By keyword: the type that it says something about.</summary>
    static readonly Dictionary<string, string> TypeOf = new()
    {
        ["additionalProperties"] = "object",
        ["minProperties"] = "object",
        ["maxProperties"] = "object",
        ["items"] = "array",
        ["prefixItems"] = "array",
        ["minItems"] = "array",
        ["maxItems"] = "array",
        ["minLength"] = "string",
        ["maxLength"] = "string",
        ["pattern"] = "string",
        ["format"] = "string",
        ["minimum"] = "number",
        ["maximum"] = "number",
        ["exclusiveMinimum"] = "number",
        ["exclusiveMaximum"] = "number",
    };

    readonly JsonElement _root;
    readonly Dictionary<string, ReferenceNode> _references = [];
    readonly Queue<(string Reference, ReferenceNode Node)> _open = new();
    readonly List<string> _warnings = [];
    readonly SchemaTypes _types;
    int _work;

    SchemaReader(JsonElement root)
    {
        _root = root;
        _types = new SchemaTypes(this);
    }

    /// <summary>All parts so far.</summary>
    public NodeSet Nodes { get; } = new();

    /// <summary>Reads a schema.</summary>
    /// <exception cref="SchemaException">It cannot be used; the message says why.</exception>
    public static Grammar Read(JsonElement schema)
    {
        CheckText(schema);
        try
        {
            return new SchemaReader(schema).Read();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in an escape is well-formed JSON, and the reader stumbles over it only when the text is looked at.
            throw new SchemaException("#", "a text in it is not valid Unicode");
        }
    }

    Grammar Read()
    {
        var start = Reference("#");
        while (_open.TryDequeue(out var next))
            next.Node.Target = Node(Find(next.Reference), 0);

        Nodes.Measure();
        if (!Closure.Allows(start, 0))
        {
            throw new SchemaException("#", start.Shortest == Ouro.Chat.Node.Never
                ? "no value can ever fit it, perhaps because it refers to itself without an end; give it an alternative that ends"
                : $"a value that fits it nests at least {start.Height} levels deep; at most {Grammar.MostNesting} can be written");
        }

        return start.Shortest <= LongestReply
            ? new Grammar(start, _warnings)
            : throw new SchemaException("#", $"the shortest value that fits it has more than {LongestReply:N0} bytes; ask for fewer items or characters");
    }

    /// <summary>What a schema allows.</summary>
    public Node Node(SchemaPlace schema, int depth)
    {
        if (depth > MostDepth)
            throw schema.Fail($"schemas nest deeper than {MostDepth} here; use $ref for what occurs again");
        if (schema.Value.ValueKind == JsonValueKind.True)
            return JsonParts.Value;
        if (schema.Value.ValueKind == JsonValueKind.False)
            return Nodes.Choice();

        var view = View(schema);
        if (view.IsOnly("$ref"))
            return Reference(view["$ref"]!.Value.Text(), view["$ref"]);
        Resolve(view, depth);
        return Node(view, depth);
    }

    /// <summary>Says something that was not followed to whoever asks.</summary>
    public void Warn(string warning)
    {
        if (_warnings.Count < MostWarnings && !_warnings.Contains(warning))
            _warnings.Add(warning);
    }

    Node Node(SchemaView view, int depth)
    {
        if (depth > MostDepth)
            throw new SchemaException(view.Pointer, $"alternatives nest deeper than {MostDepth} here, or it refers to itself; use $ref for what occurs again");
        if (view.Remove("nullable") is { } nullable && nullable.Flag())
            return Nodes.Choice(Node(view, depth), JsonParts.Null);
        if (view["const"] is not null || view["enum"] is not null)
            return Values(view);
        if (view["anyOf"] is not null || view["oneOf"] is not null)
            return Alternatives(view, depth);

        var types = view.Types ?? Inferred(view);
        if (types.Count == 0 && view.Types is null)
            return JsonParts.Value;

        var nodes = types.Order(Comparer<string>.Create((left, right) => Array.IndexOf(TypeOrder, left).CompareTo(Array.IndexOf(TypeOrder, right))))
            .Where(type => type != "integer" || !types.Contains("number"))
            .Select(type => _types.Node(type, view, depth)).ToArray();
        return nodes.Length == 1 ? nodes[0] : Nodes.Choice(nodes);
    }

    /// <summary>Types that keywords speak of, where no type is said: a value of these can only be righter.</summary>
    static List<string> Inferred(SchemaView view)
    {
        var types = view.Among(TypeOf.Keys).Select(keyword => TypeOf[keyword]).Distinct().ToList();
        if ((view.Properties.Count > 0 || view.Required.Count > 0) && !types.Contains("object"))
            types.Add("object");
        return types;
    }

    Automaton Values(SchemaView view)
    {
        var place = (view["const"] ?? view["enum"])!.Value;
        if (view["const"] is not null && view["enum"] is not null)
            throw place.Fail("'const' and 'enum' stand side by side; keep one");

        // A format does not decide whether a value is right, so it may stand beside them.
        var beside = view.Among(TypeOf.Keys.Append("anyOf").Append("oneOf")).FirstOrDefault(keyword => keyword != "format")
            ?? (view.Properties.Count > 0 ? "properties" : view.Required.Count > 0 ? "required" : null);
        if (beside is not null)
            throw place.Fail($"{beside.Quoted} stands beside it; list only the values that are meant");

        var values = (view["const"] is not null ? [place] : place.Items())
            .Where(value => view.Types is null || view.Types.Any(type => IsOf(type, value.Value)))
            .Select(value => Depth(value.Value) <= MostValueDepth
                ? JsonParts.Compact(value.Value)
                : throw value.Fail($"the value nests deeper than {MostValueDepth} levels"))
            .ToArray();
        return values.Length > 0 ? Nodes.Add(JsonParts.Words(values)) : throw place.Fail("no value is listed that has the type asked for");
    }

    ChoiceNode Alternatives(SchemaView view, int depth)
    {
        if (view["anyOf"] is not null && view["oneOf"] is { } second)
            throw second.Fail("'anyOf' and 'oneOf' stand side by side; keep one");

        var place = (view.Remove("anyOf") ?? view.Remove("oneOf"))!.Value;
        if (place.Pointer.EndsWith("oneOf", StringComparison.Ordinal))
            Warn("The JSON schema's 'oneOf' was taken as 'anyOf': a value that fits several of its schemas is not ruled out.");

        var nodes = new List<Node>();
        foreach (var branch in place.Items())
        {
            if (view.IsEmpty || branch.Value.ValueKind == JsonValueKind.False)
            {
                nodes.Add(Node(branch, depth + 1));
                continue;
            }

            var both = view.Copy();
            if (branch.Value.ValueKind != JsonValueKind.True)
            {
                var other = View(branch);
                Resolve(other, depth + 1);
                Merge(both, other);
            }

            nodes.Add(Node(both, depth + 1));
        }

        return nodes.Count > 0 ? Nodes.Choice([.. nodes]) : throw place.Fail("it lists no schema");
    }

    /// <summary>Puts what a view refers to into it.</summary>
    void Resolve(SchemaView view, int depth)
    {
        if (depth > MostDepth)
            throw new SchemaException(view.Pointer, $"it refers back to itself, or more than {MostDepth} levels on, without ever describing a value");

        var others = new List<SchemaPlace>();
        if (view.Remove("$ref") is { } reference)
            others.Add(Find(reference.Text(), reference));
        if (view.Remove("allOf") is { } all)
            others.AddRange(all.Items());
        foreach (var place in others)
        {
            if (place.Value.ValueKind == JsonValueKind.True)
                continue;

            var other = View(place);
            Resolve(other, depth + 1);
            Merge(view, other);
        }
    }

    void Merge(SchemaView view, SchemaView other)
    {
        Work(view.Size + other.Size, view.Pointer);
        view.Merge(other);
    }

    SchemaView View(SchemaPlace schema)
    {
        var view = SchemaView.Read(schema, Warn);
        Work(view.Size, schema.Pointer);
        return view;
    }

    void Work(int size, string pointer)
    {
        _work += size;
        if (_work > MostWork)
            throw new SchemaException(pointer, "the schema refers to the same places too often to be followed; say what is repeated only once");
    }

    ReferenceNode Reference(string reference, SchemaPlace? from = null)
    {
        if (_references.TryGetValue(reference, out var known))
            return known;

        Find(reference, from);      // a wrong one is reported where it stands
        var node = Nodes.Add(new ReferenceNode());
        _references.Add(reference, node);
        _open.Enqueue((reference, node));
        return node;
    }

    /// <summary>The place that a reference names.</summary>
    SchemaPlace Find(string reference, SchemaPlace? from = null)
    {
        SchemaException Lost(string problem) => new(from?.Pointer ?? reference, $"the reference {reference.Quoted} {problem}");

        if (reference is not "#" and not ['#', '/', ..])
            throw Lost("leads elsewhere; only places in the same schema can be used, such as '#/$defs/item'");

        Work(20, from?.Pointer ?? reference);
        var value = _root;
        foreach (var part in reference.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (value.ValueKind == JsonValueKind.Array && int.TryParse(name, out var index) && index >= 0 && index < value.GetArrayLength())
                value = value[index];
            else if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
                throw Lost("names a place that is not there");
        }

        return new SchemaPlace(value, reference);
    }

    static bool IsOf(string type, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number" || (type == "integer" && value.TryGetDecimal(out var number) && decimal.IsInteger(number)),
        JsonValueKind.Null => type == "null",
        _ => type == "boolean",
    };

    static int Depth(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => 1 + value.EnumerateObject().Select(member => Depth(member.Value)).DefaultIfEmpty(0).Max(),
        JsonValueKind.Array => 1 + value.EnumerateArray().Select(Depth).DefaultIfEmpty(0).Max(),
        _ => 0,
    };

    static void CheckText(JsonElement schema)
    {
        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
            throw new SchemaException("#", "a schema is an object, true or false");

        var text = JsonMarshal.GetRawUtf8Value(schema);
        if (text.Length > MostBytes)
            throw new SchemaException("#", $"it has {text.Length:N0} bytes; at most {MostBytes:N0} can be used");

        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MostDepth, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            while (reader.Read())
            {
            }
        }
        catch (JsonException)
        {
            throw new SchemaException("#", $"it nests deeper than {MostDepth} levels; use $ref for what occurs again");
        }
    }
}
