using System.CommandLine;
using System.Globalization;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary>Token ids given on the command line.</summary>
static class TokenList
{
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
}

/// <summary>The options of commands that take a text as ids or as a prompt.</summary>
sealed class TokenOptions
{
    readonly Option<string?> _ids = new("--ids") { Description = "Token ids, separated by commas or spaces.", HelpName = "1,2,3" };
    readonly Option<string?> _prompt = new("--prompt") { Description = "Text instead of ids.", HelpName = "text" };
    readonly Option<bool> _special = new("--special") { Description = "Let the text's special tokens, such as <|im_start|>, be what they spell." };

    public void AddTo(Command command)
    {
        command.Options.Add(_ids);
        command.Options.Add(_prompt);
        command.Options.Add(_special);
    }

    /// <summary>The ids given, or those of the text given; exactly one of the two must be there.</summary>
    /// <exception cref="UserErrorException">Both or neither were given, or the text is empty, or a token is not the model's.</exception>
    public int[] Of(ParseResult parsed, Engine engine) => (parsed.GetValue(_ids), parsed.GetValue(_prompt)) switch
    {
        ({ } list, null) => TokenList.Parse(list, engine.Model.Config.Vocabulary),
        (null, { } prompt) => Encoded(prompt, parsed.GetValue(_special) ? SpecialText.Parsed : SpecialText.Plain, engine),
        _ => throw new UserErrorException("Give either --ids or --prompt."),
    };

    static int[] Encoded(string prompt, SpecialText special, Engine engine)
    {
        var ids = engine.Tokenizer.Encode(prompt, special);
        if (ids.Length == 0)
            throw new UserErrorException("the prompt holds no token. Give some text.");

        engine.CheckKnown(ids);
        return ids;
    }
}
