using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ouro.Laws.Cli;

/// <summary>What the program answered.</summary>
sealed record Answer(int Code, string Output, string Errors)
{
    public string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public string[] ErrorLines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public JsonElement Json => JsonElement.Parse(Output);

    public Answer ShouldSucceed()
    {
        Code.ShouldBe(0, Errors);
        return this;
    }

    /// <summary>A person's mistake: exit code 1, and one sentence on standard error that says all these things.</summary>
    public Answer ShouldRefuse(params string[] words)
    {
        Code.ShouldBe(1, Errors + Output);
        var sentence = ErrorLines.ShouldHaveSingleItem();
        sentence.ShouldStartWith("ouro: ");
        sentence.ShouldNotContain("should not have happened");
        sentence.Any(char.IsControl).ShouldBeFalse(sentence);
        foreach (var word in words)
            sentence.ShouldContain(word);
        return this;
    }
}

/// <summary>The built program as a person starts it: a process of its own, from the same configuration as these tests.</summary>
static class OuroProgram
{
    /// <summary>Longer than any command here takes even where four others build meanwhile; only a hang reaches it.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Where it lies.</summary>
    public static readonly string Program = Path.Combine(
        Repository.Root, "artifacts", "bin", "Ouro.Cli", new DirectoryInfo(AppContext.BaseDirectory).Name, "ouro.dll");

    public static string Golden(string relative) => Repository.Path($"tests/Ouro.Golden/data/{relative}");

    public static Answer Run(params string[] args) => RunWith([], args);

    /// <summary>Runs the program to its end with this text, or these bytes, as standard input.</summary>
    public static Answer RunWith(string input, params string[] args) => RunWith(Encoding.UTF8.GetBytes(input), args);

    public static Answer RunWith(byte[] input, params string[] args) => RunWith(input, new Dictionary<string, string>(), args);

    /// <summary>The same with these variables in its environment.</summary>
    public static Answer RunWith(string input, IReadOnlyDictionary<string, string> environment, params string[] args)
        => RunWith(Encoding.UTF8.GetBytes(input), environment, args);

    static Answer RunWith(byte[] input, IReadOnlyDictionary<string, string> environment, string[] args)
    {
        using var process = StartIn(environment, args);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all; its answer tells why.
        }

        return Finish(process, output, errors);
    }

    /// <summary>Runs the program to its end with these variables in its environment, and nothing to read.</summary>
    public static Answer RunIn(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        using var process = StartIn(environment, args);
        process.StandardInput.Close();
        return Finish(process, process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
    }

    /// <summary>Starts the program and leaves its streams to the caller.</summary>
    public static Process Start(params string[] args) => StartIn(new Dictionary<string, string>(), args);

    /// <summary>The same with these variables in its environment.</summary>
    public static Process StartIn(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start).ShouldNotBeNull();
    }

    public static Answer Finish(Process process, Task<string> output, Task<string> errors)
    {
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            throw new TimeoutException($"ouro did not end within {Patience}.");
        }

        return new Answer(process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }

    /// <summary>What Ctrl-C sends.</summary>
    public static void Interrupt(Process process)
    {
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
