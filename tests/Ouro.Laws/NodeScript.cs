using System.ComponentModel;
using System.Diagnostics;

namespace Ouro.Laws;

/// <summary>Runs a script of tests/second-opinions with Node.js: libraries of others, as they are.</summary>
static class NodeScript
{
    /// <summary>What the script printed. Skips the test, with a reason, where Node.js or the library is not there.</summary>
    /// <param name="opinion">The folder below tests/second-opinions.</param>
    /// <param name="library">What the library is, for the reason.</param>
    /// <param name="arguments">The script and what it is given.</param>
    /// <param name="input">Lines for its standard input; none if null.</param>
    public static async Task<string> Run(string opinion, string library, string[] arguments, IEnumerable<string>? input = null)
    {
        var folder = Repository.Path($"tests/second-opinions/{opinion}");
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules")), $"Needs the {library}: run 'npm ci' in tests/second-opinions/{opinion}.");

        var cancel = TestContext.Current.CancellationToken;
        using var node = Start(folder, arguments, takesInput: input is not null);
        var output = node.StandardOutput.ReadToEndAsync(cancel);
        var errors = node.StandardError.ReadToEndAsync(cancel);
        if (input is not null)
        {
            foreach (var line in input)
                await node.StandardInput.WriteLineAsync(line);
            node.StandardInput.Close();
        }

        await node.WaitForExitAsync(cancel);
        node.ExitCode.ShouldBe(0, await errors);
        return await output;
    }

    static Process Start(string folder, string[] arguments, bool takesInput)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("node", arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardInput = takesInput,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception error)
        {
            Assert.Skip($"Needs Node.js 20 or later: {error.Message}.");
            throw;
        }
    }
}
