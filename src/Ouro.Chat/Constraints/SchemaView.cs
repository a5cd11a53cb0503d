using System.Runtime.InteropServices;
using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Chat;

/// <summary>What one schema object says, annotations left out; several can be merged into one that says all of it.</summary>
sealed class SchemaView(string pointer)
{
    /// <summary>What changes no value: for people, for forms, or for finding schemas.</summary>
    static readonly HashSet<string> Annotations =
    [
        "title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "discriminator", "externalDocs", "xml",
        "contentEncoding", "contentMediaType", "contentSchema", "$schema", "$id", "id", "$comment", "$anchor", "$vocabulary", "$defs", "definitions",
    ];

    /// <summary>What would change which values are right, and cannot be followed while writing; by name, what to do instead.</summary>
    static readonly Dictionary<string, string> Refused = new()
    {
        ["patternProperties"] = "declare the names under 'properties', or use 'additionalProperties'",
        ["propertyNames"] = "declare the names under 'properties'",
        ["not"] = "say what may be written instead",
        ["if"] = "use 'anyOf' with one alternative for each case",
        ["then"] = "use 'anyOf' with one alternative for each case",
        ["else"] = "use 'anyOf' with one alternative for each case",
        ["contains"] = "describe all items by 'items' or 'prefixItems'",
        ["minContains"] = "describe all items by 'items' or 'prefixItems'",
        ["maxContains"] = "describe all items by 'items' or 'prefixItems'",
        ["dependentRequired"] = "use 'anyOf' with one alternative for each case",
        ["dependentSchemas"] = "use 'anyOf' with one alternative for each case",
        ["dependencies"] = "use 'anyOf' with one alternative for each case",
        ["unevaluatedProperties"] = "use 'additionalProperties'",
        ["unevaluatedItems"] = "use 'items'",
        ["additionalItems"] = "use 'prefixItems', and 'items' for what follows",
        ["multipleOf"] = "use 'minimum', 'maximum' or 'enum'",
        ["$dynamicRef"] = "use '$ref'",
        ["$recursiveRef"] = "use '$ref'",
    };

    static readonly HashSet<string> Followed =
    [
        "$ref", "allOf", "anyOf", "oneOf", "enum", "const", "type", "nullable", "properties", "required", "additionalProperties", "minProperties", "maxProperties",
        "items", "prefixItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    ];

    static readonly string[] TypeNames = ["object", "array", "string", "number", "integer", "boolean", "null"];

    readonly Dictionary<string, SchemaPlace> _keywords = [];

    /// <summary>Where the first of the merged objects stands.</summary>
    public string Pointer { get; } = pointer;

    /// <summary>Declared members, in their order.</summary>
    public List<(string Name, SchemaPlace Schema)> Properties { get; } = [];

    /// <summary>Names of members that must be there, in the order in which they are called so.</summary>
    public List<string> Required { get; } = [];

    /// <summary>Allowed types; null if nothing is said.</summary>
    public IReadOnlyList<string>? Types { get; private set; }

    /// <summary>How many keywords and members were read.</summary>
    public int Size => 1 + _keywords.Count + Properties.Count + Required.Count;

    /// <summary>True if it says nothing, so that every value is right.</summary>
    public bool IsEmpty => Size == 1 && Types is null;

    /// <summary>True if it is this keyword and nothing else.</summary>
    public bool IsOnly(string keyword) => Size == 2 && Types is null && _keywords.ContainsKey(keyword);

    /// <summary>Reads a schema object.</summary>
    /// <param name="warn">Told of keywords that are unknown and so, as the standard says, ignored.</param>
    public static SchemaView Read(SchemaPlace schema, Action<string> warn)
    {
        if (schema.Value.ValueKind != JsonValueKind.Object)
            throw schema.Wrong("a schema, which is an object, true or false");

        var view = new SchemaView(schema.Pointer);
        foreach (var member in schema.Value.EnumerateObject())
            view.Take(schema.Inside(member.Name, member.Value), member.Name, warn);
        return view;
    }

    public SchemaPlace? this[string keyword] => _keywords.TryGetValue(keyword, out var place) ? place : null;

    /// <summary>Which of these keywords it has.</summary>
    public IEnumerable<string> Among(IEnumerable<string> keywords) => keywords.Where(_keywords.ContainsKey);

    /// <summary>Removes a keyword and returns it; null if it is not there.</summary>
    public SchemaPlace? Remove(string keyword) => _keywords.Remove(keyword, out var place) ? place : null;

    public SchemaView Copy()
    {
        var copy = new SchemaView(Pointer) { Types = Types };
        foreach (var (keyword, place) in _keywords)
            copy._keywords.Add(keyword, place);
        copy.Properties.AddRange(Properties);
        copy.Required.AddRange(Required);
        return copy;
    }

    /// <summary>Says from now on what another one says, too.</summary>
    /// <exception cref="SchemaException">Both speak of one thing in different words, and it takes more than putting them together.</exception>
    public void Merge(SchemaView other)
    {
        if (Forbids(other) is { } forbidden)
            throw new SchemaException(other.Pointer, $"member {forbidden.Quoted} is declared here, but 'additionalProperties' of a schema that also holds rules it out; declare all members in one place");

        foreach (var (keyword, place) in other._keywords)
        {
            if (!_keywords.TryAdd(keyword, place) && !IsSame(_keywords[keyword], place))
                throw place.Fail($"another schema that also holds, at {_keywords[keyword].Pointer.Quoted}, says something else; put both into one");
        }

        var declared = Properties.ToDictionary(property => property.Name, property => property.Schema);
        foreach (var (name, schema) in other.Properties)
        {
            if (declared.TryAdd(name, schema))
                Properties.Add((name, schema));
            else if (!IsSame(declared[name], schema))
                throw schema.Fail($"another schema that also holds, at {declared[name].Pointer.Quoted}, describes this member differently; put both into one");
        }

        Required.AddRange(other.Required.Except(Required).ToArray());
        Types = Types is null ? other.Types : other.Types is null ? Types : Common(Types, other.Types);
    }

    void Take(SchemaPlace place, string keyword, Action<string> warn)
    {
        if (Annotations.Contains(keyword) || keyword.StartsWith("x-", StringComparison.Ordinal))
            return;
        if (keyword == "uniqueItems" ? place.Flag() : Refused.ContainsKey(keyword))
            throw place.Fail($"'{keyword}' cannot be kept to while a reply is written; {Refused.GetValueOrDefault(keyword, "leave it out and look for repeated items afterwards")}");

        switch (keyword)
        {
            case "uniqueItems":
                break;
            case "properties":
                TakeProperties(place);
                break;
            case "required":
                Required.AddRange(place.Items().Select(item => item.Text()).Distinct());
                break;
            case "type":
                Types = [.. (place.Value.ValueKind == JsonValueKind.Array ? place.Items() : [place]).Select(TypeName).Distinct()];
                break;
            default:
                if (Followed.Contains(keyword))
                    _keywords[keyword] = place;
                else
                    warn($"The JSON schema's keyword {keyword.Quoted} is not known and was ignored.");
                break;
        }
    }

    void TakeProperties(SchemaPlace place)
    {
        if (place.Value.ValueKind != JsonValueKind.Object)
            throw place.Wrong("an object");

        var names = new HashSet<string>();
        foreach (var property in place.Value.EnumerateObject())
        {
            if (!names.Add(property.Name))
                throw place.Fail($"member {property.Name.Quoted} is declared twice");
            Properties.Add((property.Name, place.Inside(property.Name, property.Value)));
        }
    }

    static string TypeName(SchemaPlace place)
        => place.Text() is var name && TypeNames.Contains(name) ? name : throw place.Wrong($"one of {string.Join(", ", TypeNames)}");

    /// <summary>The name of a member that one of two declares and the other rules out; null if there is none.</summary>
    string? Forbids(SchemaView other) => ForbiddenIn(this, other) ?? ForbiddenIn(other, this);

    static string? ForbiddenIn(SchemaView closed, SchemaView open)
    {
        if (closed["additionalProperties"] is not { Value.ValueKind: not JsonValueKind.True })
            return null;

        var declared = closed.Properties.Select(property => property.Name).ToHashSet();
        return open.Properties.Select(property => property.Name).FirstOrDefault(name => !declared.Contains(name));
    }

    static List<string> Common(IReadOnlyList<string> left, IReadOnlyList<string> right)
    {
        var common = left.Intersect(right).ToList();
        var hasInteger = (left.Contains("integer") && right.Contains("number")) || (right.Contains("integer") && left.Contains("number"));
        if (hasInteger && !common.Contains("number") && !common.Contains("integer"))
            common.Add("integer");
        return common;
    }

    static bool IsSame(SchemaPlace left, SchemaPlace right)
        => JsonMarshal.GetRawUtf8Value(left.Value).SequenceEqual(JsonMarshal.GetRawUtf8Value(right.Value));
}
