using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ouro.Laws.Chat;

/// <summary>Makes up texts that fit a schema, by the rules that <see cref="Ouro.Chat.Grammar"/> states for its users and without using it.</summary>
sealed class SchemaTexts(JsonElement root, Random random)
{
    const int Deep = 4;

    static readonly string[] Characters = ["a", "Z", " ", "é", "你", "😀", "/", "\\/", "\\\"", "\\\\", "\\n", "\\u00e9", "\\uD83D\\uDE00", "\u007F", "}", "'"];

    public string Next() => Value(root, 0);

    string Value(JsonElement schema, int depth)
    {
        if (schema.ValueKind == JsonValueKind.True)
            return Anything(depth);
        if (SchemaCheck.Get(schema, "examples") is { } examples)
            return Any(examples.EnumerateArray()).GetRawText();
        if (SchemaCheck.Get(schema, "$ref") is { } reference)
            return Value(SchemaCheck.Find(root, reference.GetString()!), depth);
        if (SchemaCheck.Get(schema, "const") is { } only)
            return only.GetRawText();
        if (SchemaCheck.Get(schema, "enum") is { } listed)
            return Any(listed.EnumerateArray().Where(value => new SchemaCheck(root).Fits(schema, value))).GetRawText();
        if ((SchemaCheck.Get(schema, "anyOf") ?? SchemaCheck.Get(schema, "oneOf")) is { } branches)
            return Value(depth > Deep ? branches[0] : Any(branches.EnumerateArray()), depth);

        var type = SchemaCheck.Get(schema, "type") is { } types ? Any(SchemaCheck.Types(types))
            : SchemaCheck.Get(schema, "properties") is not null ? "object" : null;
        return type switch
        {
            null => Anything(depth),
            "object" => Object(schema, depth + 1),
            "array" => Array(schema, depth + 1),
            "string" => String(Count(schema, "minLength", 0), Count(schema, "maxLength", int.MaxValue)),
            "boolean" => Boolean(),
            "null" => "null",
            _ => Number(schema, type == "integer"),
        };
    }

    string Anything(int depth) => random.Next(depth > Deep ? 4 : 6) switch
    {
        0 => "null",
        1 => Boolean(),
        2 => Any(["0", "-0", "-17", "3.25", "1e5", "-0.001E-12", "123456789012345"]),
        3 => String(0, int.MaxValue),
        4 => List('[', ']', [.. Enumerable.Range(0, random.Next(4)).Select(_ => Anything(depth + 1))]),
        _ => List('{', '}', [.. Enumerable.Range(0, random.Next(4)).Select(_ => $"{String(0, int.MaxValue)}:{Blank()}{Anything(depth + 1)}")]),
    };

    string Object(JsonElement schema, int depth)
    {
        var others = SchemaCheck.Get(schema, "additionalProperties");
        var properties = SchemaCheck.Get(schema, "properties");
        string[] required = SchemaCheck.Get(schema, "required") is { } names ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [];
        if (properties is null && others is null)
            return AnyObject(depth);

        var members = new List<string>();
        var declared = new HashSet<string>();
        foreach (var property in properties?.EnumerateObject().ToArray() ?? [])
        {
            declared.Add(property.Name);
            if (property.Value.ValueKind != JsonValueKind.False && (required.Contains(property.Name) || random.Next(2 + depth) == 0))
                members.Add($"{Quoted(property.Name)}:{Blank()}{Value(property.Value, depth)}");
        }

        foreach (var name in required.Where(name => !declared.Contains(name)))
            members.Add($"{Quoted(name)}:{Blank()}{(others is { } rest ? Value(rest, depth) : Anything(depth))}");
        if (others is { ValueKind: not JsonValueKind.False } open)
        {
            for (var i = random.Next(3); i > 0; i--)
                members.Add($"{Any(["\"x\"", "\"\"", "\"a b\"", "\"ab \"", "\"abcd\"", "\"é\"", "\"é😁\""])}:{Blank()}{Value(open, depth)}");
        }

        return List('{', '}', members);
    }

    string AnyObject(int depth) => List('{', '}', [.. Enumerable.Range(0, random.Next(4)).Select(i => $"\"k{i}\":{Blank()}{Anything(depth)}")]);

    string Array(JsonElement schema, int depth)
    {
        JsonElement[] first = SchemaCheck.Get(schema, "prefixItems") is { } prefix ? [.. prefix.EnumerateArray()] : [];
        var rest = SchemaCheck.Get(schema, "items");
        var least = Count(schema, "minItems", 0);
        var most = Math.Min(Count(schema, "maxItems", int.MaxValue), rest is { ValueKind: JsonValueKind.False } || (rest is null && first.Length > 0) ? first.Length : int.MaxValue);
        var count = Math.Min(most, least + random.Next(depth > Deep ? 1 : 4));
        return List('[', ']', [.. Enumerable.Range(0, count).Select(i => i < first.Length ? Value(first[i], depth) : rest is { } item ? Value(item, depth) : Anything(depth))]);
    }

    string List(char open, char close, List<string> items)
    {
        var text = new StringBuilder().Append(open);
        for (var i = 0; i < items.Count; i++)
            text.Append(i > 0 ? "," : "").Append(Space()).Append(items[i]);
        return text.Append(Space()).Append(close).ToString();
    }

    string String(int least, int most)
    {
        var count = Math.Min(most, least + random.Next(6));
        return $"\"{string.Concat(Enumerable.Range(0, count).Select(_ => Any(Characters)))}\"";
    }

    string Number(JsonElement schema, bool isWhole)
    {
        if (new[] { "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum" }.All(bound => SchemaCheck.Get(schema, bound) is null))
            return isWhole ? Any(["0", "7", "-12", "999999999999999"]) : Any(["0", "-0.5", "12.125", "6e23", "-1E+09"]);

        // Near the bounds, where mistakes would be.
        var near = new[] { "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum" }
            .Select(bound => SchemaCheck.Get(schema, bound)).Where(bound => bound is { ValueKind: JsonValueKind.Number }).Select(bound => bound!.Value.GetDecimal()).ToArray();
        while (true)
        {
            var number = Any(near) + random.Next(-20, 21) * Any([0.001m, 0.125m, 1m, 77m]);
            var text = (isWhole ? decimal.Round(number) : number).ToString("0.######", CultureInfo.InvariantCulture);
            if (new SchemaCheck(root).Fits(schema, JsonElement.Parse(text)) && text != "-0")
                return text;
        }
    }

    string Boolean() => random.Next(2) == 0 ? "true" : "false";

    string Blank() => random.Next(2) == 0 ? "" : " ";

    string Space() => Any(["", "", " ", "\n", "\n  ", "\n" + new string(' ', 20)]);

    T Any<T>(IEnumerable<T> choices) => choices.ToArray() is var all ? all[random.Next(all.Length)] : throw new InvalidOperationException();

    static int Count(JsonElement schema, string keyword, int otherwise) => SchemaCheck.Get(schema, keyword)?.GetInt32() ?? otherwise;

    static string Quoted(string name)
        => "\"" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}
