using System.Net;
using System.Text;
using System.Text.Json;

namespace Ouro.Laws.Serving;

/// <summary>What <c>/v1/chat/completions</c> answers, over a real connection.</summary>
public sealed class OpenAiChatLaws(OpenAiServer server) : IClassFixture<OpenAiServer>
{
    const string Path = "/v1/chat/completions";
    const string Greedy = """{"model":"nano","temperature":0,"messages":[{"role":"user","content":"Who are you?"}]""";
    const string Sampled = """{"model":"nano","seed":7,"temperature":1.5,"max_tokens":24,"messages":[{"role":"user","content":"Tell me about 3 and 4."}]""";

    [Fact]
    public async Task An_answer_has_the_shape_that_clients_read()
    {
        var json = await server.Ask(Path, Greedy + "}");

        json.GetProperty("id").GetString()!.ShouldStartWith("chatcmpl-");
        json.GetProperty("object").GetString().ShouldBe("chat.completion");
        json.GetProperty("created").GetInt64().ShouldBeGreaterThan(1_700_000_000);
        json.GetProperty("model").GetString().ShouldBe("nano");
        json.GetProperty("system_fingerprint").GetString()!.ShouldStartWith("fp_");
        var choice = json.GetProperty("choices").EnumerateArray().ShouldHaveSingleItem();
        choice.GetProperty("index").GetInt32().ShouldBe(0);
        choice.GetProperty("finish_reason").GetString().ShouldBe("stop");
        choice.GetProperty("logprobs").ValueKind.ShouldBe(JsonValueKind.Null);
        choice.GetProperty("message").GetProperty("role").GetString().ShouldBe("assistant");
        choice.GetProperty("message").GetProperty("content").GetString().ShouldBe(OpenAiServer.Answer);
    }

    [Fact]
    public async Task Usage_adds_up_and_depth_counts_every_token()
    {
        var json = await server.Ask(Path, Greedy + "}");

        var usage = json.GetProperty("usage");
        var written = usage.GetProperty("completion_tokens").GetInt32();
        written.ShouldBeGreaterThan(5);
        usage.GetProperty("total_tokens").GetInt32().ShouldBe(usage.GetProperty("prompt_tokens").GetInt32() + written);
        usage.GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32().ShouldBe(0);
        usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32().ShouldBeGreaterThanOrEqualTo(0);
        var depth = json.GetProperty("depth");
        depth.GetProperty("loops").GetInt32().ShouldBe(4);
        depth.GetProperty("histogram").EnumerateArray().Sum(count => count.GetInt32()).ShouldBe(written);
        depth.GetProperty("mean").GetDouble().ShouldBeInRange(1, 4);
        depth.GetProperty("passes").GetInt64().ShouldBeGreaterThan(0);
        depth.GetProperty("rows").GetInt64().ShouldBeGreaterThanOrEqualTo(written);
        depth.GetProperty("drafts_kept").GetInt64().ShouldBeLessThanOrEqualTo(depth.GetProperty("drafts").GetInt64());
    }

    [Theory, InlineData("num_iterations", 1, 1.0), InlineData("num_iterations", 3, 3.0)]
    public async Task The_loops_of_a_request_are_its_own(string name, int loops, double mean)
    {
        var json = await server.Ask(Path, Greedy + $$""","{{name}}":{{loops}},"exit_threshold":1}""");

        json.GetProperty("depth").GetProperty("mean").GetDouble().ShouldBe(mean);
        json.GetProperty("depth").GetProperty("histogram").GetArrayLength().ShouldBe(loops);
    }

    [Theory, InlineData(Greedy), InlineData(Sampled)]
    public async Task A_stream_says_what_the_whole_answer_says(string request)
    {
        var whole = await server.Ask(Path, request + "}");
        var events = await server.Stream(Path, request + ""","stream":true,"stream_options":{"include_usage":true}}""");

        events[^1].Data.ShouldBe("[DONE]");
        var chunks = events.SkipLast(1).Select(sent => JsonDocument.Parse(sent.Data).RootElement).ToList();
        chunks.ShouldAllBe(chunk => chunk.GetProperty("object").GetString() == "chat.completion.chunk");
        chunks.Select(chunk => chunk.GetProperty("id").GetString()).Distinct().ShouldHaveSingleItem();
        chunks[0].GetProperty("choices")[0].GetProperty("delta").GetProperty("role").GetString().ShouldBe("assistant");
        var message = whole.GetProperty("choices")[0];
        Content(chunks, 0).ShouldBe(message.GetProperty("message").GetProperty("content").GetString());
        chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe(message.GetProperty("finish_reason").GetString());
        chunks[^2].GetProperty("depth").GetProperty("histogram").ToString().ShouldBe(whole.GetProperty("depth").GetProperty("histogram").ToString());
        chunks[^1].GetProperty("choices").GetArrayLength().ShouldBe(0);
        chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        chunks.SkipLast(1).ShouldAllBe(chunk => chunk.GetProperty("usage").ValueKind == JsonValueKind.Null);
    }

    [Fact]
    public async Task A_stream_sends_no_usage_that_nobody_asked_for()
    {
        var events = await server.Stream(Path, Greedy + ""","stream":true}""");

        events.ShouldAllBe(sent => !sent.Data.Contains("\"usage\""));
        events.Count(sent => sent.Data.Contains("\"finish_reason\":\"stop\"")).ShouldBe(1);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_text_and_another_one_another()
    {
        var first = await Text(Sampled + "}");
        (await Text(Sampled + "}")).ShouldBe(first);
        (await Text(Sampled.Replace("\"seed\":7", "\"seed\":8") + "}")).ShouldNotBe(first);
    }

    [Fact]
    public async Task Several_choices_differ_and_the_prompt_counts_once()
    {
        var one = await server.Ask(Path, Sampled + "}");
        var many = await server.Ask(Path, Sampled + ""","n":4}""");

        var texts = many.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString()).ToList();
        texts.Count.ShouldBe(4);
        texts.Distinct().Count().ShouldBeGreaterThan(1);
        texts[0].ShouldBe(one.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        many.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBe(one.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Several_choices_stream_side_by_side_and_say_what_they_say_whole()
    {
        var whole = await server.Ask(Path, Sampled + ""","n":3}""");
        var events = await server.Stream(Path, Sampled + ""","n":3,"stream":true}""");

        var chunks = events.SkipLast(1).Select(sent => JsonDocument.Parse(sent.Data).RootElement).ToList();
        for (var i = 0; i < 3; i++)
            Content(chunks, i).ShouldBe(whole.GetProperty("choices")[i].GetProperty("message").GetProperty("content").GetString());
        chunks.Count(chunk => chunk.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind == JsonValueKind.String).ShouldBe(3);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Probabilities_are_those_of_the_tokens_of_the_answer(bool isStream)
    {
        var request = Greedy + ""","logprobs":true,"top_logprobs":4""";
        var tokens = isStream
            ? (await server.Stream(Path, request + ""","stream":true}""")).SkipLast(1)
                .Select(sent => JsonDocument.Parse(sent.Data).RootElement.GetProperty("choices")[0].GetProperty("logprobs"))
                .Where(found => found.ValueKind == JsonValueKind.Object).SelectMany(found => found.GetProperty("content").EnumerateArray()).ToList()
            : [.. (await server.Ask(Path, request + "}")).GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").EnumerateArray()];

        tokens.Count.ShouldBeGreaterThan(5);
        var bytes = tokens.SelectMany(token => token.GetProperty("bytes").EnumerateArray()).Select(value => value.GetByte()).ToArray();
        Encoding.UTF8.GetString(bytes).ShouldBe(OpenAiServer.Answer);
        foreach (var token in tokens)
        {
            var top = token.GetProperty("top_logprobs").EnumerateArray().Select(other => other.GetProperty("logprob").GetDouble()).ToArray();
            top.Length.ShouldBe(4);
            top.ShouldBe(top.OrderDescending());
            top.Sum(Math.Exp).ShouldBeInRange(0, 1 + 1e-6);
            token.GetProperty("logprob").GetDouble().ShouldBe(top[0], 1e-9, "the likeliest token was taken");
        }
    }

    [Fact]
    public async Task A_stop_string_ends_the_answer_and_is_not_in_it()
    {
        (await Text(Greedy + ""","stop":["looped","never"]}""")).ShouldBe("I am ouro-nano, a small ");
        (await Text(Greedy + ""","stop":", a"}""")).ShouldBe("I am ouro-nano");
    }

    [Theory, InlineData("max_tokens"), InlineData("max_completion_tokens")]
    public async Task An_answer_that_is_cut_says_so(string name)
    {
        var json = await server.Ask(Path, Greedy + $$""","{{name}}":2}""");

        json.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("length");
        json.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task Parts_and_the_roles_of_others_are_read_as_text()
    {
        var parts = """{"model":"nano","temperature":0,"messages":[{"role":"user","content":[{"type":"text","text":"Who "},{"type":"text","text":"are you?"}]}]}""";
        (await Text(parts)).ShouldBe(OpenAiServer.Answer);

        var developer = await server.Ask(Path, """{"model":"nano","max_tokens":1,"messages":[{"role":"developer","content":"Be short."},{"role":"user","content":"Hi"}]}""");
        var system = await server.Ask(Path, """{"model":"nano","max_tokens":1,"messages":[{"role":"system","content":"Be short."},{"role":"user","content":"Hi"}]}""");
        developer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBe(system.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Earlier_calls_and_their_results_are_part_of_the_prompt()
    {
        var json = await server.Ask(Path, """
            {"model":"nano","max_tokens":4,"messages":[
              {"role":"user","content":"What is the weather?"},
              {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Ulm\"}"}}]},
              {"role":"tool","tool_call_id":"call_1","content":"rain"}],
             "tools":[{"type":"function","function":{"name":"weather","description":"Tells the weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]}
            """);

        json.GetProperty("choices").GetArrayLength().ShouldBe(1);
        var without = await server.Ask(Path, """{"model":"nano","max_tokens":4,"messages":[{"role":"user","content":"What is the weather?"}]}""");
        json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBeGreaterThan(without.GetProperty("usage").GetProperty("prompt_tokens").GetInt32() + 20);
    }

    [Fact]
    public async Task A_Modelfile_holds_where_the_request_says_nothing()
    {
        var own = await server.Ask(Path, """{"model":"greedy","messages":[{"role":"user","content":"Who are you?"}]}""");
        own.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(3);
        own.GetProperty("depth").GetProperty("loops").GetInt32().ShouldBe(2);
        OpenAiServer.Answer.ShouldStartWith(own.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!);

        var other = await server.Ask(Path, """{"model":"greedy","max_tokens":2,"num_iterations":1,"messages":[{"role":"user","content":"Who are you?"}]}""");
        other.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(2);
        other.GetProperty("depth").GetProperty("loops").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task A_client_that_goes_away_takes_its_text_along()
    {
        using (var request = new HttpRequestMessage(HttpMethod.Post, Path))
        {
            request.Content = new StringContent(
                """{"model":"nano","stream":true,"n":4,"temperature":10,"num_ctx":16384,"logprobs":true,"messages":[{"role":"user","content":"Talk for ever."}]}""", Encoding.UTF8, "application/json");
            using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (server.Pool.Models.Any(model => model.InUse > 0 || model.Model.Unfinished > 0))
            await Task.Delay(10, patience.Token);
        server.Pool.Models.ShouldNotBeEmpty();
    }

    static string Content(IEnumerable<JsonElement> chunks, int index)
        => string.Concat(chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray())
            .Where(choice => choice.GetProperty("index").GetInt32() == index)
            .Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : ""));

    async Task<string?> Text(string request)
        => (await server.Ask(Path, request)).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();
}
