using System.CommandLine;
using Ouro.Serving;

namespace Ouro.Cli;

/// <summary>Where a server is and how to get in: what <c>serve</c> and its clients have in common.</summary>
static class ServerOptions
{
    /// <summary>Its address.</summary>
    public static Option<string?> Host { get; } = Text(
        "--host", $"HOST:PORT; port 0 takes any free one. Else the environment's OURO_HOST, then OLLAMA_HOST [default: {ServerAddress.Usual}]", "address");

    /// <summary>Its key.</summary>
    public static Option<string?> ApiKey { get; } = Text(
        "--api-key", "What clients must send as 'Authorization: Bearer KEY'; else the environment's OURO_API_KEY, which others on this machine cannot see.", "key");

    /// <summary>An option that takes any words.</summary>
    public static Option<string?> Text(string name, string meaning, string helpName) => new(name) { Description = meaning, HelpName = helpName };

    /// <summary>The address that was asked for.</summary>
    /// <exception cref="UserErrorException">It cannot be one.</exception>
    public static ServerAddress AddressOf(ParseResult parsed)
    {
        try
        {
            return (parsed.GetValue(Host) ?? Environment("OURO_HOST") ?? Environment("OLLAMA_HOST")) is { } text ? ServerAddress.Parse(text) : ServerAddress.Usual;
        }
        catch (FormatException problem)
        {
            throw new UserErrorException(problem.Message);
        }
    }

    /// <summary>The key that was given, or null.</summary>
    public static string? KeyOf(ParseResult parsed) => parsed.GetValue(ApiKey) is { Length: > 0 } key ? key : Environment("OURO_API_KEY");

    /// <summary>A variable of the environment; null if it is not set or empty.</summary>
    public static string? Environment(string name) => System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
