using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Training.Recipes;

/// <summary>The fields of one object of a recipe: read by name, with one sentence for each thing that can be wrong, and none left unread.</summary>
sealed class RecipeFields
{
    readonly string _file;
    readonly string _path;
    readonly JsonElement _object;
    readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <param name="path">The way to the object inside the file; empty for the whole.</param>
    public RecipeFields(string file, string path, JsonElement element)
    {
        (_file, _path, _object) = (file, path, element);
        if (element.ValueKind != JsonValueKind.Object)
            throw new RecipeException(Place, $"here stands {Shown(element)}, but an object in braces is expected.");
    }

    /// <summary>The file and the way to this object, for messages.</summary>
    public string Place => _path.Length == 0 ? _file : $"{_file}, {_path}";

    /// <summary>The names that are there, in the order of the file; all count as known.</summary>
    public IReadOnlyList<string> AllNames()
    {
        var names = _object.EnumerateObject().Select(field => field.Name).ToArray();
        _known.UnionWith(names);
        return names;
    }

    public bool Has(string name)
    {
        _known.Add(name);
        return _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
    }

    public string Text(string name, string? orElse = null)
    {
        if (!Has(name))
            return orElse ?? throw Missing(name);

        var value = _object.GetProperty(name);
        return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw Wrong(name, "a text in quotes that is not empty");
    }

    public T Word<T>(string name, T orElse, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        if (!Has(name))
            return orElse;

        var text = Text(name);
        var words = new List<string>();
        foreach (var (word, value) in choices)
        {
            if (word == text)
                return value;
            words.Add(word);
        }

        throw Wrong(name, $"one of {string.Join(", ", words)}");
    }

    public bool Boolean(string name, bool orElse) => !Has(name) ? orElse : _object.GetProperty(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, "true or false"),
    };

    /// <summary>A number within its limits.</summary>
    /// <param name="orElse">What holds if it is not there; the number's own default if null.</param>
    public double Number(RecipeNumber number, double? orElse = null)
    {
        if (!Has(number.Name))
        {
            var value = orElse ?? number.Default;
            return double.IsNaN(value) ? throw Missing(number.Name) : value;
        }

        var element = _object.GetProperty(number.Name);
        if (element.ValueKind != JsonValueKind.Number || !element.TryGetDouble(out var found))
            throw Wrong(number.Name, number.IsWhole ? "a whole number" : "a number");
        return Placed(() => number.Check(found));
    }

    public int Whole(RecipeNumber number, int? orElse = null) => (int)Number(number, orElse);

    public double? NumberIfAny(RecipeNumber number) => Has(number.Name) ? Number(number) : null;

    public int? WholeIfAny(RecipeNumber number) => Has(number.Name) ? Whole(number) : null;

    public IReadOnlyList<string> Texts(string name)
    {
        if (!Has(name))
            return [];

        var value = _object.GetProperty(name);
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } one)
            return [one];
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || item.GetString()!.Length == 0))
            throw Wrong(name, "a list of texts");
        return [.. value.EnumerateArray().Select(item => item.GetString()!)];
    }

    public RecipeFields? Inner(string name) => Has(name) ? new RecipeFields(_file, Within(name), _object.GetProperty(name)) : null;

    public RecipeFields RequiredInner(string name) => Inner(name) ?? throw Missing(name);

    public IReadOnlyList<RecipeFields> List(string name)
    {
        if (!Has(name))
            throw Missing(name);

        var value = _object.GetProperty(name);
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
            throw Wrong(name, "a list with at least one object");
        return [.. value.EnumerateArray().Select((item, index) => new RecipeFields(_file, $"{Within(name)}[{index + 1}]", item))];
    }

    /// <summary>Makes something of what was read; a value that it refuses gets this place.</summary>
    public T Placed<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (RecipeException problem) when (!problem.HasPlace)
        {
            throw new RecipeException(Place, problem.Message);
        }
    }

    /// <summary>Refuses what nobody asked for: a mistyped name must not be a setting without effect.</summary>
    public void End()
    {
        var unknown = _object.EnumerateObject().Select(field => field.Name).FirstOrDefault(name => !_known.Contains(name));
        if (unknown is not null)
            throw new RecipeException(Place, $"there is no {unknown.Quoted} here; what can be given is {string.Join(", ", _known)}.");
    }

    public RecipeException Wrong(string name, string expected) => new(Place, $"'{name}' is {Shown(_object.GetProperty(name))}, but {expected} is expected.");

    public RecipeException Missing(string name) => new(Place, $"'{name}' is missing; give it.");

    string Within(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    static string Shown(JsonElement element) => element.GetRawText().Quoted;
}
