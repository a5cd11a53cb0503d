using System.CommandLine;
using System.Globalization;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Tensors;

namespace Ouro.Cli;

/// <summary>Command-line options made from <see cref="Setting"/>s, so that names, help and limits have one home.</summary>
static class SettingOptions
{
    /// <summary>A whole number; null if it was not given.</summary>
    public static Option<int?> Whole(Setting setting, string? shown = null) => Make<int?>(setting, shown);

    /// <summary>A number; null if it was not given.</summary>
    public static Option<double?> Number(Setting setting, string? shown = null) => Make<double?>(setting, shown);

    /// <summary>How many threads compute.</summary>
    public static Option<int> Threads { get; } = Between("--threads", "Threads that compute; 0 takes one per processor.", 0, 1024);

    /// <summary>What quantised weights are multiplied with.</summary>
    public static Choice<ActivationType> Activations { get; } = new(
        "--activations", "What quantised weights are multiplied with: int8 is fast, f32 shows what the weights alone would say.",
        ("int8", ActivationType.Int8), ("f32", ActivationType.F32));

    /// <summary>What keys and values are stored as.</summary>
    public static Choice<ElementType> KvType(ElementType byDefault)
    {
        (string, ElementType)[] choices = [("f32", ElementType.F32), ("f16", ElementType.F16), ("q8_0", ElementType.Q8_0)];
        return new("--kv-type", "What keys and values are stored as.", [.. choices.OrderByDescending(choice => choice.Item2 == byDefault)]);
    }

    /// <summary>A whole number within limits.</summary>
    static Option<int> Between(string name, string meaning, int low, int high)
    {
        var option = new Option<int>(name) { Description = meaning, HelpName = "number" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var value) && (value < low || value > high))
                result.AddError($"{name} is {value}, but it must be from {low} to {high}.");
        });
        return option;
    }

    static Option<T> Make<T>(Setting setting, string? shown)
    {
        var names = setting.Aliases.Prepend(setting.Name).Select(name => "--" + name.Replace('_', '-')).ToArray();
        var byDefault = setting.Default.ToString(CultureInfo.InvariantCulture);
        var option = new Option<T>(names[0], names[1..]) { Description = $"{setting.Meaning} [default: {shown ?? byDefault}]", HelpName = "number" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && double.TryParse(token.Value, CultureInfo.InvariantCulture, out var value)
                && setting.Problem(value) is { } problem)
            {
                result.AddError(problem);
            }
        });
        return option;
    }
}

/// <summary>An option that takes one of a few words; the first is the default.</summary>
sealed class Choice<T>
{
    readonly (string Word, T Value)[] _choices;

    public Choice(string name, string meaning, params (string Word, T Value)[] choices)
    {
        _choices = choices;
        var words = choices.Select(choice => choice.Word).ToArray();
        Option = new Option<string?>(name)
        {
            Description = $"{meaning} [{string.Join("|", words)}, default: {words[0]}]",
            HelpName = "word",
        };
        Option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !words.Contains(token.Value, StringComparer.OrdinalIgnoreCase))
                result.AddError($"{name} is '{token.Value}', but it must be one of {string.Join(", ", words)}.");
        });
    }

    /// <summary>The option to put into a command.</summary>
    public Option<string?> Option { get; }

    /// <summary>What was chosen.</summary>
    public T Of(ParseResult parsed)
    {
        var word = parsed.GetValue(Option);
        return word is null ? _choices[0].Value : Array.Find(_choices, choice => string.Equals(choice.Word, word, StringComparison.OrdinalIgnoreCase)).Value;
    }
}
