using Ouro.Chat;

namespace Ouro.Serving;

/// <summary>How models are served. An object that exists is usable.</summary>
public sealed record ServingOptions
{
    /// <summary>Where to listen.</summary>
    public ServerAddress Address { get; init; } = ServerAddress.Usual;

    /// <summary>How long an unused model stays loaded; negative for ever.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Most models loaded at once.</summary>
    public int MostModels { get; init; } = 1;

    /// <summary>Most texts of a model computed together.</summary>
    public int Parallel { get; init; } = 64;

    /// <summary>Most requests that wait beside those; more are told to come again.</summary>
    public int MostWaiting { get; init; } = 512;

    /// <summary>The context of a text where neither request nor model says one, in tokens; null for the usual.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>What clients must show as <c>Authorization: Bearer</c>; null lets everybody in.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Origins of pages that may ask beside our own and those on this machine, such as <c>https://chat.example</c>; <c>*</c> is any.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>How models are loaded.</summary>
    public LoadOptions Loading { get; init; } = new();

    /// <summary>Most bytes of a request; files that are uploaded are not among them.</summary>
    public long MostRequestBytes { get; init; } = 32 << 20;

    /// <summary>How long a client may take to say what it wants, and be slower than <see cref="SlowestClient"/> in sending it, or for twice as long in taking the answer; more than a second.</summary>
    public TimeSpan ClientPatience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes a second; slower clients are let go after a while.</summary>
    public double SlowestClient { get; init; } = 240;

    /// <summary>How long replies may go on once the server was asked to stop.</summary>
    public TimeSpan ShutdownTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Told one line for each request, and what else happens; null for nobody. Any thread may call it.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>What <c>/api/version</c> says.</summary>
    public static string Version { get; } = typeof(ServingOptions).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
