using System.CommandLine;
using Ouro.Cli;

namespace Ouro.Laws.Cli;

/// <summary>What a person sees who asks for help, mistypes, or names the wrong thing.</summary>
public sealed class UsageLaws
{
    const int UsageError = 2;

    static readonly string Model = OuroProgram.Golden("tiny-bf16");

    [Fact]
    public void Every_command_explains_itself_and_every_option()
    {
        OuroProgram.Run("--help").ShouldSucceed().Output.ShouldContain("convert");
        foreach (var command in Commands.Root().Subcommands)
        {
            var help = OuroProgram.Run(command.Name, "--help").ShouldSucceed();

            help.Errors.ShouldBeEmpty();
            command.Description.ShouldNotBeNullOrWhiteSpace();
            foreach (var symbol in command.Options.Cast<Symbol>().Concat(command.Arguments))
            {
                symbol.Description.ShouldNotBeNullOrWhiteSpace($"{command.Name} {symbol.Name}");
                help.Output.ShouldContain(symbol.Name);
                help.Output.ShouldContain(symbol.Description.Split(' ')[0]);
            }
        }
    }

    [Theory]
    [InlineData("--num-ctx", "nan")]
    [InlineData("--num-ctx", "4,096")]
    [InlineData("--num-ctx", "0")]
    [InlineData("--num-predict", "-2")]
    [InlineData("--num-iterations", "99999999999999999999")]
    [InlineData("--temperature", "nan")]
    [InlineData("--temperature", "0,5")]
    [InlineData("--exit-threshold", "0")]
    [InlineData("--seed", "1e3")]
    [InlineData("--threads", "many")]
    public void A_number_that_cannot_be_is_a_usage_error_that_names_the_option(string option, string value)
    {
        var answer = OuroProgram.Run("run", Model, "hi", $"{option}={value}");

        answer.Code.ShouldBe(UsageError);
        answer.Output.ShouldBeEmpty();
        answer.ErrorLines[0].ShouldStartWith($"ouro: {option} is '{value}', but it must be a");
        answer.Errors.ShouldNotContain("System.");
    }

    [Fact]
    public void Mistyped_commands_options_and_choices_are_usage_errors()
    {
        string[][] mistakes =
        [
            ["nosuch"], ["trace"], ["inspect", Model, "--nosuch"], ["inspect", Model, "--num-ctx=x"], ["generate", Model, "--ids", "1", "-n", "0"],
            ["synth", "--shape", "1x64x4", "--seed", "-1", "-o", "x"], ["convert", Model, "--to", "pdf"], ["quantize", Model, "-t", "q1"], ["quantize", Model],
            ["run", Model, "hi", "--kv-type", "q2"], ["convert", Model, "--threads", "-1"],
        ];
        foreach (var mistake in mistakes)
        {
            var answer = OuroProgram.Run(mistake);

            answer.Code.ShouldBe(UsageError, string.Join(' ', mistake));
            answer.ErrorLines[^1].ShouldContain("--help");
            answer.Errors.ShouldNotContain("System.");
        }
    }

    [Fact]
    public void What_cannot_be_used_gets_one_sentence()
    {
        OuroProgram.Run("inspect", "no-such.gguf").ShouldRefuse("no-such.gguf", "no such file");
        OuroProgram.Run("run", "", "hi").ShouldRefuse("path is empty");
        OuroProgram.Run("synth", "--shape", "1x64x4x64x64", "-o", "").ShouldRefuse("path is empty");
        OuroProgram.Run("run", Model, "").ShouldRefuse("prompt is empty");
        OuroProgram.Run("generate", Model, "--ids", "320").ShouldRefuse("'320'", "0 to 319");
        OuroProgram.Run("run", Repository.Root, "hi").ShouldRefuse("model.safetensors");
        OuroProgram.Run("inspect", "a\e]0;title\a\u202Eb").ShouldRefuse("no such file");
    }

    [Fact]
    public void Arguments_are_what_they_are_even_with_an_at_sign_or_underscores()
    {
        OuroProgram.Run("inspect", "@nothing").ShouldRefuse("@nothing: there is no such file");
        OuroProgram.Run("tokenize", Model, "@a").ShouldSucceed().Output.ShouldBe(OuroProgram.RunWith("@a", "tokenize", Model).Output);
        OuroProgram.Run("tokenize", Model, "--", "--a_b").ShouldSucceed().Output.ShouldBe(OuroProgram.RunWith("--a_b", "tokenize", Model).Output);
        OuroProgram.Run("run", Model, "hi", "--num_predict", "0").ShouldSucceed();
    }
}
