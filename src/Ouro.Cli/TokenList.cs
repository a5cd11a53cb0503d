using System.CommandLine;
using System.Globalization;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary>Token ids given on the command line.</summary>
static class TokenList
{
    /// <summary>The option <c>--ids "1,2,3"</c>.</summary>
    public static Option<string?> Option() => new("--ids") { Description = "Token ids, separated by commas or spaces.", HelpName = "1,2,3" };

    /// <summary>Reads ids.</summary>
    /// <exception cref="UserErrorException">Something is no id of this vocabulary.</exception>
    public static int[] Parse(string text, int vocabulary, bool allowEmpty = false)
    {
        var words = text.Split([',', ' ', '\t', '\n', '\r', '[', ']'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 && !allowEmpty)
            throw new UserErrorException("there is no token id. Give numbers separated by commas, such as \"1,2,3\".");

        return Array.ConvertAll(words, word =>
            int.TryParse(word, NumberStyles.Integer, CultureInfo.InvariantCulture, out var id) && id >= 0 && id < vocabulary
                ? id
                : throw new UserErrorException(
                    $"'{(word.Length <= 40 ? word : word[..40] + "...")}' is no token id: the vocabulary has the ids 0 to {vocabulary - 1:N0}."));
    }

    /// <summary>The ids given, or those of the text given; exactly one of the two must be there.</summary>
    public static int[] From(string? ids, string? text, bool special, Engine engine) => (ids, text) switch
    {
        ({ } list, null) => Parse(list, engine.Model.Config.Vocabulary),
        (null, { } prompt) => Known(engine.Tokenizer.Encode(prompt, special ? SpecialText.Parsed : SpecialText.Plain), engine),
        _ => throw new UserErrorException("Give either --ids or --prompt."),
    };

    static int[] Known(int[] ids, Engine engine)
    {
        if (ids.Length == 0)
            throw new UserErrorException("the prompt holds no token. Give some text.");
        return Array.TrueForAll(ids, id => id < engine.Model.Config.Vocabulary)
            ? ids
            : throw new UserErrorException("the tokenizer has tokens that the model does not know: the two do not belong together.");
    }
}
