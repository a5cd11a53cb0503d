using System.CommandLine;
using System.CommandLine.Parsing;
using Ouro.Formats;
using Spectre.Console;

namespace Ouro.Cli;

/// <summary>A request that cannot be met as it was put. The message is one sentence for a person: finding, expectation, next step.</summary>
sealed class UserErrorException(string message) : Exception(message);

/// <summary>The way in and out: exit codes, errors as sentences, Ctrl-C, and the two consoles.</summary>
/// <remarks>Exit codes: 0 done, 1 a file or request cannot be used, 2 the command line is wrong, 130 interrupted.</remarks>
static class Front
{
    const int UserError = 1;
    const int UsageError = 2;
    const int Interrupted = 130;

    static readonly Option<bool> Debug = new("--debug") { Description = "Show where in the program an error arose.", Recursive = true };

    /// <summary>What people read while results go to standard output; colours and bars only on a terminal.</summary>
    public static IAnsiConsole Messages { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        root.Options.Add(Debug);
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
            return ShowUsage(parsed);

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("interrupted");
            return Interrupted;
        }
#pragma warning disable CA1031 // The last stop before the person: everything becomes one sentence unless --debug asks for more.
        catch (Exception problem) when (!parsed.GetValue(Debug))
#pragma warning restore CA1031
        {
            Console.Error.WriteLine($"ouro: {Sentence(problem)}");
            return UserError;
        }
    }

    static string Sentence(Exception problem) => problem switch
    {
        UserErrorException or ModelFileException => OneLine(problem.Message),
        OutOfMemoryException => $"the machine has not enough memory for this ({OneLine(problem.Message)}). Use a smaller type, --num-ctx or model.",
        IOException or UnauthorizedAccessException => OneLine(problem.Message),
        AggregateException { InnerExceptions: [var inner] } => Sentence(inner),
        _ => $"this should not have happened: {OneLine(problem.Message)} ({problem.GetType().Name}). Run again with --debug and report what it prints.",
    };

    static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();

    static int ShowUsage(ParseResult parsed)
    {
        foreach (var error in parsed.Errors)
            Console.Error.WriteLine($"ouro: {OneLine(error.Message)}");
        Console.Error.WriteLine($"Run 'ouro {CommandPath(parsed.CommandResult)}--help' for what it takes.");
        return UsageError;
    }

    static string CommandPath(CommandResult command)
        => command.Parent is CommandResult ? $"{command.Command.Name} " : "";
}
