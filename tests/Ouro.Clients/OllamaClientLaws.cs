using System.Text.Json;
using Ouro.Laws;

namespace Ouro.Clients;

/// <summary>Ollama's own client for JavaScript, as it is, against our server.</summary>
[Trait("Category", "SecondOpinion")]
public sealed class OllamaClientLaws(OllamaServer server) : IClassFixture<OllamaServer>
{
    [Fact]
    public async Task It_lists_and_shows_models()
    {
        var listed = (await Run("list")).GetProperty("models").EnumerateArray().First(model => model.GetProperty("name").GetString() == "nano:latest");
        listed.GetProperty("name").GetString().ShouldBe("nano:latest");
        listed.GetProperty("size").GetInt64().ShouldBeGreaterThan(500_000);

        var shown = await Run("show", OllamaServer.Model);
        shown.GetProperty("model_info").GetProperty("general.architecture").GetString().ShouldBe("ouro");
        shown.GetProperty("capabilities").EnumerateArray().Select(word => word.GetString()).ShouldContain("completion");
    }

    [Theory, InlineData("generate"), InlineData("chat")]
    public async Task It_gets_the_same_answer_whole_and_in_parts(string scenario)
    {
        var seen = await Run(scenario, OllamaServer.Model);
        var whole = seen.GetProperty("whole");
        var parts = seen.GetProperty("parts").EnumerateArray().ToList();

        Text(whole).ShouldBe(OllamaServer.Answer);
        string.Concat(parts.Select(Text)).ShouldBe(OllamaServer.Answer);
        parts.Count.ShouldBeGreaterThan(2);
        parts.SkipLast(1).ShouldAllBe(part => !part.GetProperty("done").GetBoolean());
        foreach (var last in new[] { whole, parts[^1] })
        {
            last.GetProperty("done").GetBoolean().ShouldBeTrue();
            last.GetProperty("done_reason").GetString().ShouldBe("stop");
            last.GetProperty("eval_count").GetInt32().ShouldBeGreaterThan(5);
            last.GetProperty("total_duration").GetInt64().ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public async Task It_sets_the_loops_of_a_request()
    {
        var seen = await Run("loops", OllamaServer.Model);

        seen.GetProperty("one").GetProperty("depth").GetProperty("mean").GetDouble().ShouldBe(1);
        seen.GetProperty("three").GetProperty("depth").GetProperty("mean").GetDouble().ShouldBe(3);
    }

    [Fact]
    public async Task It_embeds_one_text_and_several()
    {
        var seen = await Run("embed", OllamaServer.Model);

        seen.GetProperty("one").GetProperty("embeddings").GetArrayLength().ShouldBe(1);
        seen.GetProperty("two").GetProperty("embeddings").GetArrayLength().ShouldBe(2);
        seen.GetProperty("two").GetProperty("embeddings")[0].ToString().ShouldBe(seen.GetProperty("one").GetProperty("embeddings")[0].ToString());
    }

    [Fact]
    public async Task It_sees_what_is_loaded()
    {
        var loaded = (await Run("ps", OllamaServer.Model)).GetProperty("models").EnumerateArray().ShouldHaveSingleItem();

        loaded.GetProperty("name").GetString().ShouldBe("nano:latest");
        loaded.GetProperty("context_length").GetInt32().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Aborting_ends_the_text_on_the_server()
    {
        var seen = await Run("abort", OllamaServer.Model);

        seen.GetProperty("parts").GetInt32().ShouldBeGreaterThan(0);
        seen.GetProperty("ended").GetProperty("name").GetString().ShouldBe("AbortError");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (server.Pool.Models.Any(model => model.InUse > 0 || model.Model.Unfinished > 0))
            await Task.Delay(10, patience.Token);
    }

    [Fact]
    public async Task It_hears_what_is_wrong()
    {
        var seen = await Run("errors", OllamaServer.Model);

        seen.GetProperty("missing").GetProperty("status").GetInt32().ShouldBe(404);
        seen.GetProperty("missing").GetProperty("message").GetString().ShouldBe("model 'nowhere' not found, try pulling it first");
        seen.GetProperty("missingStream").GetProperty("status").GetInt32().ShouldBe(404);
        seen.GetProperty("wrong").GetProperty("status").GetInt32().ShouldBe(400);
        seen.GetProperty("wrong").GetProperty("message").GetString()!.ShouldContain("temperature");
    }

    [Fact]
    public async Task It_makes_copies_and_deletes_a_model()
    {
        var steps = (await Run("create", OllamaServer.Model, "brief")).EnumerateArray().ToList();
        steps[^1].GetProperty("status").GetString().ShouldBe("success");
        (await Run("show", "brief")).GetProperty("parameters").GetString()!.ShouldContain("num_predict");
        var whole = (await Run("chat", "brief")).GetProperty("whole");
        whole.GetProperty("eval_count").GetInt32().ShouldBe(3);
        whole.GetProperty("done_reason").GetString().ShouldBe("length");

        await Run("copy", "brief", "briefer");
        await Run("delete", "brief");
        var names = (await Run("list")).GetProperty("models").EnumerateArray().Select(model => model.GetProperty("name").GetString()).ToList();
        names.ShouldContain("briefer:latest");
        names.ShouldNotContain("brief:latest");
        await Run("delete", "briefer");
    }

    [Fact]
    public async Task It_pulls_a_model_from_a_hub_and_talks_with_it()
    {
        server.Hub.Add("small/model", "ouro-nano.gguf", File.ReadAllBytes(Repository.Path("models/ouro-nano.gguf")));
        var steps = (await Run("pull", "hf:small/model")).EnumerateArray().ToList();
        steps[^1].GetProperty("status").GetString().ShouldBe("success");
        steps.ShouldContain(step => step.ToString().Contains("completed"));

        (await Run("chat", "hf:small/model")).GetProperty("whole").GetProperty("message").GetProperty("content").GetString().ShouldBe(OllamaServer.Answer);
        await Run("delete", "hf:small/model");
    }

    static string? Text(JsonElement answer)
        => answer.TryGetProperty("message", out var message) ? message.GetProperty("content").GetString() : answer.GetProperty("response").GetString();

    Task<JsonElement> Run(params string[] arguments) => OllamaClient.Run(server.Address, arguments);
}
