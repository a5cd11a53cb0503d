using System.Net;
using System.Text.Json;

namespace Ouro.Laws.Serving;

/// <summary>What the other routes of <c>/v1</c> answer: models, completions, embeddings, responses.</summary>
public sealed class OpenAiRouteLaws(OpenAiServer server) : IClassFixture<OpenAiServer>
{
    const string Texts = "/v1/completions", States = "/v1/embeddings", Answers = "/v1/responses";
    const string Greedy = """{"model":"nano","temperature":0,"input":"Who are you?" """;

    static readonly string Prompt = JsonEncodedText.Encode("<|im_start|>user\nWho are you?<|im_end|>\n<|im_start|>assistant\n").ToString();

    [Fact]
    public async Task Models_are_listed_and_found_by_their_names()
    {
        var list = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/models")).RootElement;
        list.GetProperty("object").GetString().ShouldBe("list");
        list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()).ShouldBe(["nano", "greedy:latest", "broken"]);

        var one = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/models/nano")).RootElement;
        one.GetProperty("object").GetString().ShouldBe("model");
        one.GetProperty("created").GetInt64().ShouldBe(86_400);

        using var missing = await server.Client.GetAsync("/v1/models/some/where:else");
        missing.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await missing.Content.ReadAsStringAsync()).ShouldContain("some/where:else");
    }

    [Fact]
    public async Task A_completion_continues_a_text_as_it_stands()
    {
        var json = await server.Ask(Texts, $$"""{"model":"nano","prompt":"{{Prompt}}","temperature":0}""");

        json.GetProperty("object").GetString().ShouldBe("text_completion");
        json.GetProperty("id").GetString()!.ShouldStartWith("cmpl-");
        json.GetProperty("choices")[0].GetProperty("text").GetString()!.Trim().ShouldBe(OpenAiServer.Answer);
        json.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("stop");
        json.GetProperty("depth").GetProperty("loops").GetInt32().ShouldBe(4);
    }

    [Theory, InlineData(""), InlineData(",\"logprobs\":2"), InlineData(",\"echo\":true,\"n\":2")]
    public async Task A_streamed_completion_says_what_the_whole_one_says(string more)
    {
        var request = $$"""{"model":"nano","prompt":["One day","2 + 2"],"seed":3,"max_tokens":12{{more}}""";
        var whole = await server.Ask(Texts, request + "}");
        var chunks = (await server.Stream(Texts, request + ",\"stream\":true}")).SkipLast(1).Select(sent => JsonDocument.Parse(sent.Data).RootElement.GetProperty("choices")[0]).ToList();

        whole.GetProperty("choices").GetArrayLength().ShouldBe(more.Contains("\"n\"") ? 4 : 2);
        foreach (var choice in whole.GetProperty("choices").EnumerateArray())
        {
            var own = chunks.Where(chunk => chunk.GetProperty("index").GetInt32() == choice.GetProperty("index").GetInt32()).ToList();
            string.Concat(own.Select(chunk => chunk.GetProperty("text").GetString())).ShouldBe(choice.GetProperty("text").GetString());
            own.Select(chunk => chunk.GetProperty("finish_reason").GetString()).OfType<string>().ShouldBe([choice.GetProperty("finish_reason").GetString()!]);
            if (choice.GetProperty("logprobs").ValueKind == JsonValueKind.Null)
                continue;
            foreach (var name in (string[])["tokens", "token_logprobs", "top_logprobs", "text_offset"])
                own.SelectMany(chunk => chunk.GetProperty("logprobs").GetProperty(name).EnumerateArray()).Select(value => value.ToString())
                    .ShouldBe(choice.GetProperty("logprobs").GetProperty(name).EnumerateArray().Select(value => value.ToString()), name);
        }
    }

    [Fact]
    public async Task An_echo_begins_with_the_prompt_and_ids_are_a_prompt_too()
    {
        var ids = "[" + string.Join(",", new[] { 70, 71, 72 }) + "]";
        var plain = await server.Ask(Texts, $$"""{"model":"nano","prompt":{{ids}},"temperature":0,"max_tokens":4}""");
        var echoed = await server.Ask(Texts, $$"""{"model":"nano","prompt":[{{ids}}],"temperature":0,"max_tokens":4,"echo":true}""");

        plain.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBe(3);
        var (text, whole) = (plain.GetProperty("choices")[0].GetProperty("text").GetString()!, echoed.GetProperty("choices")[0].GetProperty("text").GetString()!);
        whole.ShouldEndWith(text);
        whole.Length.ShouldBeGreaterThan(text.Length);
    }

    [Fact]
    public async Task Embeddings_are_of_length_one_and_the_same_in_both_encodings()
    {
        var floats = await server.Ask(States, """{"model":"nano","input":["two plus two","a dog","two plus two"]}""");
        var packed = await server.Ask(States, """{"model":"nano","input":["two plus two","a dog"],"encoding_format":"base64","dimensions":96}""");

        var states = floats.GetProperty("data").EnumerateArray().Select(entry => entry.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray()).ToArray();
        states.Length.ShouldBe(3);
        states[0].Length.ShouldBe(96);
        states.ShouldAllBe(state => Math.Abs(Length(state) - 1) < 1e-4);
        states[2].ShouldBe(states[0]);
        states[1].ShouldNotBe(states[0]);
        for (var i = 0; i < 2; i++)
        {
            var bytes = packed.GetProperty("data")[i].GetProperty("embedding").GetBytesFromBase64();
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray().ShouldBe(states[i]);
        }

        floats.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBeGreaterThan(5);
    }

    [Fact]
    public async Task A_response_has_one_message_with_the_answer()
    {
        var json = await server.Ask(Answers, Greedy + ""","metadata":{"a":"b"}}""");

        json.GetProperty("object").GetString().ShouldBe("response");
        json.GetProperty("status").GetString().ShouldBe("completed");
        json.GetProperty("store").GetBoolean().ShouldBeFalse();
        json.GetProperty("metadata").GetProperty("a").GetString().ShouldBe("b");
        json.GetProperty("temperature").GetDouble().ShouldBe(0);
        var item = json.GetProperty("output").EnumerateArray().ShouldHaveSingleItem();
        item.GetProperty("type").GetString().ShouldBe("message");
        item.GetProperty("content")[0].GetProperty("text").GetString().ShouldBe(OpenAiServer.Answer);
        json.GetProperty("usage").GetProperty("total_tokens").GetInt32().ShouldBe(
            json.GetProperty("usage").GetProperty("input_tokens").GetInt32() + json.GetProperty("usage").GetProperty("output_tokens").GetInt32());
        json.GetProperty("depth").GetProperty("mean").GetDouble().ShouldBeInRange(1, 4);
    }

    [Fact]
    public async Task A_response_that_is_cut_is_incomplete()
    {
        var json = await server.Ask(Answers, Greedy + ""","max_output_tokens":2}""");

        json.GetProperty("status").GetString().ShouldBe("incomplete");
        json.GetProperty("incomplete_details").GetProperty("reason").GetString().ShouldBe("max_output_tokens");
        json.GetProperty("output")[0].GetProperty("status").GetString().ShouldBe("incomplete");
    }

    [Fact]
    public async Task A_response_is_told_of_in_order()
    {
        var whole = await server.Ask(Answers, Greedy + ",\"top_logprobs\":1}");
        var events = (await server.Stream(Answers, Greedy + ",\"top_logprobs\":1,\"stream\":true}")).Select(sent => (sent.Name, Json: JsonDocument.Parse(sent.Data).RootElement)).ToList();

        events.ShouldAllBe(sent => sent.Name == sent.Json.GetProperty("type").GetString());
        events.Select(sent => sent.Json.GetProperty("sequence_number").GetInt32()).ShouldBe(Enumerable.Range(0, events.Count));
        events.Select(sent => sent.Name!).Where(name => name != "response.output_text.delta").ShouldBe(
        [
            "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
            "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
        ]);
        string.Concat(events.Where(sent => sent.Name == "response.output_text.delta").Select(sent => sent.Json.GetProperty("delta").GetString())).ShouldBe(OpenAiServer.Answer);
        var last = events[^1].Json.GetProperty("response");
        last.GetProperty("output")[0].GetProperty("content").ToString().ShouldBe(whole.GetProperty("output")[0].GetProperty("content").ToString());
        last.GetProperty("output")[0].GetProperty("content")[0].GetProperty("logprobs").GetArrayLength().ShouldBeGreaterThan(5);
        last.GetProperty("usage").GetProperty("output_tokens").GetInt32().ShouldBe(whole.GetProperty("usage").GetProperty("output_tokens").GetInt32());
    }

    [Fact]
    public async Task A_response_goes_on_from_what_was_said_before()
    {
        var json = await server.Ask(Answers, """
            {"model":"nano","temperature":0,"instructions":"Be kind.","input":[
              {"role":"user","content":[{"type":"input_text","text":"What is the weather?"}]},
              {"type":"reasoning","id":"rs_1","summary":[]},
              {"type":"function_call","call_id":"c1","name":"weather","arguments":"{}"},
              {"type":"function_call_output","call_id":"c1","output":"rain"},
              {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Rain."}]},
              {"type":"message","role":"user","content":"Who are you?"}],
             "tools":[{"type":"function","name":"weather","parameters":{"type":"object"}}],"tool_choice":"none"}
            """);

        json.GetProperty("instructions").GetString().ShouldBe("Be kind.");
        json.GetProperty("tools").GetArrayLength().ShouldBe(1);
        json.GetProperty("tool_choice").GetString().ShouldBe("none");
        json.GetProperty("output").GetArrayLength().ShouldBe(1);
    }

    static double Length(float[] state) => Math.Sqrt(state.Sum(number => (double)number * number));
}
