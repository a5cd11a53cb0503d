using System.Net;
using System.Text;
using System.Text.Json;

namespace Ouro.Laws.Serving;

/// <summary>What is wrong with a request is said in one sentence, with the field's name and the right status.</summary>
public sealed class OpenAiErrorLaws(OpenAiServer server) : IClassFixture<OpenAiServer>
{
    const string Chat = "/v1/chat/completions", Texts = "/v1/completions", States = "/v1/embeddings", Answers = "/v1/responses";
    const string Hello = "\"model\":\"nano\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    public static TheoryData<string, string, string?, string> Refused => new()
    {
        // what is sent, the field at fault, a word of the sentence
        { Chat, "", null, "no body" },
        { Chat, "{", null, "line 1" },
        { Chat, "[1]", null, "object" },
        { Chat, "{}", "model", "missing" },
        { Chat, """{"model":7}""", "model", "must be a string" },
        { Chat, """{"model":"nano"}""", "messages", "missing" },
        { Chat, """{"model":"nano","messages":{}}""", "messages", "must be a list" },
        { Chat, """{"model":"nano","messages":[]}""", "messages", "empty" },
        { Chat, """{"model":"nano","messages":["Hi"]}""", "messages[0]", "must be an object" },
        { Chat, """{"model":"nano","messages":[{"content":"Hi"}]}""", "messages[0].role", "missing" },
        { Chat, """{"model":"nano","messages":[{"role":"king","content":"Hi"}]}""", "messages[0].role", "'king'" },
        { Chat, """{"model":"nano","messages":[{"role":"user"}]}""", "messages[0].content", "missing" },
        { Chat, """{"model":"nano","messages":[{"role":"user","content":3}]}""", "messages[0].content", "text parts" },
        { Chat, """{"model":"nano","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", "messages[0].content[0]", "image" },
        { Chat, """{"model":"nano","messages":[{"role":"user","content":[{"type":"input_audio"}]}]}""", "messages[0].content[0]", "sound" },
        { Chat, """{"model":"nano","messages":[{"role":"tool","content":"x"}]}""", "messages[0].tool_call_id", "missing" },
        {
            Chat, """{"model":"nano","messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}]}""",
            "messages[0].tool_calls[0].function.arguments", "JSON object"
        },
        { Chat, $$$$"""{{{{{Hello}}}},"temperature":"hot"}""", "temperature", "must be a number" },
        { Chat, $$$$"""{{{{{Hello}}}},"temperature":11}""", "temperature", "from 0 to 10" },
        { Chat, $$$$"""{{{{{Hello}}}},"top_p":1.5}""", "top_p", "to 1" },
        { Chat, $$$$"""{{{{{Hello}}}},"seed":1.5}""", "seed", "whole number" },
        { Chat, $$$$"""{{{{{Hello}}}},"max_tokens":0}""", "max_tokens", "from 1" },
        { Chat, $$$$"""{{{{{Hello}}}},"max_tokens":1e30}""", "max_tokens", "whole number" },
        { Chat, $$$$"""{{{{{Hello}}}},"n":1000}""", "n", "from 1 to 16" },
        { Chat, $$$$"""{{{{{Hello}}}},"stop":5}""", "stop", "a string or a list" },
        { Chat, $$$$"""{{{{{Hello}}}},"stream":"yes"}""", "stream", "true or false" },
        { Chat, $$$$"""{{{{{Hello}}}},"stream_options":3}""", "stream_options", "object" },
        { Chat, $$$$"""{{{{{Hello}}}},"logprobs":true,"top_logprobs":21}""", "top_logprobs", "from 0 to 20" },
        { Chat, $$$$"""{{{{{Hello}}}},"top_logprobs":2}""", "top_logprobs", "logprobs" },
        { Chat, $$$$"""{{{{{Hello}}}},"logit_bias":{"5":10}}""", "logit_bias", "not supported" },
        { Chat, $$$$"""{{{{{Hello}}}},"frequency_penalty":0.5}""", "frequency_penalty", "not supported" },
        { Chat, $$$$"""{{{{{Hello}}}},"presence_penalty":-1}""", "presence_penalty", "not supported" },
        { Chat, $$$$"""{{{{{Hello}}}},"functions":[]}""", "functions", "use tools" },
        { Chat, $$$$"""{{{{{Hello}}}},"tools":[{"type":"web_search"}]}""", "tools[0].type", "only functions" },
        { Chat, $$$$"""{{{{{Hello}}}},"tools":[{"type":"function","function":{}}]}""", "tools[0].function.name", "missing" },
        { Chat, $$$$"""{{{{{Hello}}}},"tool_choice":"required"}""", "tool_choice", "no tools" },
        { Chat, $$$$"""{{{{{Hello}}}},"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}}}""", "tool_choice", "'g'" },
        { Chat, $$$$"""{{{{{Hello}}}},"response_format":{"type":"xml"}}""", "response_format.type", "json_schema" },
        { Chat, $$$$"""{{{{{Hello}}}},"response_format":{"type":"json_schema"}}""", "response_format.json_schema", "missing" },
        { Chat, $$$$"""{{{{{Hello}}}},"reasoning_effort":"huge"}""", "reasoning_effort", "one of" },
        { Chat, $$$$"""{{{{{Hello}}}},"num_iterations":-1}""", "num_iterations", "from 0" },
        { Chat, $$$$"""{{{{{Hello}}}},"exit_threshold":2}""", "exit_threshold", "to 1" },
        { Chat, $$$$"""{{{{{Hello}}}},"kv_policy":"best"}""", "kv_policy", "one of" },
        { Chat, $$$$"""{{{{{Hello}}}},"num_ctx":5}""", "messages", "context holds 5" },
        { Chat, $$$$"""{{{{{Hello}}}},"num_ctx":100000000}""", "num_ctx", "keys and values" },
        { Texts, """{"model":"nano"}""", "prompt", "missing" },
        { Texts, """{"model":"nano","prompt":""}""", "prompt", "empty" },
        { Texts, """{"model":"nano","prompt":[]}""", "prompt", "empty" },
        { Texts, """{"model":"nano","prompt":[1,-2]}""", "prompt[1]", "token id" },
        { Texts, """{"model":"nano","prompt":[100000]}""", null, "100000" },
        { Texts, """{"model":"nano","prompt":"a","suffix":"b"}""", "suffix", "forward only" },
        { Texts, """{"model":"nano","prompt":"a","best_of":3}""", "best_of", "not supported" },
        { Texts, """{"model":"nano","prompt":"a","echo":true,"logprobs":1}""", "echo", "not supported" },
        { States, """{"model":"nano"}""", "input", "missing" },
        { States, """{"model":"nano","input":["a",""]}""", "input[1]", "empty" },
        { States, """{"model":"nano","input":"a","dimensions":7}""", "dimensions", "cannot be shortened" },
        { States, """{"model":"nano","input":"a","encoding_format":"hex"}""", "encoding_format", "base64" },
        { Answers, """{"model":"nano"}""", "input", "missing" },
        { Answers, """{"model":"nano","input":[]}""", "input", "no message" },
        { Answers, """{"model":"nano","input":"a","store":true}""", "store", "nothing is stored" },
        { Answers, """{"model":"nano","input":"a","previous_response_id":"resp_1"}""", "previous_response_id", "nothing is stored" },
        { Answers, """{"model":"nano","input":"a","tools":[{"type":"file_search"}]}""", "tools[0].type", "only functions" },
        { Answers, """{"model":"nano","input":[{"type":"item_reference","id":"x"}]}""", "input[0]", "send the item" },
        { Answers, """{"model":"nano","input":"a","text":{"format":{"type":"json_schema"}}}""", "text.format.schema", "missing" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task A_field_that_is_wrong_is_named(string path, string body, string? param, string word)
    {
        var (status, json) = await server.Send(path, body);

        status.ShouldBe(HttpStatusCode.BadRequest, json.ToString());
        var error = json.GetProperty("error");
        error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
        error.GetProperty("param").GetString().ShouldBe(param);
        error.GetProperty("message").GetString()!.ShouldContain(word);
        error.GetProperty("message").GetString()!.ShouldEndWith(".");
        error.TryGetProperty("code", out _).ShouldBeTrue();
    }

    [Theory, InlineData(Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"), InlineData(Texts, "\"prompt\":\"a\""), InlineData(States, "\"input\":\"a\""), InlineData(Answers, "\"input\":\"a\"")]
    public async Task A_model_that_is_not_there_is_404(string path, string fields)
    {
        var (status, json) = await server.Send(path, $$"""{"model":"gpt-4",{{fields}}}""");

        status.ShouldBe(HttpStatusCode.NotFound);
        json.GetProperty("error").GetProperty("code").GetString().ShouldBe("model_not_found");
        json.GetProperty("error").GetProperty("message").GetString()!.ShouldContain("gpt-4");
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task What_is_wrong_is_said_before_a_stream_begins(bool isStream)
    {
        var (status, json) = await server.Send(Chat, $$$$"""{{{{{Hello}}}},"num_ctx":5,"stream":{{{{(isStream ? "true" : "false")}}}}}""");

        status.ShouldBe(HttpStatusCode.BadRequest);
        json.GetProperty("error").GetProperty("code").GetString().ShouldBe("context_length_exceeded");
    }

    [Fact]
    public async Task A_model_file_that_cannot_be_used_is_the_servers_fault()
    {
        var (status, json) = await server.Send(Chat, """{"model":"broken","messages":[{"role":"user","content":"Hi"}]}""");

        status.ShouldBe(HttpStatusCode.InternalServerError);
        json.GetProperty("error").GetProperty("type").GetString().ShouldBe("server_error");
        json.GetProperty("error").GetProperty("message").GetString()!.ShouldNotContain(" at ");
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_refused()
    {
        byte[][] bodies =
        [
            [.. Encoding.UTF8.GetBytes("{\"model\":\"na"), 0xFF, 0xC0, .. Encoding.UTF8.GetBytes("no\"}")],
            Encoding.UTF8.GetBytes("""{"model":"nano","messages":[{"role":"user","content":"\ud800"}]}"""),
            Encoding.UTF8.GetBytes($$"""{"model":"nano","x":{{new string('[', 100_000)}}"""),
        ];
        foreach (var body in bodies)
        {
            using var content = new ByteArrayContent(body);
            using var response = await server.Client.PostAsync(Chat, content);

            response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("message").GetString()!.ShouldEndWith(".");
        }
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413()
    {
        using var content = new ByteArrayContent(new byte[40 << 20]);
        using var request = new HttpRequestMessage(HttpMethod.Post, Chat) { Content = content };
        request.Headers.ExpectContinue = true;   // else the answer may come while the body is on its way
        using var response = await server.Client.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await response.Content.ReadAsStringAsync()).ShouldContain("larger than this server takes");
    }

    [Fact]
    public async Task What_changes_nothing_and_what_nobody_knows_is_let_through()
    {
        var json = await server.Ask(Chat, $$$$"""
            {{{{{Hello}}}},"max_tokens":1,"frequency_penalty":0,"presence_penalty":0.0,"logit_bias":{},"top_p":0,"user":"me","store":true,"metadata":{"a":"b"},"seed":null,
             "stop":null,"tools":null,"response_format":{"type":"text"},"reasoning_effort":"high","parallel_tool_calls":true,"service_tier":"auto","never_heard_of":[{}]}
            """);

        json.GetProperty("choices").GetArrayLength().ShouldBe(1);
    }
}
