using System.CommandLine;
using System.Text;
using System.Text.Json;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary><c>ouro tokenize</c>: text to token ids.</summary>
static class TokenizeCommand
{
    public static Command Create()
    {
        var model = EngineOptions.ModelArgument();
        var text = new Argument<string?>("TEXT") { Description = "The text; without it, standard input as a whole.", Arity = ArgumentArity.ZeroOrOne };
        var lines = new Option<bool>("--json-lines") { Description = "Read one JSON string a line from standard input; write one JSON array a line." };
        var special = new Option<bool>("--special") { Description = "Let special tokens, such as <|im_start|>, be what they spell; else all text is plain." };
        var command = new Command("tokenize", "Turns text into token ids.") { model, text, lines, special };
        command.SetAction(parsed =>
        {
            var tokenizer = new Tokenizer(TokenizerFiles.Open(OwnModel.PathOf(parsed.GetValue(model))));
            var policy = parsed.GetValue(special) ? SpecialText.Parsed : SpecialText.Plain;
            if (parsed.GetValue(lines))
                StandardInput.EachLine((line, number) => JsonSerializer.Serialize(tokenizer.Encode(Parse(line, number), policy), PlainJson.Text.Int32Array));
            else
                Console.WriteLine(string.Join(' ', tokenizer.Encode(parsed.GetValue(text) ?? StandardInput.All(), policy)));
        });
        return command;
    }

    static string Parse(string line, int number)
    {
        try
        {
            if (JsonSerializer.Deserialize(line, PlainJson.Text.String) is { } text)
                return text;
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw new UserErrorException($"line {number:N0} of standard input is no JSON string. Write each text in quotes, with \\n for a new line.");
    }
}

/// <summary><c>ouro detokenize</c>: token ids to text.</summary>
static class DetokenizeCommand
{
    public static Command Create()
    {
        var model = EngineOptions.ModelArgument();
        var ids = new Argument<string[]>("IDS") { Description = "Token ids; without them, standard input as a whole.", Arity = ArgumentArity.ZeroOrMore };
        var lines = new Option<bool>("--json-lines") { Description = "Read one JSON array of ids a line from standard input; write one JSON string a line." };
        var skip = new Option<bool>("--skip-special") { Description = "Leave special tokens out." };
        var think = new Option<bool>("--keep-think") { Description = "With --skip-special: keep <think> and </think>." };
        var command = new Command("detokenize", "Turns token ids into text.") { model, ids, lines, skip, think };
        command.SetAction(parsed =>
        {
            var tokenizer = new Tokenizer(TokenizerFiles.Open(OwnModel.PathOf(parsed.GetValue(model))));
            var shown = (parsed.GetValue(skip), parsed.GetValue(think)) switch
            {
                (false, _) => ShownSpecials.All,
                (true, true) => ShownSpecials.Think,
                (true, false) => ShownSpecials.None,
            };
            if (parsed.GetValue(lines))
            {
                StandardInput.EachLine((line, _) => JsonSerializer.Serialize(
                    tokenizer.Decode(TokenList.Parse(line, tokenizer.Vocabulary.Count, allowEmpty: true), shown), PlainJson.Text.String));
            }
            else
            {
                var list = parsed.GetValue(ids) is { Length: > 0 } given ? string.Join(' ', given) : StandardInput.All();
                Console.WriteLine(tokenizer.Decode(TokenList.Parse(list, tokenizer.Vocabulary.Count), shown));
            }
        });
        return command;
    }
}

/// <summary>Standard input, as UTF-8 whatever the terminal says.</summary>
static class StandardInput
{
    public static string All()
    {
        using var reader = Open();
        return Wait(reader.ReadToEndAsync());
    }

    public static void EachLine(Func<string, int, string> answer)
    {
        using var reader = Open();
        for (var number = 1; Wait(reader.ReadLineAsync()) is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line))
                Console.Out.WriteLine(answer(line, number));
        }
    }

    /// <summary>Waits for standard input no longer than the person does.</summary>
    /// <exception cref="OperationCanceledException">Interrupted; the read itself stays behind, since the system cannot take it back.</exception>
    static T Wait<T>(Task<T> reading) => reading.WaitAsync(Interrupts.Token).GetAwaiter().GetResult();

    static StreamReader Open() => new(Console.OpenStandardInput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
}
