using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ouro.Laws.Chat;

/// <summary>Whether a value fits a schema: the definition that grammars are held to, written without them.</summary>
sealed class SchemaCheck(JsonElement root)
{
    public bool Fits(JsonElement value) => Fits(root, value);

    public bool Fits(JsonElement schema, JsonElement value)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return schema.ValueKind == JsonValueKind.True;
        if (value.ValueKind == JsonValueKind.Null && Get(schema, "nullable") is { ValueKind: JsonValueKind.True })
            return true;

        return (Get(schema, "$ref") is not { } reference || Fits(Find(root, reference.GetString()!), value))
            && (Get(schema, "allOf") is not { } all || all.EnumerateArray().All(branch => Fits(branch, value)))
            && (Get(schema, "anyOf") is not { } any || any.EnumerateArray().Any(branch => branch.GetRawText() != "{\"$ref\":\"#\"}" && Fits(branch, value)))
            && (Get(schema, "oneOf") is not { } one || one.EnumerateArray().Any(branch => Fits(branch, value)))
            && (Get(schema, "const") is not { } only || JsonElement.DeepEquals(only, value))
            && (Get(schema, "enum") is not { } values || values.EnumerateArray().Any(listed => JsonElement.DeepEquals(listed, value)))
            && (Get(schema, "type") is not { } type || Types(type).Any(name => IsOf(name, value)))
            && value.ValueKind switch
            {
                JsonValueKind.Object => ObjectFits(schema, value),
                JsonValueKind.Array => ArrayFits(schema, [.. value.EnumerateArray()]),
                JsonValueKind.String => StringFits(schema, value.GetString()!),
                JsonValueKind.Number => NumberFits(schema, value),
                _ => true,
            };
    }

    public static JsonElement? Get(JsonElement schema, string keyword)
        => schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(keyword, out var found) ? found : null;

    public static JsonElement Find(JsonElement root, string reference)
    {
        var place = root;
        foreach (var part in reference.Split('/').Skip(1))
            place = place.GetProperty(part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
        return place;
    }

    public static IEnumerable<string> Types(JsonElement type)
        => type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(name => name.GetString()!) : [type.GetString()!];

    static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && decimal.IsInteger(number),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => value.ValueKind == JsonValueKind.Null,
    };

    bool ObjectFits(JsonElement schema, JsonElement value)
    {
        var properties = Get(schema, "properties");
        var count = 0;
        foreach (var member in value.EnumerateObject())
        {
            count++;
            if (properties is { } declared && declared.TryGetProperty(member.Name, out var described))
            {
                if (!Fits(described, member.Value))
                    return false;
            }
            else if (Get(schema, "additionalProperties") is { } others && !Fits(others, member.Value))
            {
                return false;
            }
        }

        return (Get(schema, "required") is not { } required || required.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)))
            && count >= Number(schema, "minProperties", 0) && count <= Number(schema, "maxProperties", int.MaxValue);
    }

    bool ArrayFits(JsonElement schema, JsonElement[] items)
    {
        if (items.Length < Number(schema, "minItems", 0) || items.Length > Number(schema, "maxItems", int.MaxValue))
            return false;

        JsonElement[] first = Get(schema, "prefixItems") is { } prefix ? [.. prefix.EnumerateArray()] : [];
        return items.Take(first.Length).Zip(first).All(pair => Fits(pair.Second, pair.First))
            && (Get(schema, "items") is not { } rest || items.Skip(first.Length).All(item => Fits(rest, item)));
    }

    static bool StringFits(JsonElement schema, string text)
    {
        var length = text.EnumerateRunes().Count();
        return length >= Number(schema, "minLength", 0) && length <= Number(schema, "maxLength", int.MaxValue)
            && (Get(schema, "pattern") is not { } pattern || Regex.IsMatch(text, pattern.GetString()!, RegexOptions.ECMAScript))
            && (Get(schema, "format") is not { } format || FormatFits(format.GetString()!, text));
    }

    static bool FormatFits(string format, string text) => format switch
    {
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "time" => DateTimeOffset.TryParse($"2000-01-01T{Near(text)}", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date-time" => DateTimeOffset.TryParse(Near(text), CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "ipv4" => IPAddress.TryParse(text, out var address) && address.ToString() == text,
        "email" => System.Net.Mail.MailAddress.TryCreate(text, out var mail) && mail.Address == text,
        _ => true,
    };

    /// <summary>The same time with an offset that .NET takes: it knows none beyond 14 hours, which the format does.</summary>
    static string Near(string time) => Regex.Replace(time, @"[+-](\d\d):(\d\d)$", match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) < 24 ? "Z" : "x");

    static bool NumberFits(JsonElement schema, JsonElement value)
    {
        if (!value.TryGetDecimal(out var number))
            return Get(schema, "minimum") is null && Get(schema, "maximum") is null;    // only unbounded ones are written that large

        return (Get(schema, "minimum") is not { } minimum || number >= minimum.GetDecimal())
            && (Get(schema, "maximum") is not { } maximum || number <= maximum.GetDecimal())
            && (Get(schema, "exclusiveMinimum") is not { } above || (above.ValueKind == JsonValueKind.True ? number > schema.GetProperty("minimum").GetDecimal() : number > above.GetDecimal()))
            && (Get(schema, "exclusiveMaximum") is not { } below || number < below.GetDecimal());
    }

    static decimal Number(JsonElement schema, string keyword, int otherwise) => Get(schema, keyword) is { } number ? number.GetDecimal() : otherwise;
}
