using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Ouro.Chat;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Cli;

/// <summary>Command-line options made from <see cref="Setting"/>s, so that names, help and limits have one home.</summary>
static class SettingOptions
{
    /// <summary>A whole number; null if it was not given.</summary>
    public static Option<int?> Whole(Setting setting, string? shown = null) => Make<int>(setting, shown);

    /// <summary>A number; null if it was not given.</summary>
    public static Option<double?> Number(Setting setting, string? shown = null) => Make<double>(setting, shown);

    /// <summary>How many threads compute.</summary>
    public static Option<int> Threads { get; } = Between("--threads", "Threads that compute; 0 takes one per processor.", 0, 1024);

    /// <summary>What quantised weights are multiplied with.</summary>
    public static Choice<ActivationType> Activations { get; } = new(
        "--activations", "What quantised weights are multiplied with: int8 is fast, f32 shows what the weights alone would say.",
        ("int8", ActivationType.Int8), ("f32", ActivationType.F32));

    /// <summary>What keys and values are stored as.</summary>
    public static Choice<ElementType> KvType(ElementType byDefault)
    {
        return new("--kv-type", "What keys and values are stored as.", [.. ReplySettings.KvTypes.OrderByDescending(choice => choice.Value == byDefault)]);
    }

    /// <summary>A whole number within limits.</summary>
    public static Option<int> Between(string name, string meaning, int low, int high, int byDefault = 0, params string[] aliases) => new(name, aliases)
    {
        Description = meaning,
        HelpName = "number",
        DefaultValueFactory = _ => byDefault,
        CustomParser = result => Parse(result, low, high) ?? byDefault,
    };

    /// <summary>A seed: any whole number of its type; null if it was not given.</summary>
    public static Option<T?> Seed<T>(string meaning)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
        => new("--seed") { Description = meaning, HelpName = "number", CustomParser = result => Parse(result, T.MinValue, T.MaxValue) };

    /// <summary>What tokens leave behind.</summary>
    public static Choice<KvPolicy> KvPolicies() => new(
        "--kv-policy",
        "What later tokens find of a token: exact keys and values of every loop, those of the loop where it exited (saves loops), or of the last loop only (saves memory); the others are for study.",
        [.. ReplySettings.Policies]);

    /// <summary>The loop from which drafts are taken.</summary>
    public static Option<int> DraftLoops(bool onByDefault = true)
    {
        (string, int)[] words = [("auto", -1), ("off", 0)];
        return WordsOrWhole(
            Setting.DraftLoops, "Guess the next token after this loop, ahead of its turn; never changes the text",
            [.. onByDefault ? words : words.Reverse()]);
    }

    /// <summary>A whole number of at least 1, or a word that stands for another. The first word is the default.</summary>
    static Option<int> WordsOrWhole(Setting setting, string meaning, params (string Word, int Value)[] words) => new("--" + setting.Name.Replace('_', '-'))
    {
        DefaultValueFactory = _ => words[0].Value,
        Description = $"{meaning} [{string.Join("|", words.Select(word => word.Word))}|number, default: {words[0].Word}]",
        HelpName = "loop",
        CustomParser = result =>
        {
            foreach (var (word, value) in words)
            {
                if (result.Tokens is [var token] && string.Equals(token.Value, word, StringComparison.OrdinalIgnoreCase))
                    return value;
            }

            return Parse(result, 1, (int)setting.High, $"{string.Join(" or ", words.Select(word => word.Word))}, or ") ?? words[0].Value;
        },
    };

    static Option<T?> Make<T>(Setting setting, string? shown)
        where T : struct, INumber<T>
    {
        var names = setting.Aliases.Prepend(setting.Name).Select(name => "--" + name.Replace('_', '-')).ToArray();
        var byDefault = setting.Default.ToString(CultureInfo.InvariantCulture);
        return new Option<T?>(names[0], names[1..])
        {
            Description = $"{setting.Meaning} [default: {shown ?? byDefault}]",
            HelpName = "number",
            CustomParser = result => Parse(result, T.CreateChecked(setting.Low), T.CreateChecked(setting.High)),
        };
    }

    /// <summary>Reads a number without marks between thousands: whoever writes 0,5 for a half must not get 5.</summary>
    static T? Parse<T>(ArgumentResult result, T low, T high, string words = "")
        where T : struct, INumber<T>
    {
        var isWhole = typeof(T) != typeof(double);
        var text = result.Tokens is [var token] ? token.Value : "";
        if (T.TryParse(text, isWhole ? NumberStyles.Integer : NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= low && value <= high)
            return value;

        var name = (result.Parent as OptionResult)?.Option.Name ?? result.Argument.Name;
        var shown = text.Length <= 40 ? text : text[..40] + "...";
        result.AddError(string.Create(
            CultureInfo.InvariantCulture, $"{name} is '{shown}', but it must be {words}a {(isWhole ? "whole number" : "number")} from {low:#,0.######} to {high:#,0.######}."));
        return null;
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

    /// <summary>True if a word was given.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(Option) is not null;

    /// <summary>What was chosen.</summary>
    public T Of(ParseResult parsed)
        => parsed.GetValue(Option) is { } word ? Array.Find(_choices, choice => string.Equals(choice.Word, word, StringComparison.OrdinalIgnoreCase)).Value : _choices[0].Value;
}
