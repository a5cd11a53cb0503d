using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Ouro.Model.Conversion;

namespace Ouro.Cli.Bench;

/// <summary>An option that takes several values with commas between them, each once, in the order given.</summary>
sealed class ListOption<T>
{
    readonly T[] _byDefault;

    /// <param name="parse">Null for what is none of these values.</param>
    /// <param name="expected">What every value must be, continuing "but it must be ...".</param>
    /// <param name="byDefault">What is taken without the option; none leaves that to the command.</param>
    /// <param name="shown">How help calls the default.</param>
    public ListOption(string name, string meaning, Func<string, (bool IsKnown, T Value)> parse, string expected, T[] byDefault, string shown, params string[] aliases)
    {
        _byDefault = byDefault;
        Option = new(name, aliases)
        {
            Description = $"{meaning} [default: {shown}]",
            HelpName = "list",
            CustomParser = result =>
            {
                var values = result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries)).Select(parse).ToArray();
                if (Array.TrueForAll(values, value => value.IsKnown))
                    return [.. values.Select(value => value.Value).Distinct()];

                result.AddError($"{name} is '{Given(result)}', but it must be {expected}.");
                return [];
            },
        };
    }

    /// <summary>The option to put into a command.</summary>
    public Option<T[]> Option { get; }

    /// <summary>What was chosen.</summary>
    public T[] Of(ParseResult parsed) => parsed.GetValue(Option) is { Length: > 0 } values ? values : _byDefault;

    static string Given(ArgumentResult result)
    {
        var text = string.Join(' ', result.Tokens.Select(token => token.Value));
        return text.Length <= 40 ? text : text[..40] + "...";
    }
}

/// <summary>The two kinds of lists.</summary>
static class ListOption
{
    /// <summary>Whole numbers within limits.</summary>
    public static ListOption<int> Whole(string name, string meaning, int low, int high, int[] byDefault, string? shown = null) => new(
        name, meaning,
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (number >= low && number <= high, number) : (false, 0),
        string.Create(CultureInfo.InvariantCulture, $"whole numbers from {low} to {high:N0} with commas between them, such as {low + 1},{low + 4}"),
        byDefault, shown ?? string.Join(',', byDefault));

    /// <summary>Mixes of types by name.</summary>
    public static ListOption<WeightMix> Types(string name, string meaning, string byDefault, params string[] aliases)
    {
        var names = string.Join(", ", WeightMix.All.Select(mix => mix.Name));
        return new(
            name, $"{meaning} Of {names}.", text => WeightMix.Find(text) is { } mix ? (true, mix) : (false, null!), $"names with commas between them, of {names}",
            [WeightMix.Find(byDefault)!], byDefault, aliases);
    }
}
