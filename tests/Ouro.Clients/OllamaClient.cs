using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Ouro.Laws;

namespace Ouro.Clients;

/// <summary>Runs a scenario with the Ollama client for JavaScript, as it is. See tests/second-opinions/ollama.</summary>
static class OllamaClient
{
    static readonly string Folder = Repository.Path("tests/second-opinions/ollama");

    /// <summary>What the client saw. Skips the test, with a reason, where the client is not there.</summary>
    public static async Task<JsonElement> Run(Uri server, params string[] arguments)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "node_modules")), "Needs the Ollama client: run 'npm ci' in tests/second-opinions/ollama.");

        var cancel = TestContext.Current.CancellationToken;
        using var node = Start(server, arguments);
        var output = node.StandardOutput.ReadToEndAsync(cancel);
        var errors = node.StandardError.ReadToEndAsync(cancel);
        await node.WaitForExitAsync(cancel);
        node.ExitCode.ShouldBe(0, await errors);
        return JsonDocument.Parse(await output).RootElement;
    }

    static Process Start(Uri server, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("node", ["client.mjs", server.ToString(), .. arguments])
            {
                WorkingDirectory = Folder,
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
