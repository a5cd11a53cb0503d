using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ouro.Generation;
using Ouro.Serving;

namespace Ouro.Laws.Serving;

/// <summary>The front door, what the server tells about itself, and how it begins, waits and ends.</summary>
public sealed partial class HostLaws
{
    /// <summary>A text that this model never ends by itself: it says one letter again and again.</summary>
    const string Endless = """{"model": "nano", "prompt": "b b", "raw": true, "options": {"num_ctx": 50000, "temperature": 0, "repeat_penalty": 1, "num_iterations": 1}}""";

    [Fact]
    public async Task Programs_hear_the_words_they_look_for_and_people_get_a_page()
    {
        await using var server = await ServerUnderTest.Start();
        (await server.Get("/")).ShouldSucceed().Body.ShouldBe("Ollama is running");
        (await server.Send(HttpMethod.Head, "/")).ShouldSucceed();
        (await server.Send(HttpMethod.Head, "/api/tags")).ShouldSucceed();

        var page = (await server.Send(HttpMethod.Get, "/", null, ("Accept", "text/html,*/*;q=0.8"))).ShouldSucceed();
        page.Message.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        page.Message.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("default-src 'none'");
        page.Body.ShouldContain("<html");
        var tag = page.Message.Headers.ETag.ShouldNotBeNull().ToString();
        (await server.Send(HttpMethod.Get, "/", null, ("Accept", "text/html"), ("If-None-Match", tag))).Status.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Health_limits_and_settings_are_told()
    {
        await using var server = await ServerUnderTest.Start(options => options with { MostWaiting = 7 });
        (await server.Get("/api/version")).ShouldSucceed().Json.GetProperty("version").GetString().ShouldBe("0.1.0");
        var health = (await server.Get("/health")).ShouldSucceed().Json;
        health.GetProperty("status").GetString().ShouldBe("ok");
        health.GetProperty("models").GetArrayLength().ShouldBe(0);
        var properties = (await server.Get("/props")).ShouldSucceed().Json;
        properties.GetProperty("limits").GetProperty("queue").GetInt32().ShouldBe(7);
        properties.GetProperty("settings").EnumerateArray().Select(setting => setting.GetProperty("name").GetString()).ShouldBe(Setting.All.Select(setting => setting.Name));
    }

    [Fact]
    public async Task Metrics_follow_the_format_and_count()
    {
        await using var server = await ServerUnderTest.Start();
        var reply = (await server.Post("/api/generate", """{"model": "nano", "prompt": "Sort 52814.", "stream": false}""")).ShouldSucceed().Json;
        (await server.Post("/api/generate", """{"model": "no\"such", "prompt": "x"}""")).Status.ShouldBe(HttpStatusCode.NotFound);

        var metrics = (await server.Get("/metrics")).ShouldSucceed();
        metrics.Message.Content.Headers.ContentType!.ToString().ShouldStartWith("text/plain; version=0.0.4");
        var types = new Dictionary<string, string>();
        foreach (var line in metrics.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TypeLine().Match(line) is { Success: true } type)
                types.TryAdd(type.Groups[1].Value, type.Groups[2].Value).ShouldBeTrue($"{line} comes twice");
            else
                (line.StartsWith("# HELP ", StringComparison.Ordinal) || Sample().IsMatch(line)).ShouldBeTrue(line);
        }

        double Value(string name) => double.Parse(
            metrics.Body.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal))[(name.Length + 1)..], CultureInfo.InvariantCulture);
        Value("ouro_reply_tokens_total").ShouldBe(reply.GetProperty("eval_count").GetInt32());
        Value("ouro_prompt_tokens_total").ShouldBe(reply.GetProperty("prompt_eval_count").GetInt32());
        Value("ouro_token_depth_loops_count").ShouldBe(reply.GetProperty("eval_count").GetInt32());
        Value("ouro_token_depth_loops_bucket{le=\"+Inf\"}").ShouldBe(reply.GetProperty("eval_count").GetInt32());
        Value("ouro_first_token_seconds_count").ShouldBe(1);
        Value("ouro_requests_total{route=\"/api/generate\",status=\"404\"}").ShouldBe(1);
        Value("ouro_models_loaded").ShouldBe(1);
        Value("ouro_open_texts").ShouldBe(0);
    }

    [Fact]
    public async Task A_client_that_goes_away_frees_its_text()
    {
        await using var server = await ServerUnderTest.Start();
        for (var i = 0; i < 3; i++)
        {
            using var response = await server.Open("/api/generate", Endless);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            var stream = await response.Content.ReadAsStreamAsync();
            (await stream.ReadAsync(new byte[1])).ShouldBe(1);
            server.Pool.Models.Single().Model.Unfinished.ShouldBeGreaterThan(0);   // this one; those before may be on their way out
        }

        await ServerUnderTest.Eventually(() => server.Pool.Models.Single() is { InUse: 0, Model.Unfinished: 0 }, "texts of clients that went away should end");
        server.Pool.Models.Single().Model.Passes.Passes.ShouldBeLessThan(100_000);
    }

    [Fact]
    public async Task A_full_queue_says_when_to_come_again()
    {
        await using var server = await ServerUnderTest.Start(options => options with { Parallel = 1, MostWaiting = 1 });
        using var first = await server.Open("/api/generate", Endless);
        using var away = new CancellationTokenSource();
        var second = server.Open("/api/generate", Endless, away.Token);
        await ServerUnderTest.Eventually(() => server.Pool.Models.Single().Model.Unfinished == 2, "the second should wait");

        var third = await server.Post("/api/chat", """{"model": "nano", "messages": [{"role": "user", "content": "x"}]}""");
        third.ShouldRefuse(503, "busy", "2 requests");
        third.Message.Headers.RetryAfter.ShouldNotBeNull().ToString().ShouldBe("1");
        (await server.Get("/api/tags")).ShouldSucceed();

        await away.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(second);
        first.Dispose();
        await ServerUnderTest.Eventually(() => server.Pool.Models.Single().InUse == 0, "both should have left");
        (await server.Post("/api/generate", """{"model": "nano", "prompt": "Sort 21."}""")).ShouldSucceed();
    }

    [Fact]
    public async Task A_server_that_stops_lets_replies_finish()
    {
        await using var server = await ServerUnderTest.Start();
        using var response = await server.Open("/api/generate", Endless.Replace("\"options\": {", "\"options\": {\"num_predict\": 300, ", StringComparison.Ordinal));

        var stopping = server.App.StopAsync();
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await stopping;

        var last = JsonElement.Parse(lines[^1]);
        last.GetProperty("done_reason").GetString().ShouldBe("length");
        last.GetProperty("eval_count").GetInt32().ShouldBe(300);
        await Should.ThrowAsync<HttpRequestException>(server.Get("/health"));
    }

    [Fact]
    public async Task Replies_that_take_too_long_are_cut_when_the_server_stops()
    {
        await using var server = await ServerUnderTest.Start(options => options with { ShutdownTime = TimeSpan.FromMilliseconds(200) });
        using var response = await server.Open("/api/generate", Endless);

        var stopping = server.App.StopAsync();
        await Should.ThrowAsync<Exception>(response.Content.ReadAsStringAsync());
        await Should.NotThrowAsync(async () =>
        {
            try
            {
                await stopping;
            }
            catch (OperationCanceledException)
            {
                // How a host says that it did not wait.
            }
        });
    }

    [Fact]
    public async Task What_is_our_mistake_is_logged_and_not_told()
    {
        var log = new List<string>();
        await using var server = await ServerUnderTest.Start(
            options => options with { Log = line => { lock (log) log.Add(line); } },
            more: routes => Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapGet(routes, "/v1/broken", _ => throw new InvalidOperationException("secret")));

        var answer = await server.Get("/v1/broken");
        answer.Status.ShouldBe(HttpStatusCode.InternalServerError);
        answer.Body.ShouldNotContain("secret");
        answer.Json.GetProperty("error").GetProperty("message").GetString()!.ShouldContain("log tells more");
        await server.Get("/x%0ay%1b");
        await ServerUnderTest.Eventually(() => { lock (log) return log.Count >= 3; }, "two requests and an error should be logged");
        lock (log)
        {
            log.ShouldContain(line => line.Contains("secret", StringComparison.Ordinal));
            log.ShouldContain(line => line.Contains("GET /v1/broken 500", StringComparison.Ordinal));
            log[^1].Any(char.IsControl).ShouldBeFalse(log[^1]);
        }
    }

    [Theory]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0)]
    [InlineData("localhost", "localhost", 11434)]
    [InlineData(":8080", "127.0.0.1", 8080)]
    [InlineData("http://0.0.0.0:80/", "0.0.0.0", 80)]
    [InlineData("*", "0.0.0.0", 11434)]
    [InlineData("::1", "::1", 11434)]
    [InlineData("[::]:9000", "::", 9000)]
    [InlineData("box.example:1", "box.example", 1)]
    public void Addresses_are_read_as_people_write_them(string text, string host, int port)
        => ServerAddress.Parse(text).ShouldBe(new ServerAddress(host, port));

    [Theory]
    [InlineData("host:x")]
    [InlineData("host:70000")]
    [InlineData("https://host")]
    [InlineData("a b:1")]
    [InlineData("1:2:3")]
    public void What_is_no_address_is_refused_in_one_sentence(string text)
        => Should.Throw<FormatException>(() => ServerAddress.Parse(text)).Message.ShouldContain("HOST:PORT");

    [Theory]
    [InlineData("5m", 300)]
    [InlineData("1h30m", 5400)]
    [InlineData("1.5s", 1.5)]
    [InlineData("250ms", 0.25)]
    [InlineData("90", 90)]
    [InlineData("0", 0)]
    public void Times_are_read_as_clients_write_them(string text, double seconds)
        => KeepAlive.Parse(text).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void What_is_negative_is_for_ever_and_what_is_no_time_is_refused()
    {
        KeepAlive.Parse("-1").ShouldBe(KeepAlive.Forever);
        KeepAlive.Parse("-1m").ShouldBe(KeepAlive.Forever);
        KeepAlive.Parse("1e300").ShouldBe(KeepAlive.Forever);
        foreach (var text in new[] { "", "m", "5", "5x", "5m5", "nan", "." }.Where(text => text != "5"))
            Should.Throw<FormatException>(() => KeepAlive.Parse(text), text).Message.ShouldContain("5m");
    }

    [GeneratedRegex(@"^# TYPE ([a-z_:]+) (counter|gauge|histogram)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex("^[a-z_:]+(\\{([a-z]+=\"([^\"\\\\]|\\\\.)*\",?)+\\})? (\\+Inf|-?[0-9.E+-]+)$")]
    private static partial Regex Sample();
}
