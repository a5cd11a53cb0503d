using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Ouro.Chat;
using Ouro.Formats;
using Ouro.Serving.Store;
using Ouro.Training.Recipes;
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
    const int BrokenPipe = 32;   // EPIPE on Linux and macOS
    public const int Interrupted = 130;

    static readonly Option<bool> Debug = new("--debug") { Description = "Show where in the program an error arose.", Recursive = true };

    /// <summary>What people read while results go to standard output; colours and bars only on a terminal.</summary>
    public static IAnsiConsole Messages { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>Where tables and reports go: standard output.</summary>
    public static IAnsiConsole Results { get; } = Create(Console.Out, Console.IsOutputRedirected);

    /// <summary>Says something that the person should know, without stopping.</summary>
    public static void Warn(string sentence) => Console.Error.WriteLine($"ouro: warning: {sentence}");

    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        root.Options.Add(Debug);
        // A prompt may begin with '@': arguments are what they are, never names of files with more arguments.
        var parsed = root.Parse(args.Length == 0 ? ["--help"] : Dashed(args), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
            return ShowUsage(parsed);

        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var listening = Interrupts.Listen();
        try
        {
            NoticeClosedPipe();
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration, Interrupts.Token);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("interrupted");
            return Interrupted;
        }
        catch (IOException problem) when (problem.HResult == BrokenPipe)
        {
            return 0;   // whoever reads has read enough, as in "| head"
        }
#pragma warning disable CA1031 // The last stop before the person: everything becomes one sentence unless --debug asks for more.
        catch (Exception problem) when (!parsed.GetValue(Debug))
#pragma warning restore CA1031
        {
            Console.Error.WriteLine($"ouro: {Sentence(problem)}");
            return UserError;
        }
        finally
        {
            Array.ForEach(listening, registration => registration.Dispose());
        }
    }

    /// <summary>Settings have underscores in Modelfiles and requests; <c>--num_ctx</c> is understood as <c>--num-ctx</c>.</summary>
    static string[] Dashed(string[] args)
    {
        var options = Array.IndexOf(args, "--") is >= 0 and var end ? end : args.Length;
        return [.. args.Select((argument, i) => i < options ? Dashed(argument) : argument)];
    }

    static string Dashed(string argument)
    {
        if (!argument.StartsWith("--", StringComparison.Ordinal) || argument.Contains(' ', StringComparison.Ordinal))
            return argument;

        var end = argument.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals ? equals : argument.Length;
        return argument[..end].Replace('_', '-') + argument[end..];
    }

    /// <summary>
    /// The console's own writer goes on in silence when nobody reads any more, and a command could compute for ever. A plain writer on the same
    /// pipe fails instead. Files keep the console's writer, since they may be shared with standard error.
    /// </summary>
    static void NoticeClosedPipe()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
            return;

        var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        if (!pipe.CanSeek)
            Console.SetOut(new StreamWriter(pipe, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true });
    }

    static IAnsiConsole Create(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        if (isRedirected)
            console.Profile.Width = 200;   // no line of a report is broken for a terminal that is not there
        return console;
    }

    /// <summary>True if it lies in what was asked for or given, or in memory, so that the person can do something about it.</summary>
    public static bool IsMendable(Exception problem) => IsSentence(problem) || problem is OutOfMemoryException;

    /// <summary>What a person is told about it: finding, and what to do.</summary>
    public static string Sentence(Exception problem) => problem switch
    {
        _ when IsSentence(problem) => OneLine(problem.Message),
        OutOfMemoryException => $"the machine has not enough memory for this ({OneLine(problem.Message)}). Use a smaller type, --num-ctx or model.",
        IOException or UnauthorizedAccessException => $"reading or writing failed ({OneLine(problem.Message).TrimEnd('.')}); check files, disk space and where the output goes.",
        AggregateException { InnerExceptions: [var inner] } => Sentence(inner),
        _ => $"this should not have happened: {OneLine(problem.Message)} ({problem.GetType().Name}). Run again with --debug and report what it prints.",
    };

    /// <summary>Text from a file must not steer the terminal, nor turn the direction of what stands beside it.</summary>
    public static string Plain(string text) => string.Concat(text.Select(symbol =>
        char.IsControl(symbol) || symbol is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') ? '\uFFFD' : symbol));

    /// <summary>Writes a text from a file to standard output, line by line as it stands, so that what reads it can use it.</summary>
    public static void WriteLines(string text)
    {
        foreach (var line in text.TrimEnd('\n').Split('\n'))
            Console.Out.WriteLine(string.Join('\t', line.Split('\t').Select(Plain)));
    }

    /// <summary>True if the message was written for a person.</summary>
    static bool IsSentence(Exception problem)
        => problem is UserErrorException or ChatException or SettingException or StoreException or ModelFileException or RecipeException or InvalidDataException;

    static string OneLine(string text) => Plain(text.ReplaceLineEndings(" ").Trim());

    static int ShowUsage(ParseResult parsed)
    {
        if (parsed.CommandResult.Command is RootCommand && parsed.UnmatchedTokens is [var unknown, ..])
            Console.Error.WriteLine($"ouro: there is no command {OneLine(unknown.Quoted)}.");
        else
        {
            foreach (var error in parsed.Errors)
                Console.Error.WriteLine($"ouro: {OneLine(error.Message)}");
        }

        Console.Error.WriteLine($"Run 'ouro {CommandPath(parsed.CommandResult)}--help' for what it takes.");
        return UsageError;
    }

    static string CommandPath(CommandResult command)
        => command.Parent is CommandResult ? $"{command.Command.Name} " : "";
}
