using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Ouro.Model.Conversion;

namespace Ouro.Cli.Bench;

/// <summary>Options that take several values with commas between them.</summary>
static class ListOptions
{
    /// <summary>Whole numbers within limits, each once, in the order given.</summary>
    /// <param name="byDefault">What is taken without the option; none leaves that to the command.</param>
    public static Option<int[]> Whole(string name, string meaning, int low, int high, int[] byDefault, string? shown = null) => new(name)
    {
        Description = $"{meaning} [default: {shown ?? string.Join(',', byDefault)}]",
        HelpName = "numbers",
        DefaultValueFactory = _ => byDefault,
        CustomParser = result =>
        {
            var numbers = Parts(result).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
            if (numbers.Length > 0 && numbers.All(number => number >= low && number <= high))
                return [.. numbers.Distinct()];

            result.AddError(string.Create(
                CultureInfo.InvariantCulture, $"{name} is '{Given(result)}', but it must be whole numbers from {low} to {high:N0} with commas between them, such as {Example(byDefault, high)}."));
            return [];
        },
    };

    /// <summary>Mixes of types by name, each once; none if the option was not given.</summary>
    public static Option<WeightMix[]> Types(string name, string meaning)
    {
        var names = string.Join(", ", WeightMix.All.Select(mix => mix.Name));
        return new(name, "-t")
        {
            Description = $"{meaning} Of {names}.",
            HelpName = "names",
            CustomParser = result =>
            {
                var mixes = Parts(result).Select(WeightMix.Find).ToArray();
                if (mixes.Length > 0 && mixes.All(mix => mix is not null))
                    return [.. mixes.Distinct().Select(mix => mix!)];

                result.AddError($"{name} is '{Given(result)}', but it must be names with commas between them, of {names}.");
                return [];
            },
        };
    }

    static string[] Parts(ArgumentResult result) => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries))];

    static string Given(ArgumentResult result)
    {
        var text = string.Join(' ', result.Tokens.Select(token => token.Value));
        return text.Length <= 40 ? text : text[..40] + "...";
    }

    static string Example(int[] byDefault, int high) => byDefault.Length > 1 ? string.Join(',', byDefault) : $"1,{Math.Min(2, high)}";
}
