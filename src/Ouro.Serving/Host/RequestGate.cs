using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Ouro.Serving;

/// <summary>Who may come in: the right host, an origin that we trust, and whoever knows the key. It stands before every route.</summary>
/// <remarks>
/// A page from anywhere can make a person's browser ask this server, directly or under a name that its owner lets point here. Browsers tell
/// the page's origin and the name, so both are checked even where no key is set.
/// </remarks>
sealed class RequestGate(ServingOptions options)
{
    static readonly string[] GuardedPaths = ["/api", "/v1", "/props", "/metrics"];

    readonly byte[]? _keyHash = options.ApiKey is { Length: > 0 } key ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : null;
    readonly string[] _origins = [.. options.Origins.Select(origin => origin.Trim().TrimEnd('/'))];

    /// <summary>Lets a request through, or answers it.</summary>
    public Task Pass(HttpContext context, RequestDelegate next)
    {
        if (!KnowsHost(context.Request.Host.Host))
        {
            return Problems.Answer(context, StatusCodes.Status403Forbidden,
                $"the host '{Problems.Plain(context.Request.Host.Host)}' is not one that this server goes by; use its address, or start it with --origins and that name.");
        }

        if (context.Request.Headers.Origin.ToString() is { Length: > 0 } origin)
        {
            if (!Trusts(origin, context.Request.Host.Value))
            {
                return Problems.Answer(context, StatusCodes.Status403Forbidden,
                    $"pages from '{Problems.Plain(origin)}' may not ask this server; start it with --origins and that origin to allow them.");
            }

            AllowOrigin(context, origin);
            if (HttpMethods.IsOptions(context.Request.Method) && context.Request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod))
                return AnswerPreflight(context);
        }

        return IsKeyMissing(context)
            ? AskForKey(context)
            : next(context);
    }

    /// <summary>True for the names and addresses that lead here on purpose.</summary>
    bool KnowsHost(string host)
    {
        if (host.Length == 0 || HostNames.IsLoopback(host) || Same(host, options.Address.Host))
            return true;
        if (!options.Address.IsLoopback && (HostNames.IsAddress(host) || Same(host, Environment.MachineName)))
            return true;
        return _origins.Any(origin => Same(HostOf(origin), host));
    }

    bool Trusts(string origin, string? host)
    {
        if (_origins.Contains("*") || _origins.Any(known => Same(known, origin) || (!known.Contains("://", StringComparison.Ordinal) && Same(HostOf(origin), HostOf(known)))))
            return true;
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return false;
        return HostNames.IsLoopback(url.Host) || Same(url.Authority, host ?? "");
    }

    static void AllowOrigin(HttpContext context, string origin)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = HeaderNames.Origin;
        headers.AccessControlExposeHeaders = HeaderNames.RetryAfter;
    }

    static Task AnswerPreflight(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = "GET, HEAD, POST, DELETE, OPTIONS";
        // Whatever a client library sends along: what matters is the origin.
        headers.AccessControlAllowHeaders = context.Request.Headers.AccessControlRequestHeaders is { Count: > 0 } asked ? asked : "Authorization, Content-Type";
        headers.AccessControlMaxAge = "600";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    bool IsKeyMissing(HttpContext context)
    {
        if (_keyHash is null || !GuardedPaths.Any(path => context.Request.Path.StartsWithSegments(path)))
            return false;

        var header = context.Request.Headers.Authorization.ToString();
        var given = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : "";
        // Hashes have one length, so the time of the comparison tells nothing.
        return !CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), _keyHash);
    }

    static Task AskForKey(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Answer(context, StatusCodes.Status401Unauthorized, "this server wants a key; send it as 'Authorization: Bearer KEY'.");
    }

    static string HostOf(string origin)
        => Uri.TryCreate(origin.Contains("://", StringComparison.Ordinal) ? origin : $"http://{origin}", UriKind.Absolute, out var url) ? url.Host : origin;

    static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
