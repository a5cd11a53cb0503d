using System.Net;
using System.Net.Http.Headers;
using Ouro.Formats;
using Ouro.Serving.Store;

namespace Ouro.Serving.Hub;

/// <summary>What a server answered, and what the hub itself said on the way there about the file.</summary>
/// <param name="Hash">The file's SHA-256 or git hash, by the hub's headers; null if they do not say.</param>
/// <param name="Bytes">The file's length, by the hub's headers; null if they do not say.</param>
sealed record HubAnswer(HttpResponseMessage Message, string? Hash, long? Bytes) : IDisposable
{
    public void Dispose() => Message.Dispose();
}

/// <summary>Speaks HTTP with the hub. The server is not trusted: it may be slow, broken, endless or lying.</summary>
/// <remarks>Redirects are followed by hand: few of them, only over HTTP, never from a secret line to an open one, and the token goes to the hub alone.</remarks>
public sealed class HubClient : IDisposable
{
    const int MostRedirects = 6;
    const int MostJsonBytes = 64_000_000;

    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    readonly HttpClient _http;
    readonly TimeProvider _time;

    /// <param name="time">The clock for pauses; the system's if null.</param>
    public HubClient(HubOptions options, TimeProvider? time = null)
    {
        (Options, _time) = (options, time ?? TimeProvider.System);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.Stall,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,   // each wait has its own limit
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("ouro", "0.1"));
    }

    /// <summary>As they were given.</summary>
    public HubOptions Options { get; }

    /// <summary>What a repository holds.</summary>
    /// <exception cref="StoreException">There is no such repository, it is not open to this person, or the hub cannot be reached.</exception>
    public async Task<HubRepository> ListAsync(HubReference reference, CancellationToken cancel = default)
    {
        var address = Address($"api/models/{reference.Id}/revision/{Uri.EscapeDataString(reference.Revision ?? "main")}?blobs=true");
        var json = await RetryAsync(reference.ToString(), async token =>
        {
            using var answer = await SendAsync(HttpMethod.Get, address, range: null, reference.ToString(), token).ConfigureAwait(false);
            return await ReadAllAsync(answer.Message, MostJsonBytes, token).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        return HubRepository.Read(reference, json);
    }

    /// <summary>The file with length and hash, asking the hub for what its list did not say.</summary>
    /// <exception cref="StoreException">The hub does not say them, so that nobody could tell whether the right bytes come.</exception>
    internal async Task<HubFile> DescribedAsync(HubRepository repository, HubFile file, CancellationToken cancel)
    {
        if (file is { Bytes: not null, Hash: not null })
            return file;

        var described = await RetryAsync(file.Name, async token =>
        {
            using var answer = await SendAsync(HttpMethod.Head, AddressOf(repository, file), range: null, file.Name, token).ConfigureAwait(false);
            return file with { Bytes = file.Bytes ?? answer.Bytes ?? answer.Message.Content.Headers.ContentLength, Hash = file.Hash ?? answer.Hash };
        }, cancel).ConfigureAwait(false);
        return described is { Bytes: not null, Hash: not null }
            ? described
            : throw new StoreException(StoreFault.Remote, $"{repository.Reference}: the server does not say the {(described.Hash is null ? "hash" : "length")} of {file.Name.Quoted}, so nobody could tell whether the right bytes come. Use another server.");
    }

    /// <summary>Some bytes of a file, in memory.</summary>
    /// <exception cref="StoreException">They cannot be had.</exception>
    internal Task<byte[]> ReadRangeAsync(HubRepository repository, HubFile file, long offset, int count, CancellationToken cancel)
        => RetryAsync(file.Name, async token =>
        {
            using var answer = await SendAsync(HttpMethod.Get, AddressOf(repository, file), new RangeHeaderValue(offset, offset + count - 1), file.Name, token).ConfigureAwait(false);
            var range = answer.Message.Content.Headers.ContentRange;
            if (answer.Message.StatusCode != HttpStatusCode.PartialContent || range?.From != offset || (range.Length is { } whole && whole != file.Bytes))
                throw new StoreException(StoreFault.Remote, $"{repository.Reference}: the server does not give parts of {file.Name.Quoted}, so all of it would have to come. Fetch the repository with 'ouro pull', or use another server.");

            var bytes = await ReadAllAsync(answer.Message, count, token).ConfigureAwait(false);
            return bytes.Length == count ? bytes : throw new HttpRequestException($"{bytes.Length:N0} of {count:N0} bytes came");
        }, cancel);

    /// <summary>Sends one request and follows where it leads. Only answers with content come back; others are exceptions.</summary>
    internal async Task<HubAnswer> SendAsync(HttpMethod method, Uri address, RangeHeaderValue? range, string what, CancellationToken cancel)
    {
        string? hash = null;
        long? bytes = null;
        for (var hop = 0; hop <= MostRedirects; hop++)
        {
            using var request = new HttpRequestMessage(method, address);
            request.Headers.Range = range;
            if (Options.Token is not null && MayKnowToken(address))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Options.Token);
            var message = await WaitAsync(token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancel).ConfigureAwait(false);
            try
            {
                if (IsHub(address))
                    (hash, bytes) = (hash ?? HashIn(message), bytes ?? LengthIn(message));
                if ((int)message.StatusCode is not (301 or 302 or 303 or 307 or 308))
                    return new HubAnswer(Accept(message, what), hash, bytes);
                if (method == HttpMethod.Head && hash is not null && bytes is not null)
                    return new HubAnswer(message, hash, bytes);   // the hub has said what there is to know

                address = Next(address, message, what);
                message.Dispose();
            }
            catch
            {
                message.Dispose();
                throw;
            }
        }

        throw new StoreException(StoreFault.Remote, $"{what}: the server leads on more than {MostRedirects} times. Check HF_ENDPOINT.");
    }

    internal Uri AddressOf(HubRepository repository, HubFile file)
        => Address($"{repository.Reference.Id}/resolve/{Uri.EscapeDataString(repository.Commit)}/{string.Join('/', file.Name.Split('/').Select(Uri.EscapeDataString))}");

    /// <summary>Does something over the network again, after a pause, where trying again can help.</summary>
    internal async Task<T> RetryAsync<T>(string what, Func<CancellationToken, Task<T>> work, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work(cancel).ConfigureAwait(false);
            }
            catch (Exception problem) when (IsPassing(problem) && attempt < Options.Attempts)
            {
                await PauseAsync(attempt, problem, cancel).ConfigureAwait(false);
            }
            catch (Exception problem) when (IsPassing(problem))
            {
                throw Unreachable(what, problem);
            }
        }
    }

    internal StoreException Unreachable(string what, Exception problem)
        => new(StoreFault.Remote, $"{what}: {Options.Endpoint.Host} cannot be reached, or breaks off ({problem.Reason}). Check the network and {HubOptions.EndpointVariable}, and run the same again: what came is kept.", problem);

    /// <summary>Whether trying again may help.</summary>
    internal static bool IsPassing(Exception problem) => problem is HttpRequestException or IOException or TimeoutException;

    internal async Task PauseAsync(int attempt, Exception? problem, CancellationToken cancel)
    {
        var pause = Options.FirstPause * Math.Pow(2, Math.Min(attempt - 1, 10));
        if (problem?.Data[nameof(HttpResponseHeaders.RetryAfter)] is TimeSpan asked && asked > pause)
            pause = asked;
        await Task.Delay(pause < LongestPause ? pause : LongestPause, _time, cancel).ConfigureAwait(false);
    }

    /// <summary>Waits for a server no longer than it may say nothing.</summary>
    /// <exception cref="TimeoutException">It said nothing.</exception>
    internal async Task<T> WaitAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Options.Stall);
        try
        {
            return await work(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"the server said nothing for {Options.Stall.TotalSeconds:0.#} seconds");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    async Task<byte[]> ReadAllAsync(HttpResponseMessage message, int most, CancellationToken cancel)
    {
        using var body = await message.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        using var content = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (await WaitAsync(token => body.ReadAsync(buffer, token).AsTask(), cancel).ConfigureAwait(false) is > 0 and var count)
        {
            if (content.Length + count > most)
                throw new StoreException(StoreFault.Remote, $"{Options.Endpoint.Host} sends more than the {most:N0} bytes that were asked for or make sense. Use another server.");
            content.Write(buffer, 0, count);
        }

        return content.ToArray();
    }

    HttpResponseMessage Accept(HttpResponseMessage message, string what)
    {
        if (message.Content.Headers.ContentEncoding.Count > 0)
            throw new StoreException(StoreFault.Remote, $"{what}: the server packs what it sends, which was not asked for. Use another server.");
        var (status, host) = ((int)message.StatusCode, message.RequestMessage?.RequestUri?.Host ?? Options.Endpoint.Host);
        if (status is 200 or 206)
            return message;
        if (status is 401 or 403)
        {
            throw new StoreException(
                StoreFault.Remote, $"{what}: {host} does not give it out ({status}). It does not exist, or its terms must be accepted on its page first; then set {HubOptions.TokenVariable} to a token that may read it.");
        }

        if (status is 404 or 410)
            throw new StoreException(StoreFault.NotFound, $"{what}: {host} has no such repository, revision or file. Check the spelling.");
        if (status is not (408 or 416 or 425 or 429) and < 500)
            throw new StoreException(StoreFault.Remote, $"{what}: {host} refuses with status {status}. Check the name and HF_ENDPOINT.");

        var passing = new HttpRequestException($"{host} answers with status {status}", null, message.StatusCode);
        if (message.Headers.RetryAfter?.Delta is { } delta)
            passing.Data[nameof(HttpResponseHeaders.RetryAfter)] = delta;
        throw passing;
    }

    static Uri Next(Uri address, HttpResponseMessage message, string what)
    {
        if (message.Headers.Location is not { } location || !Uri.TryCreate(address, location, out var next))
            throw new StoreException(StoreFault.Remote, $"{what}: the server leads on without saying where. Use another server.");
        if (next.Scheme is not ("https" or "http") || (address.Scheme == "https" && next.Scheme == "http") || next.UserInfo.Length > 0)
            throw new StoreException(StoreFault.Remote, $"{what}: the server leads on to {Quoting.Quote(next.GetLeftPart(UriPartial.Authority))}, which is no safe way. Use another server.");
        return next;
    }

    bool IsHub(Uri address) => Uri.Compare(address, Options.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    bool MayKnowToken(Uri address) => IsHub(address) && (address.Scheme == "https" || address.IsLoopback);

    Uri Address(string path) => new($"{Options.Endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{path}");

    static string? HashIn(HttpResponseMessage message)
    {
        var linked = First(message, "X-Linked-Etag") ?? First(message, "ETag");
        var hash = linked?.Replace("W/", "", StringComparison.Ordinal).Trim('"');
        return HubFile.IsHash(hash) ? hash : null;
    }

    static long? LengthIn(HttpResponseMessage message)
        => First(message, "X-Linked-Size") is { } text && long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var size) && size >= 0 ? size : null;

    static string? First(HttpResponseMessage message, string name) => message.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
