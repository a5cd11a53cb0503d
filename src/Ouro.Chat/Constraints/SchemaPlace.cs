using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Chat;

/// <summary>A value in a schema that knows where it stands.</summary>
readonly record struct SchemaPlace(JsonElement Value, string Pointer)
{
    const int LongestName = 64;     // in a pointer, which is for people

    /// <summary>A value inside this one.</summary>
    public SchemaPlace Inside(string name, JsonElement value)
    {
        var shown = name.Length > LongestName ? name[..LongestName] + "..." : name;
        return new SchemaPlace(value, $"{Pointer}/{shown.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}");
    }

    /// <summary>The items of a list.</summary>
    public IEnumerable<SchemaPlace> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array)
            throw Wrong("a list");

        var index = 0;
        foreach (var item in Value.EnumerateArray())
            yield return new SchemaPlace(item, $"{Pointer}/{index++}");
    }

    public string Text() => Value.ValueKind == JsonValueKind.String ? Value.GetString()! : throw Wrong("a text");

    public bool Flag() => Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Value.ValueKind == JsonValueKind.True : throw Wrong("true or false");

    /// <summary>A whole number from 0 up; what is larger than an int is <see cref="RepeatNode.Unlimited"/>.</summary>
    public int Count()
    {
        if (Value.ValueKind != JsonValueKind.Number || !Value.TryGetDouble(out var count) || count < 0 || !double.IsInteger(count))
            throw Wrong("a whole number from 0 up");
        return count >= RepeatNode.Unlimited ? RepeatNode.Unlimited : (int)count;
    }

    /// <summary>A bound for numbers; null if it lies beyond what decimals hold, and so bounds nothing that is written here.</summary>
    /// <param name="isLow">True if numbers must lie above.</param>
    public decimal? Bound(bool isLow)
    {
        if (Value.ValueKind != JsonValueKind.Number || !Value.TryGetDouble(out var close))
            throw Wrong("a number");
        if (Value.TryGetDecimal(out var exact))
        {
            return exact != 0 || close == 0
                ? exact
                : throw Fail($"{Quoting.Quote(Value.GetRawText())} is too close to zero to be kept exactly; use 0");
        }

        return close > 0 != isLow ? null : throw Fail($"no number that can be written lies beyond {Quoting.Quote(Value.GetRawText())}");
    }

    public SchemaException Wrong(string expected) => Fail($"found {Found()}; expected {expected}");

    public SchemaException Fail(string problem) => new(Pointer, problem);

    string Found() => Value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => Quoting.Quote(Value.GetString()!),
        _ => Quoting.Quote(Value.GetRawText()),
    };
}
