using System.ComponentModel;
using System.Diagnostics;

namespace Ouro.Laws;

/// <summary>Runs a script of tests/second-opinions or tests/browser with Node.js: libraries of others, as they are.</summary>
static class NodeScript
{
    /// <summary>What the script printed. Skips the test, with a reason, where Node.js or the library is not there.</summary>
    /// <param name="folder">Where it lies below tests.</param>
    /// <param name="library">What the library is, for the reason.</param>
    /// <param name="arguments">The script and what it is given.</param>
    /// <param name="input">Lines for its standard input; none if null.</param>
    /// <param name="environment">Variables of its own.</param>
    /// <param name="mayFail">True if what it printed counts, whatever its exit code.</param>
    public static async Task<string> Run(
        string folder, string library, string[] arguments, IEnumerable<string>? input = null, IReadOnlyDictionary<string, string>? environment = null, bool mayFail = false)
    {
        var place = Repository.Path($"tests/{folder}");
        Assert.SkipUnless(Directory.Exists(Path.Combine(place, "node_modules")), $"Needs the {library}: run 'npm ci' in tests/{folder}.");

        var cancel = TestContext.Current.CancellationToken;
        using var node = Start(place, arguments, takesInput: input is not null, environment ?? new Dictionary<string, string>());
        var output = node.StandardOutput.ReadToEndAsync(cancel);
        var errors = node.StandardError.ReadToEndAsync(cancel);
        if (input is not null)
        {
            foreach (var line in input)
                await node.StandardInput.WriteLineAsync(line);
            node.StandardInput.Close();
        }

        try
        {
            await node.WaitForExitAsync(cancel);
        }
        finally
        {
            node.Kill(entireProcessTree: true);
        }

        if (!mayFail)
            node.ExitCode.ShouldBe(0, await errors);
        return await output;
    }

    static Process Start(string folder, string[] arguments, bool takesInput, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = takesInput,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            Assert.Skip($"Needs Node.js 20 or later: {error.Message}.");
            throw;
        }
    }
}
