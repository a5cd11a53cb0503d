using System.ClientModel;
using System.Text;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Responses;
using Ouro.Laws.Serving;

namespace Ouro.Clients;

/// <summary>OpenAI's own client for .NET, as it is, against our server.</summary>
public sealed class OpenAiSdkLaws(OpenAiServer server) : IClassFixture<OpenAiServer>
{
    static readonly ChatCompletionOptions Greedy = new() { Temperature = 0 };

    static readonly ChatTool Weather = ChatTool.CreateFunctionTool("weather", "Tells the weather of a city.", BinaryData.FromString(
        """{"type":"object","properties":{"city":{"type":"string","maxLength":12}},"required":["city"]}"""));

    Uri Endpoint => new(server.Address, "/v1");

    ChatClient Chat => Client.GetChatClient(OpenAiServer.Model);

    OpenAIClient Client => new(new ApiKeyCredential("any"), new OpenAIClientOptions { Endpoint = Endpoint });

    [Fact]
    public async Task It_gets_an_answer_and_what_it_cost()
    {
        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage(OpenAiServer.Question)], Greedy);

        completion.Content.ShouldHaveSingleItem().Text.ShouldBe(OpenAiServer.Answer);
        completion.Role.ShouldBe(ChatMessageRole.Assistant);
        completion.FinishReason.ShouldBe(ChatFinishReason.Stop);
        completion.Model.ShouldBe(OpenAiServer.Model);
        completion.Id.ShouldStartWith("chatcmpl-");
        completion.CreatedAt.Year.ShouldBeGreaterThan(2000);
        completion.Usage.TotalTokenCount.ShouldBe(completion.Usage.InputTokenCount + completion.Usage.OutputTokenCount);
        completion.Usage.OutputTokenDetails.ReasoningTokenCount.ShouldBe(0);
    }

    [Fact]
    public async Task It_streams_the_same_answer()
    {
        var text = new StringBuilder();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in Chat.CompleteChatStreamingAsync([new UserChatMessage(OpenAiServer.Question)], Greedy))
        {
            foreach (var part in update.ContentUpdate)
                text.Append(part.Text);
            finish ??= update.FinishReason;
            usage ??= update.Usage;
        }

        text.ToString().ShouldBe(OpenAiServer.Answer);
        finish.ShouldBe(ChatFinishReason.Stop);
        usage.ShouldNotBeNull().OutputTokenCount.ShouldBeGreaterThan(5);
    }

    [Fact]
    public async Task It_reads_probabilities()
    {
        var options = new ChatCompletionOptions { Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage(OpenAiServer.Question)], options);

        completion.ContentTokenLogProbabilities.Count.ShouldBe(completion.Usage.OutputTokenCount);
        string.Concat(completion.ContentTokenLogProbabilities.Select(token => token.Token)).ShouldBe(OpenAiServer.Answer);
        completion.ContentTokenLogProbabilities.ShouldAllBe(token => token.TopLogProbabilities.Count == 3 && token.LogProbability <= 0);
    }

    [Fact]
    public async Task A_call_that_is_required_is_made()
    {
        var options = new ChatCompletionOptions { Temperature = 1, Tools = { Weather }, ToolChoice = ChatToolChoice.CreateRequiredChoice(), MaxOutputTokenCount = 200 };
        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage("How is the weather in Rome?")], options);

        completion.FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
        var call = completion.ToolCalls.ShouldHaveSingleItem();
        call.FunctionName.ShouldBe("weather");
        using var arguments = System.Text.Json.JsonDocument.Parse(call.FunctionArguments);
        arguments.RootElement.GetProperty("city").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.String);
    }

    [Fact]
    public async Task An_answer_keeps_to_a_schema()
    {
        var schema = BinaryData.FromString("""{"type":"object","properties":{"sorted":{"type":"array","items":{"type":"integer","minimum":0,"maximum":9},"maxItems":5},"ok":{"type":"boolean"}},"required":["sorted","ok"],"additionalProperties":false}""");
        var options = new ChatCompletionOptions { Temperature = 1, ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("sorting", schema, jsonSchemaIsStrict: true) };
        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage("Sort 52814.")], options);

        using var json = System.Text.Json.JsonDocument.Parse(completion.Content[0].Text);
        json.RootElement.GetProperty("sorted").EnumerateArray().ShouldAllBe(item => item.GetInt32() >= 0 && item.GetInt32() <= 9);
        json.RootElement.GetProperty("ok").ValueKind.ShouldBeOneOf(System.Text.Json.JsonValueKind.True, System.Text.Json.JsonValueKind.False);
    }

    [Fact]
    public async Task Length_stops_and_seeds_are_heeded()
    {
        ChatCompletion cut = await Chat.CompleteChatAsync([new UserChatMessage(OpenAiServer.Question)], new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 2 });
        cut.FinishReason.ShouldBe(ChatFinishReason.Length);

        ChatCompletion stopped = await Chat.CompleteChatAsync([new UserChatMessage(OpenAiServer.Question)], new ChatCompletionOptions { Temperature = 0, StopSequences = { "looped" } });
        stopped.Content[0].Text.ShouldBe("I am ouro-nano, a small ");

#pragma warning disable OPENAI001 // the seed is marked as a trial
        var seeded = new ChatCompletionOptions { Temperature = 1.5f, Seed = 5, MaxOutputTokenCount = 20 };
#pragma warning restore OPENAI001
        ChatCompletion one = await Chat.CompleteChatAsync([new UserChatMessage("Tell me about 3 and 4.")], seeded);
        ChatCompletion other = await Chat.CompleteChatAsync([new UserChatMessage("Tell me about 3 and 4.")], seeded);
        other.Content[0].Text.ShouldBe(one.Content[0].Text);
    }

    [Fact]
    public async Task It_offers_tools_and_hands_back_their_results()
    {
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 16, Tools = { Weather }, ToolChoice = ChatToolChoice.CreateAutoChoice(), AllowParallelToolCalls = false };
        var call = ChatToolCall.CreateFunctionToolCall("call_1", "weather", BinaryData.FromString("""{"city":"Ulm"}"""));
        ChatCompletion completion = await Chat.CompleteChatAsync(
            [new UserChatMessage("What is the weather in Ulm?"), new AssistantChatMessage([call]), new ToolChatMessage("call_1", "rain")], options);

        completion.Usage.InputTokenCount.ShouldBeGreaterThan(40);
        completion.FinishReason.ShouldBeOneOf(ChatFinishReason.Stop, ChatFinishReason.Length, ChatFinishReason.ToolCalls);
    }

    [Fact]
    public async Task It_gets_embeddings()
    {
        var client = Client.GetEmbeddingClient(OpenAiServer.Model);
        OpenAIEmbeddingCollection states = await client.GenerateEmbeddingsAsync(["two plus two", "a dog"]);

        states.Count.ShouldBe(2);
        states.Usage.InputTokenCount.ShouldBeGreaterThan(1);
        foreach (var state in states)
            state.ToFloats().ToArray().Sum(number => number * number).ShouldBe(1, 1e-3f);
    }

    [Fact]
    public async Task It_lists_models()
    {
        var client = Client.GetOpenAIModelClient();
        OpenAI.Models.OpenAIModelCollection models = await client.GetModelsAsync();
        OpenAI.Models.OpenAIModel one = await client.GetModelAsync(OpenAiServer.Model);

        models.Select(model => model.Id).ShouldContain(OpenAiServer.Model);
        one.Id.ShouldBe(OpenAiServer.Model);
        one.CreatedAt.ShouldBe(DateTimeOffset.UnixEpoch.AddDays(1));
    }

    [Fact]
    public async Task Cancelling_ends_the_text_on_the_server()
    {
        using var cancel = new CancellationTokenSource();
        var options = new ChatCompletionOptions { Temperature = 2 };
        var updates = 0;
        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Chat.CompleteChatStreamingAsync([new UserChatMessage("Talk for ever.")], options, cancel.Token))
            {
                if (updates++ == 0)
                    await cancel.CancelAsync();
            }
        });

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (server.Pool.Models.Any(model => model.InUse > 0 || model.Model.Unfinished > 0))
            await Task.Delay(10, patience.Token);
        updates.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Errors_keep_their_status_and_their_sentence()
    {
        var missing = await Should.ThrowAsync<ClientResultException>(() => Client.GetChatClient("gpt-none").CompleteChatAsync([new UserChatMessage("Hi")]));
        missing.Status.ShouldBe(404);
        missing.Message.ShouldContain("gpt-none");

        var refused = await Should.ThrowAsync<ClientResultException>(() => Chat.CompleteChatAsync([new UserChatMessage("Hi")], new ChatCompletionOptions { PresencePenalty = 1 }));
        refused.Status.ShouldBe(400);
        refused.Message.ShouldContain("presence_penalty is not supported");
    }

#pragma warning disable OPENAI001 // this part of the client is marked as a trial
    [Fact]
    public async Task Its_responses_are_read_whole_and_streamed()
    {
        var client = new ResponsesClient(new ApiKeyCredential("any"), new ResponsesClientOptions { Endpoint = Endpoint });
        var options = new CreateResponseOptions { Model = OpenAiServer.Model, Temperature = 0, StoredOutputEnabled = false };
        options.InputItems.Add(ResponseItem.CreateUserMessageItem(OpenAiServer.Question));
        ResponseResult whole = await client.CreateResponseAsync(options);

        whole.GetOutputText().ShouldBe(OpenAiServer.Answer);
        whole.Status.ShouldBe(ResponseStatus.Completed);
        whole.Usage.OutputTokenCount.ShouldBeGreaterThan(5);

        options.StreamingEnabled = true;
        var text = new StringBuilder();
        StreamingResponseUpdate? last = null;
        await foreach (var update in await client.CreateResponseStreamingAsync(options))
        {
            if (update is StreamingResponseOutputTextDeltaUpdate delta)
                text.Append(delta.Delta);
            last = update;
        }

        text.ToString().ShouldBe(OpenAiServer.Answer);
        last.ShouldBeOfType<StreamingResponseCompletedUpdate>().Response.GetOutputText().ShouldBe(OpenAiServer.Answer);
    }
#pragma warning restore OPENAI001
}
