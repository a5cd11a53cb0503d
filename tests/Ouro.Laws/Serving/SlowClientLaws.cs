using System.Net.Sockets;
using System.Text;

namespace Ouro.Laws.Serving;

/// <summary>Clients that begin and do not go on: each is let go after a while, and nobody else waits for them.</summary>
public sealed class SlowClientLaws : IAsyncLifetime
{
    const int Many = 40;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    ServerUnderTest? _server;

    ServerUnderTest Server => _server.ShouldNotBeNull();

    public async ValueTask InitializeAsync() => _server = await ServerUnderTest.Start(options => options with { ClientPatience = Patience, SlowestClient = 100_000 });

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData("POST /api/chat HT")]
    [InlineData("POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")]
    [InlineData("POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{\"model\"")]
    [InlineData("POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"mod")]
    public async Task Requests_that_stop_half_way_are_closed_and_hold_nobody_up(string beginning)
    {
        var sockets = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => Begin(beginning)));

        (await Server.Post("/api/generate", """{"model": "nano", "prompt": "Sort 21.", "stream": false}""")).ShouldSucceed();
        foreach (var socket in sockets)
        {
            using (socket)
                await Rest(socket);
        }

        Server.Pool.Models.Sum(model => model.Model.Unfinished).ShouldBe(0);
    }

    [Fact]
    public async Task A_client_that_does_not_read_its_answer_is_let_go_and_its_text_freed()
    {
        // Some twenty thousand lines of two kilobytes, much more than sockets hold.
        var body = """{"model": "nano", "prompt": "b b", "raw": true, "logprobs": true, "top_logprobs": 20, "options": {"num_ctx": 20000, "num_predict": 19000, "temperature": 0, "repeat_penalty": 1}}""";
        using var deaf = await Begin($"POST /api/generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await ServerUnderTest.Eventually(() => Server.Pool.Models.Sum(model => model.Model.Unfinished) == 1, "the text is computed");

        (await Server.Post("/api/generate", """{"model": "nano", "prompt": "Sort 21.", "stream": false}""")).ShouldSucceed();
        await ServerUnderTest.Eventually(() => Server.Pool.Models.Sum(model => model.Model.Unfinished) == 0, "the text is freed");

        // It was cut off, not served to its end.
        (await Rest(deaf)).ShouldNotContain("\"done\":true");
    }

    async Task<Socket> Begin(string beginning)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(Server.Address.Host, Server.Address.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(beginning));
        return socket;
    }

    /// <summary>What is still to be read of a connection until the server ends it; a word of why, perhaps.</summary>
    static async Task<string> Rest(Socket socket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var (text, buffer) = (new StringBuilder(), new byte[1 << 16]);
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) is > 0 and var count)
                text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // Reset: closed, too.
        }

        return text.ToString();
    }
}
