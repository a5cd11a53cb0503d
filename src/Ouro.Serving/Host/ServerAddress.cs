using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ouro.Serving;

/// <summary>Where a server listens.</summary>
/// <param name="Host">A name or an address; IPv6 without brackets.</param>
/// <param name="Port">0 takes any free one.</param>
public sealed record ServerAddress(string Host, int Port)
{
    /// <summary>The port that clients of Ollama expect.</summary>
    public const int UsualPort = 11434;

    /// <summary>This machine only, at the usual port.</summary>
    public static readonly ServerAddress Usual = new("127.0.0.1", UsualPort);

    /// <summary>True if only programs on this machine can come.</summary>
    public bool IsLoopback => HostNames.IsLoopback(Host);

    /// <summary>True if it listens wherever the machine can be reached.</summary>
    public bool IsEverywhere => IPAddress.TryParse(Host, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>As a URL; where everybody may come, the address that this machine itself uses.</summary>
    public string Url => IsEverywhere ? $"http://127.0.0.1:{Port}" : $"http://{ToString()}";

    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>:port</c>, <c>[IPv6]:port</c>, each also behind <c>http://</c>.</summary>
    /// <exception cref="FormatException">It is none of these; the message is one sentence.</exception>
    public static ServerAddress Parse(string text)
    {
        var rest = text.Trim();
        if (rest.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            throw Wrong(text, "https is not served here; put a proxy in front of it");
        if (rest.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            rest = rest["http://".Length..];
        rest = rest.TrimEnd('/');

        if (rest.Count(symbol => symbol == ':') > 1 && !rest.StartsWith('['))
            return IPAddress.TryParse(rest, out _) ? new ServerAddress(rest, UsualPort) : throw Wrong(text, "an IPv6 address with a port stands in brackets");

        var colon = rest.LastIndexOf(':');
        var hasPort = colon >= 0 && colon > rest.LastIndexOf(']');
        var host = (hasPort ? rest[..colon] : rest).Trim('[', ']');
        var port = hasPort ? PortOf(rest[(colon + 1)..], text) : UsualPort;
        host = host switch { "" => "127.0.0.1", "*" => "0.0.0.0", _ => host };
        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6
            ? new ServerAddress(host, port)
            : throw Wrong(text, "a host is a name or an address");
    }

    /// <summary>The addresses to bind.</summary>
    /// <exception cref="FormatException">Nobody knows the name.</exception>
    public IPAddress[] Resolve()
    {
        if (IPAddress.TryParse(Host, out var address))
            return [address];
        if (HostNames.IsLoopback(Host))
            return [IPAddress.Loopback];

        try
        {
            return [.. Dns.GetHostAddresses(Host).Take(1)];
        }
        catch (SocketException)
        {
            throw Wrong(Host, "no address is known for this name");
        }
    }

    /// <summary>As people write it.</summary>
    public override string ToString()
        => (Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host) + ":" + Port.ToString(CultureInfo.InvariantCulture);

    static int PortOf(string port, string text)
        => int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= ushort.MaxValue
            ? number
            : throw Wrong(text, "a port is a number from 0 to 65,535");

    static FormatException Wrong(string text, string why)
        => new($"the address '{(text.Length <= 60 ? text : text[..60] + "...")}' cannot be used: {why}; expected HOST:PORT, as in 127.0.0.1:11434.");
}

/// <summary>What names of hosts mean.</summary>
static class HostNames
{
    /// <summary>True for <c>localhost</c>, names below it, and addresses of this machine alone.</summary>
    public static bool IsLoopback(string host)
        => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <summary>True for an address, which no name server can redirect.</summary>
    public static bool IsAddress(string host) => IPAddress.TryParse(host.Trim('[', ']'), out _);
}
