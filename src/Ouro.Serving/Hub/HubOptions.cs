using Ouro.Formats;
using Ouro.Serving.Store;

namespace Ouro.Serving.Hub;

/// <summary>How to reach the hub, and how patient to be. Immutable.</summary>
public sealed record HubOptions
{
    /// <summary>The variable of the environment that names another hub, such as a mirror.</summary>
    public const string EndpointVariable = "HF_ENDPOINT";

    /// <summary>The variable of the environment that holds the token.</summary>
    public const string TokenVariable = "HF_TOKEN";

    /// <summary>The hub's address.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>Shown to the hub and to nobody else, and never on an open line; null if there is none.</summary>
    public string? Token { get; init; }

    /// <summary>How long a server may say nothing.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often in a row something may fail.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>The pause after the first failure; it doubles from one to the next.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Most bytes of one pull.</summary>
    public long MostBytes { get; init; } = 1L << 40;

    /// <summary>What the environment says.</summary>
    /// <exception cref="StoreException">It says something that cannot be used.</exception>
    public static HubOptions FromEnvironment()
    {
        var options = new HubOptions { Token = Environment.GetEnvironmentVariable(TokenVariable)?.Trim() is { Length: > 0 } token ? Checked(token) : null };
        if (Environment.GetEnvironmentVariable(EndpointVariable)?.Trim() is not { Length: > 0 } named)
            return options;

        return Uri.TryCreate(named, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "https" or "http" && endpoint.UserInfo.Length == 0
            ? options with { Endpoint = endpoint }
            : throw new StoreException(StoreFault.Invalid, $"{EndpointVariable} is {named.Quoted}, but it must be an address such as https://huggingface.co.");
    }

    static string Checked(string token) => token.All(symbol => symbol is > ' ' and < (char)127)
        ? token
        : throw new StoreException(StoreFault.Invalid, $"{TokenVariable} holds characters that no token has. Set it again, or unset it.");
}
