using System.CommandLine.Parsing;
using Ouro.Cli;

namespace Ouro.Laws;

/// <summary>What the README shows must be true.</summary>
public sealed class ReadmeLaws
{
    static readonly string[] Lines = File.ReadAllLines(Repository.Path("README.md"));

    [Fact]
    public void Every_command_shown_is_one_that_the_program_understands()
    {
        var commands = CodeLines().SelectMany(line => line.Split("&&")).Select(part => part.Trim())
            .Where(part => part.StartsWith("./ouro ", StringComparison.Ordinal)).ToArray();

        commands.Length.ShouldBeGreaterThan(5);
        foreach (var command in commands)
        {
            var parsed = Commands.Root().Parse([.. CommandLineParser.SplitCommandLine(command["./ouro ".Length..])]);
            parsed.Errors.Select(error => error.Message).ShouldBeEmpty(command);
        }
    }

    [Fact]
    public void Every_command_of_the_program_is_in_the_table()
    {
        foreach (var command in Commands.Root().Subcommands)
            Lines.ShouldContain(line => line.StartsWith('|') && line.Contains($"`ouro {command.Name}", StringComparison.Ordinal), command.Name);
    }

    [Fact]
    public void Every_file_linked_or_named_exists()
    {
        var links = Lines.SelectMany(line => System.Text.RegularExpressions.Regex.Matches(line, @"\]\((?!http)([^)]+)\)|`((?:src|tests)/[\w./-]+)`"))
            .Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value).ToArray();

        links.Length.ShouldBeGreaterThan(3);
        links.Where(link => !Path.Exists(Repository.Path(link))).ShouldBeEmpty();
    }

    static IEnumerable<string> CodeLines()
    {
        var inCode = false;
        foreach (var line in Lines)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                inCode = !inCode;
            else if (inCode)
                yield return line;
        }
    }
}
