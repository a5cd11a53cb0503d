using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Ouro.Formats;
using Ouro.Serving.Store;

namespace Ouro.Serving.Hub;

/// <summary>Fetches files of a repository into a folder, whole and checked, and goes on where an earlier attempt stopped.</summary>
/// <remarks>
/// While it comes, a file is called <c>NAME.partial</c>, and <c>NAME.etag</c> beside it says which bytes these are to become. A file gets its name when its length and hash
/// are those that the hub gave. The folder belongs to one caller at a time.
/// </remarks>
sealed class HubDownload(HubClient client, StoreFolder store, HubRepository repository, string folder, IProgress<StoreProgress>? progress)
{
    const int BufferBytes = 1 << 17;

    /// <summary>An attempt that brings less than this counts as a failure.</summary>
    const long WorthwhileBytes = 1 << 16;

    /// <summary>Bytes that came over the network.</summary>
    public long Fetched { get; private set; }

    /// <summary>Fetches a file.</summary>
    /// <returns>The file on this machine.</returns>
    /// <exception cref="StoreException">It cannot be had, or other bytes came than were promised; then nothing of it is kept.</exception>
    public async Task<string> FetchAsync(HubFile file, CancellationToken cancel)
    {
        file = await client.DescribedAsync(repository, file, cancel).ConfigureAwait(false);
        var (bytes, hash) = (file.Bytes!.Value, file.Hash!);
        var place = Path.Combine(folder, Path.GetFileName(file.Name));
        var (partial, etag) = (place + ".partial", place + ".etag");
        if (File.Exists(place))
        {
            if (new FileInfo(place).Length == bytes && await HashOfAsync(place, file, cancel).ConfigureAwait(false) == hash)
                return place;
            StoreFolder.Discard(place);
        }

        if (!File.Exists(etag) || await File.ReadAllTextAsync(etag, cancel).ConfigureAwait(false) != hash)
        {
            StoreFolder.Discard(partial);
            AtomicFile.WriteAllText(etag, hash);
        }

        using (var target = store.Create(partial, isNew: false))
        {
            await FillAsync(target, file, cancel).ConfigureAwait(false);
            store.Flush(target);
        }

        if (await HashOfAsync(partial, file, cancel).ConfigureAwait(false) is var found && found != hash)
        {
            StoreFolder.Discard(partial);
            throw new StoreException(StoreFault.Mismatch, $"{repository.Reference}: other bytes came for {file.Name.Quoted} than the hub promised (hash {found[..12]}... instead of {hash[..12]}...), so they were thrown away. Run the same again, or use another server.");
        }

        File.Move(partial, place, overwrite: true);
        StoreFolder.Discard(etag);
        return place;
    }

    /// <summary>Asks for what is missing until nothing is, or until asking does not help any more.</summary>
    async Task FillAsync(SafeFileHandle target, HubFile file, CancellationToken cancel)
    {
        var failures = 0;
        var have = RandomAccess.GetLength(target);
        if (have > file.Bytes)
            RandomAccess.SetLength(target, have = 0);
        while (have < file.Bytes)
        {
            var before = have;
            Exception trouble;
            try
            {
                have = await ReceiveAsync(target, file, have, cancel).ConfigureAwait(false);
                trouble = new HttpRequestException($"{have:N0} of {file.Bytes:N0} bytes came");
            }
            catch (Exception problem) when (HubClient.IsPassing(problem))
            {
                have = RandomAccess.GetLength(target);
                trouble = problem;
            }

            if (have >= file.Bytes)
                return;

            failures = have - before >= WorthwhileBytes ? 1 : failures + 1;
            if (failures >= client.Options.Attempts)
                throw client.Unreachable(file.Name, trouble);
            await client.PauseAsync(failures, trouble, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>One request and its bytes, behind those that are there.</summary>
    /// <returns>Bytes that are there now.</returns>
    async Task<long> ReceiveAsync(SafeFileHandle target, HubFile file, long have, CancellationToken cancel)
    {
        var range = have > 0 ? new RangeHeaderValue(have, null) : null;
        using var answer = await client.SendAsync(HttpMethod.Get, client.AddressOf(repository, file), range, file.Name, cancel).ConfigureAwait(false);
        CheckPromise(answer, file);
        var content = answer.Message.Content;
        if (answer.Message.StatusCode != HttpStatusCode.PartialContent)
            RandomAccess.SetLength(target, have = 0);   // all of it comes, from the beginning
        else if (content.Headers.ContentRange is not { } given || given.From != have || (given.Length is { } whole && whole != file.Bytes))
            throw Lying(file, "the server sends another part than was asked for");

        using var body = await content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var buffer = new byte[BufferBytes];
        while (await client.WaitAsync(token => body.ReadAsync(buffer, token).AsTask(), cancel).ConfigureAwait(false) is > 0 and var count)
        {
            if (have + count > file.Bytes)
            {
                RandomAccess.SetLength(target, 0);
                throw Lying(file, $"more than the {file.Bytes:N0} bytes come that the hub promised");
            }

            store.Write(target, buffer.AsSpan(0, count), have);
            have += count;
            Fetched += count;
            progress?.Report(new StoreProgress($"pulling {file.Hash![..12]}", DigestOf(file), file.Bytes, have));
        }

        return have;
    }

    void CheckPromise(HubAnswer answer, HubFile file)
    {
        if (answer.Bytes is { } bytes && bytes != file.Bytes)
            throw Lying(file, $"the hub now says {bytes:N0} bytes, but {file.Bytes:N0} before");
        if (answer.Hash is { } hash && hash.Length == file.Hash!.Length && hash != file.Hash)
            throw Lying(file, "the hub now says another hash than before");
    }

    StoreException Lying(HubFile file, string finding)
        => new(StoreFault.Mismatch, $"{repository.Reference}: {finding} of {file.Name.Quoted}. Run the same again, or use another server.");

    /// <summary>The hash of a file here, of the kind that the hub gave.</summary>
    async Task<string> HashOfAsync(string path, HubFile file, CancellationToken cancel)
    {
        void Report(long done) => progress?.Report(new StoreProgress("verifying sha256 digest", DigestOf(file), file.Bytes, done));
        return file.HasSha256
            ? (await StoreFolder.HashAsync(path, Report, cancel).ConfigureAwait(false)).Hex
            : await GitHashAsync(path, cancel).ConfigureAwait(false);
    }

    static string? DigestOf(HubFile file) => file.HasSha256 ? new Digest(file.Hash!).ToString() : null;

    /// <summary>The name that git has for the bytes: the SHA-1 of a short header and of them.</summary>
    static async Task<string> GitHashAsync(string path, CancellationToken cancel)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
#pragma warning disable CA5350 // It is the only hash that the hub gives for files that git keeps itself; models come with SHA-256.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"blob {file.Length}\0")));
        var buffer = new byte[BufferBytes];
        while (await file.ReadAsync(buffer, cancel).ConfigureAwait(false) is > 0 and var count)
            hash.AppendData(buffer, 0, count);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
