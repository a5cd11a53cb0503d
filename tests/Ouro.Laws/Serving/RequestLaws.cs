using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ouro.Laws.Serving;

/// <summary>Requests that cannot be met, or must not be: one status, one sentence, and the server goes on.</summary>
public sealed class RequestLaws(SharedServer shared) : IClassFixture<SharedServer>
{
    ServerUnderTest Server => shared.Server;

    [Theory]
    [InlineData("/api/chat", """{"model": 3, "messages": []}""", 400, "model is 3", "string")]
    [InlineData("/api/chat", """{"messages": []}""", 400, "model is missing")]
    [InlineData("/api/chat", """{"model": "nano", "messages": {}}""", 400, "messages is a JSON object", "list")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [3]}""", 400, "messages[0] is 3", "object")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"content": "x"}]}""", 400, "messages[0].role is missing")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "wizard"}]}""", 400, "messages[0].role is 'wizard'")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": ["x"]}]}""", 400, "messages[0].content is a JSON list")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x", "images": ["aGk="]}]}""", 400, "messages[0].images")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "stream": "yes"}""", 400, "stream is a JSON string", "true or false")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "think": "hard"}""", 400, "think is a JSON string")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "format": "xml"}""", 400, "format")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function"}]}""", 400, "tools[0].function is missing")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "keep_alive": "soon"}""", 400, "keep_alive is 'soon'", "5m")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "top_logprobs": 21, "logprobs": true}""", 400, "top_logprobs is 21", "20")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "options": []}""", 400, "options is a JSON list")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "options": {"temperature": "hot"}}""", 400, "temperature", "number")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "options": {"temperature": -1}}""", 400, "temperature is -1")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "options": {"num_iterations": 1.5}}""", 400, "num_iterations is 1.5")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "options": {"kv_policy": "best"}}""", 400, "kv_policy")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "options": {"stop": [1]}}""", 400, "stop")]
    [InlineData("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}], "options": {"num_ctx": 4}}""", 400, "context holds 4")]
    [InlineData("/api/chat", """{"model": "nosuch", "messages": [{"role": "user", "content": "x"}]}""", 404, "model 'nosuch' not found, try pulling it first")]
    [InlineData("/api/generate", """{"model": "nano", "prompt": "x", "suffix": "y"}""", 400, "\"nano\" does not support insert")]
    [InlineData("/api/generate", """{"model": "nano", "prompt": "x", "images": ["aGk="]}""", 400, "images")]
    [InlineData("/api/generate", """{"model": "nano", "prompt": "x", "template": "{{ .Prompt }}"}""", 400, "template")]
    [InlineData("/api/generate", """{"model": "nano", "prompt": "x", "raw": true, "system": "s"}""", 400, "raw mode")]
    [InlineData("/api/generate", """{"model": "nano", "prompt": "x", "context": [-1]}""", 400, "context[0] is -1")]
    [InlineData("/api/show", """{"model": "nosuch"}""", 404, "nosuch")]
    [InlineData("/api/embed", """{"model": "nano", "input": 3}""", 400, "input is 3")]
    [InlineData("/api/embed", """{"model": "nano", "input": ["a", 3]}""", 400, "input[1] is 3")]
    [InlineData("/api/embed", """{"model": "nano", "input": "a", "dimensions": 8}""", 400, "dimensions")]
    [InlineData("/api/create", """{"model": "new"}""", 400, "from")]
    [InlineData("/api/create", """{"model": "new", "files": {"a": "md5:1"}}""", 400, "files.a")]
    public async Task What_cannot_be_is_named(string path, string body, int status, params string[] words)
        => (await Server.Post(path, body)).ShouldRefuse(status, words);

    [Theory]
    [InlineData("", "no body")]
    [InlineData(" \n", "no body")]
    [InlineData("{\"model\":", "line 1")]
    [InlineData("{\"model\": \"nano\"} x", "line 1")]
    [InlineData("[]", "not an object")]
    [InlineData("\"nano\"", "not an object")]
    [InlineData("{\"model\": \"\\ud800\"}", "half a character")]
    [InlineData("{\"\\udc00\": 1}", "half a character")]
    public async Task A_body_that_is_no_json_object_is_refused(string body, string word)
        => (await Server.Post("/api/show", body)).ShouldRefuse(400, word);

    [Fact]
    public async Task Json_that_is_too_deep_or_not_utf8_is_refused()
    {
        var deep = new string('[', 100_000) + new string(']', 100_000);
        (await Server.Post("/api/show", $$"""{"model": {{deep}}}""")).ShouldRefuse(400, "64 levels");
        (await Server.Send(HttpMethod.Post, "/api/show", [.. "{\"model\": \""u8, 0xC3, 0x28, .. "\"}"u8])).ShouldRefuse(400, "UTF-8");
    }

    [Fact]
    public async Task Fields_that_nobody_knows_or_that_come_twice_do_no_harm()
    {
        var answer = (await Server.Post("/api/generate", """
            {"model": "nosuch", "model": "nano", "prompt": "Sort 21.", "stream": false, "who": [1, {"knows": null}], "options": null, "context": null, "keep_alive": null, "think": null}
            """)).ShouldSucceed();

        answer.Json.GetProperty("model").GetString().ShouldBe("nano");
    }

    [Fact]
    public async Task A_request_that_is_too_large_is_refused_whether_it_says_so_or_not()
    {
        await using var server = await ServerUnderTest.Start(options => options with { MostRequestBytes = 1000 });
        var body = Encoding.UTF8.GetBytes($$"""{"model": "{{new string('x', 2000)}}"}""");

        (await server.Send(HttpMethod.Post, "/api/show", body)).ShouldRefuse(413, "1,000 bytes");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/show") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = true;
        using var response = await server.Client.SendAsync(request);
        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await server.Get("/api/version")).ShouldSucceed();
    }

    [Fact]
    public async Task Routes_say_what_they_take_and_what_is_not_there()
    {
        (await Server.Get("/api/chat")).ShouldRefuse(405, "'/api/chat' does not take GET", "POST");
        (await Server.Send(HttpMethod.Delete, "/api/tags")).ShouldRefuse(405, "GET");
        (await Server.Get("/api/nosuch")).ShouldRefuse(404, "/api/nosuch");
        (await Server.Get("/%1b%5d0;x%07")).ShouldRefuse(404);
    }

    [Fact]
    public async Task Other_names_for_this_machine_are_refused()
    {
        (await Server.Send(HttpMethod.Get, "/api/tags", null, ("Host", "evil.example"))).ShouldRefuse(403, "evil.example");
        (await Server.Send(HttpMethod.Get, "/api/tags", null, ("Host", "192.0.2.1:11434"))).ShouldRefuse(403);
        foreach (var host in new[] { "localhost:11434", "127.0.0.1", "[::1]:80", "chat.localhost" })
            (await Server.Send(HttpMethod.Get, "/api/tags", null, ("Host", host))).ShouldSucceed();

        await using var server = await ServerUnderTest.Start(options => options with { Origins = ["https://chat.example"] });
        (await server.Send(HttpMethod.Get, "/api/tags", null, ("Host", "chat.example"))).ShouldSucceed();
    }

    [Fact]
    public async Task Pages_from_elsewhere_may_not_ask_unless_they_were_named()
    {
        (await Server.Send(HttpMethod.Post, "/api/show", """{"model": "nano"}"""u8.ToArray(), ("Origin", "https://evil.example"))).ShouldRefuse(403, "https://evil.example", "--origins");
        (await Server.Send(HttpMethod.Get, "/api/tags", null, ("Origin", "null"))).ShouldRefuse(403);
        var near = (await Server.Send(HttpMethod.Get, "/api/tags", null, ("Origin", "http://localhost:5173"))).ShouldSucceed();
        near.Message.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["http://localhost:5173"]);
        (await Server.Send(HttpMethod.Get, "/api/tags", null, ("Host", "localhost:1"), ("Origin", "http://localhost:1"))).ShouldSucceed();

        await using var server = await ServerUnderTest.Start(options => options with { Origins = ["https://chat.example"] });
        (await server.Send(HttpMethod.Get, "/api/tags", null, ("Origin", "https://chat.example"))).ShouldSucceed();
        (await server.Send(HttpMethod.Get, "/api/tags", null, ("Origin", "http://chat.example"))).ShouldRefuse(403);
        await using var open = await ServerUnderTest.Start(options => options with { Origins = ["*"] });
        (await open.Send(HttpMethod.Get, "/api/tags", null, ("Origin", "null"))).ShouldSucceed();
    }

    [Fact]
    public async Task A_browsers_question_before_the_request_is_answered()
    {
        (string, string)[] Asking(string origin) =>
            [("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type, x-stainless-os")];

        var allowed = await Server.Send(HttpMethod.Options, "/api/chat", null, Asking("http://127.0.0.1:3000"));
        allowed.Status.ShouldBe(HttpStatusCode.NoContent);
        allowed.Message.Headers.GetValues("Access-Control-Allow-Methods").Single().ShouldContain("POST");
        allowed.Message.Headers.GetValues("Access-Control-Allow-Headers").Single().ShouldContain("x-stainless-os");
        (await Server.Send(HttpMethod.Options, "/api/chat", null, Asking("https://evil.example"))).ShouldRefuse(403);
    }

    [Fact]
    public async Task A_key_opens_the_routes_that_it_guards()
    {
        await using var server = await ServerUnderTest.Start(options => options with { ApiKey = "open sesame" });
        foreach (var path in new[] { "/api/tags", "/api/nosuch", "/props", "/metrics", "/v1/models" })
        {
            var refused = await server.Get(path);
            refused.Status.ShouldBe(HttpStatusCode.Unauthorized, path);
            refused.Message.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
            (await server.Send(HttpMethod.Get, path, null, ("Authorization", "Bearer open sesame!"))).Status.ShouldBe(HttpStatusCode.Unauthorized, path);
            (await server.Send(HttpMethod.Get, path, null, ("Authorization", "Bearer open sesame"))).Status.ShouldNotBe(HttpStatusCode.Unauthorized, path);
        }

        (await server.Get("/api/tags")).ShouldRefuse(401, "Authorization: Bearer");
        foreach (var path in new[] { "/", "/health" })
            (await server.Get(path)).ShouldSucceed();
        (await server.Send(HttpMethod.Options, "/api/chat", null, ("Origin", "http://localhost"), ("Access-Control-Request-Method", "POST")))
            .Status.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task What_is_no_http_is_turned_away()
    {
        foreach (var bytes in new[] { "\x16\x03\x01\x02\0\x01\0", "GET / HTTP/9.9\r\n\r\n", "GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n" })
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, Server.Address.Port);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));
            socket.Client.Shutdown(SocketShutdown.Send);
            using var reader = new StreamReader(stream);
            var answer = await reader.ReadToEndAsync();
            if (answer.Length > 0)
                answer[9..12].ShouldBeOneOf("400", "505");
        }

        (await Server.Get("/health")).ShouldSucceed();
    }
}
