using System.Text.Json;
using Ouro.Laws;

namespace Ouro.Clients;

/// <summary>Runs a scenario with the Ollama client for JavaScript, as it is. See tests/second-opinions/ollama.</summary>
static class OllamaClient
{
    /// <summary>What the client saw. Skips the test, with a reason, where the client is not there.</summary>
    public static async Task<JsonElement> Run(Uri server, params string[] arguments)
        => JsonElement.Parse(await NodeScript.Run("second-opinions/ollama", "Ollama client", ["client.mjs", server.ToString(), .. arguments]));
}
