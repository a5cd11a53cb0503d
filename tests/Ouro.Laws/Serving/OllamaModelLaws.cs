using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Ouro.Chat;
using Ouro.Serving;
using static Ouro.Laws.Serving.OllamaReplyLaws;

namespace Ouro.Laws.Serving;

/// <summary>The routes about models: which there are, which are loaded, embeddings, traces, and changes to the library.</summary>
public sealed class OllamaModelLaws(SharedServer shared) : IClassFixture<SharedServer>
{
    ServerUnderTest Server => shared.Server;

    [Fact]
    public async Task Tags_and_show_describe_the_model()
    {
        var tag = (await Server.Get("/api/tags")).ShouldSucceed().Json.GetProperty("models").EnumerateArray().ShouldHaveSingleItem();
        var shown = (await Server.Post("/api/show", """{"model": "nano"}""")).ShouldSucceed().Json;

        tag.GetProperty("name").GetString().ShouldBe("nano:latest");
        tag.GetProperty("model").GetString().ShouldBe("nano:latest");
        tag.GetProperty("size").GetInt64().ShouldBe(new FileInfo(Repository.Path("models/ouro-nano.gguf")).Length);
        foreach (var details in new[] { tag.GetProperty("details"), shown.GetProperty("details") })
        {
            details.GetProperty("format").GetString().ShouldBe("gguf");
            details.GetProperty("family").GetString().ShouldBe("ouro");
            details.GetProperty("quantization_level").GetString().ShouldBe("F16");
            details.GetProperty("parameter_size").GetString().ShouldNotBeNullOrEmpty();
        }

        var info = shown.GetProperty("model_info");
        info.GetProperty("general.architecture").GetString().ShouldBe("ouro");
        info.GetProperty("ouro.num_loops").GetInt32().ShouldBe(4);
        foreach (var key in new[] { "ouro.context_length", "ouro.embedding_length", "ouro.block_count", "general.parameter_count", "tokenizer.ggml.eos_token_id" })
            info.GetProperty(key).ValueKind.ShouldBe(JsonValueKind.Number, key);
        info.GetProperty("tokenizer.ggml.tokens").ValueKind.ShouldBe(JsonValueKind.Null);
        shown.GetProperty("template").GetString()!.ShouldContain("im_start");
        shown.GetProperty("modelfile").GetString()!.ShouldContain("\nFROM ");
        shown.GetProperty("capabilities").EnumerateArray().Select(word => word.GetString()).ShouldBe(["completion", "tools", "thinking", "embedding"]);
    }

    [Fact]
    public async Task A_models_own_settings_hold_unless_a_request_says_otherwise()
    {
        var library = new BuiltInLibrary([ServerUnderTest.NanoModel with
        {
            Name = "mine:latest",
            Settings = ReplySettings.None.With("num_iterations", "2").With("stop", "x").With("stop", "y z"),
            System = "Be kind.",
            Messages = [new ChatTurn("user", "Hello."), new ChatTurn("assistant", "Hi.")],
            License = "None.",
        }]);
        await using var server = await ServerUnderTest.Start(catalog: library);
        async Task<JsonElement> Ask(string options, string messages = """{"role": "user", "content": "Sort 31."}""") => (await server.Post("/api/chat",
            $$"""{"model": "MINE", "stream": false, "token_depths": true, "options": { {{options}} }, "messages": [{{messages}}]}""")).ShouldSucceed().Json;

        (await Ask("\"num_predict\": 1")).GetProperty("depth").GetProperty("loops").GetInt32().ShouldBe(2);
        (await Ask("\"num_predict\": 1, \"num_iterations\": 3")).GetProperty("depth").GetProperty("loops").GetInt32().ShouldBe(3);
        var own = Ids(await Ask("\"num_predict\": 1"), "prompt_token_ids");
        var spelled = Ids(await Ask("\"num_predict\": 1", """
            {"role": "system", "content": "Be kind."}, {"role": "user", "content": "Sort 31."}
            """), "prompt_token_ids");
        own.Length.ShouldBe(spelled.Length);
        own.ShouldNotBe(spelled);   // the model's messages come first, and its system message before them

        var shown = (await server.Post("/api/show", """{"model": "mine"}""")).ShouldSucceed().Json;
        shown.GetProperty("system").GetString().ShouldBe("Be kind.");
        shown.GetProperty("license").GetString().ShouldBe("None.");
        shown.GetProperty("messages").GetArrayLength().ShouldBe(2);
        shown.GetProperty("parameters").GetString()!.Split('\n').Length.ShouldBe(3);
        shown.GetProperty("modelfile").GetString()!.ShouldContain("PARAMETER stop \"y z\"");
    }

    [Fact]
    public async Task Keep_alive_loads_unloads_and_is_told()
    {
        await using var server = await ServerUnderTest.Start();
        async Task<JsonElement[]> Loaded() => [.. (await server.Get("/api/ps")).ShouldSucceed().Json.GetProperty("models").EnumerateArray()];

        (await server.Post("/api/chat", """{"model": "nano", "messages": []}""")).ShouldSucceed().Json.GetProperty("done_reason").GetString().ShouldBe("load");
        var model = (await Loaded()).ShouldHaveSingleItem();
        model.GetProperty("name").GetString().ShouldBe("nano:latest");
        model.GetProperty("size").GetInt64().ShouldBeGreaterThan(500_000);
        model.GetProperty("size_vram").GetInt64().ShouldBe(0);
        model.GetProperty("loops").GetInt32().ShouldBe(4);
        model.GetProperty("context_length").GetInt32().ShouldBe(512);
        var soon = model.GetProperty("expires_at").GetDateTimeOffset() - TimeProvider.System.GetUtcNow();
        soon.ShouldBeInRange(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));

        (await server.Post("/api/generate", """{"model": "nano", "keep_alive": "2h"}""")).ShouldSucceed();
        (await Loaded()).ShouldHaveSingleItem().GetProperty("expires_at").GetDateTimeOffset().ShouldBeGreaterThan(TimeProvider.System.GetUtcNow().AddHours(1.9));
        (await server.Post("/api/generate", """{"model": "nano", "keep_alive": 0}""")).ShouldSucceed().Json.GetProperty("done_reason").GetString().ShouldBe("unload");
        (await Loaded()).ShouldBeEmpty();

        var reply = (await server.Post("/api/generate", """{"model": "nano", "prompt": "Sort 21.", "keep_alive": "0s", "stream": false}""")).ShouldSucceed().Json;
        reply.GetProperty("load_duration").GetInt64().ShouldBeGreaterThan(0);
        await ServerUnderTest.Eventually(() => server.Pool.Models.Count == 0, "the model should go with its last reply");
    }

    [Fact]
    public async Task Embeddings_have_length_one_and_do_not_depend_on_company()
    {
        var both = (await Server.Post("/api/embed", """{"model": "nano", "input": ["red", "blue sky"]}""")).ShouldSucceed().Json;
        var one = (await Server.Post("/api/embed", """{"model": "nano", "input": "blue sky"}""")).ShouldSucceed().Json;
        var old = (await Server.Post("/api/embeddings", """{"model": "nano", "prompt": "blue sky"}""")).ShouldSucceed().Json;

        float[] State(JsonElement list) => [.. list.EnumerateArray().Select(number => number.GetSingle())];
        var states = both.GetProperty("embeddings").EnumerateArray().Select(State).ToArray();
        states.Length.ShouldBe(2);
        states[1].Length.ShouldBe(96);
        states[1].ShouldBe(State(one.GetProperty("embeddings")[0]));
        states[1].ShouldBe(State(old.GetProperty("embedding")));
        states[0].ShouldNotBe(states[1]);
        states[0].Sum(value => (double)value * value).ShouldBe(1, 1e-5);
        both.GetProperty("prompt_eval_count").GetInt32().ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task Long_inputs_are_cut_unless_that_is_forbidden()
    {
        var input = string.Concat(Enumerable.Repeat("word ", 2000));
        (await Server.Post("/api/embed", $$"""{"model": "nano", "input": "{{input}}", "options": {"num_ctx": 64} }""")).ShouldSucceed()
            .Json.GetProperty("prompt_eval_count").GetInt32().ShouldBe(64);
        (await Server.Post("/api/embed", $$"""{"model": "nano", "input": "{{input}}", "truncate": false}""")).ShouldRefuse(400, "input[0]", "512");
    }

    [Fact]
    public async Task A_trace_tells_what_every_loop_would_have_said()
    {
        var reply = (await Server.Post("/api/chat", """
            {"model": "nano", "stream": false, "token_depths": true, "messages": [{"role": "user", "content": "Sort 52814."}], "options": {"temperature": 0, "repeat_penalty": 1}}
            """)).ShouldSucceed().Json;
        var trace = (await Server.Post("/api/trace",
            $$"""{"model": "nano", "prompt_token_ids": {{reply.GetProperty("prompt_token_ids")}}, "token_ids": {{reply.GetProperty("token_ids")}} }""")).ShouldSucceed().Json;

        trace.GetProperty("loops").GetInt32().ShouldBe(4);
        var tokens = trace.GetProperty("tokens").EnumerateArray().ToArray();
        tokens.Select(token => token.GetProperty("id").GetInt32()).ShouldBe(Ids(reply, "token_ids"));
        var written = reply.GetProperty("tokens").EnumerateArray().ToArray();
        for (var i = 0; i < tokens.Length; i++)
        {
            var depth = tokens[i].GetProperty("depth").GetInt32();
            depth.ShouldBe(written[i].GetProperty("depth").GetInt32());
            tokens[i].GetProperty("exit_chance").EnumerateArray().Sum(chance => chance.GetDouble()).ShouldBe(1, 1e-4);
            var said = tokens[i].GetProperty("said").EnumerateArray().ToArray();
            said.Length.ShouldBe(4);
            said[depth - 1].GetProperty("text").GetString().ShouldBe(tokens[i].GetProperty("text").GetString());
            said.ShouldAllBe(loop => loop.GetProperty("top").GetArrayLength() == 3);
            said.ShouldAllBe(loop => loop.GetProperty("top")[0].GetProperty("probability").GetDouble() == loop.GetProperty("probability").GetDouble());
        }
    }

    [Fact]
    public async Task A_trace_has_limits()
    {
        string Ids(int count) => $"[{string.Join(',', Enumerable.Repeat(5, count))}]";
        (await Server.Post("/api/trace", $$"""{"model": "nano", "prompt_token_ids": {{Ids(1000)}}, "token_ids": {{Ids(25)}} }""")).ShouldRefuse(400, "1,025", "1,024");
        (await Server.Post("/api/trace", """{"model": "nano", "prompt_token_ids": [5], "token_ids": [5], "options": {"num_iterations": 4096}}""")).ShouldRefuse(400, "4,096 loops");
        (await Server.Post("/api/trace", """{"model": "nano", "prompt_token_ids": [5], "token_ids": []}""")).ShouldRefuse(400, "token_ids is empty");
        (await Server.Post("/api/trace", """{"model": "nano", "prompt_token_ids": [512], "token_ids": [5]}""")).ShouldRefuse(400, "prompt_token_ids[0] is 512");
        (await Server.Post("/api/trace", """{"model": "nano", "prompt_token_ids": ["x"], "token_ids": [5]}""")).ShouldRefuse(400, "prompt_token_ids[0]");
    }

    [Fact]
    public async Task A_server_without_a_store_says_so()
    {
        (await Server.Post("/api/create", """{"model": "new", "from": "nano"}""")).ShouldRefuse(501, "no store");
        (await Server.Post("/api/pull", """{"model": "new"}""")).ShouldRefuse(501, "no store");
        (await Server.Post("/api/copy", """{"source": "other", "destination": "new"}""")).ShouldRefuse(501, "no store");
        (await Server.Post("/api/push", """{"model": "nano"}""")).ShouldRefuse(501, "cannot be pushed");
        (await Server.Send(HttpMethod.Delete, "/api/delete", """{"model": "nano"}"""u8.ToArray())).ShouldRefuse(400, "comes with the server");
        (await Server.Send(HttpMethod.Delete, "/api/delete", """{"model": "other"}"""u8.ToArray())).ShouldRefuse(404, "model 'other' not found, try pulling it first");
        (await Server.Post("/api/pull", """{"model": "nano"}""")).ShouldSucceed().Lines.ShouldHaveSingleItem().GetProperty("status").GetString().ShouldBe("success");
    }

    [Fact]
    public async Task Changes_go_to_the_library_with_all_that_was_said()
    {
        var library = new RememberingLibrary();
        await using var server = await ServerUnderTest.Start(catalog: new BuiltInLibrary([ServerUnderTest.NanoModel], library));
        var digest = Convert.ToHexStringLower(SHA256.HashData("weights"u8));

        (await server.Send(HttpMethod.Head, $"/api/blobs/sha256:{digest}")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await server.Send(HttpMethod.Post, $"/api/blobs/sha256:{digest}", "weights"u8.ToArray())).Status.ShouldBe(HttpStatusCode.Created);
        (await server.Send(HttpMethod.Head, $"/api/blobs/sha256:{digest}")).Status.ShouldBe(HttpStatusCode.OK);
        (await server.Send(HttpMethod.Post, "/api/blobs/sha256:..%2fx", "weights"u8.ToArray())).ShouldRefuse(400, "no digest");
        var lines = (await server.Post("/api/create", $$"""
            {"model": "new", "files": {"a.gguf": "sha256:{{digest}}"}, "parameters": {"temperature": 0.5, "stop": ["a", "b"]}, "system": "s", "template": "t",
             "license": ["l"], "messages": [{"role": "user", "content": "m"}], "quantize": "q4_k_m"}
            """)).ShouldSucceed().Lines;
        (await server.Post("/api/pull", """{"name": "far", "stream": false}""")).ShouldSucceed().Json.GetProperty("status").GetString().ShouldBe("success");
        (await server.Post("/api/copy", """{"source": "new", "destination": "other"}""")).ShouldSucceed();
        (await server.Post("/api/copy", """{"source": "missing", "destination": "other"}""")).ShouldRefuse(404, "'missing' not found");
        (await server.Send(HttpMethod.Delete, "/api/delete", """{"name": "new"}"""u8.ToArray())).ShouldSucceed();

        lines.Select(line => line.GetProperty("status").GetString()).ShouldBe(["reading", "success"]);
        lines[0].GetProperty("total").GetInt64().ShouldBe(7);
        var made = library.Made.ShouldNotBeNull();
        made.Files["a.gguf"].ShouldBe($"sha256:{digest}");
        made.Parameters.ShouldBe([("temperature", "0.5"), ("stop", "a"), ("stop", "b")]);
        (made.System, made.Template, made.Quantize).ShouldBe(("s", "t", "q4_k_m"));
        made.Licenses.ShouldBe(["l"]);
        made.Messages.ShouldHaveSingleItem().Content.ShouldBe("m");
        library.Names.ShouldBe(["far", "other"]);
    }

    [Fact]
    public async Task A_library_that_fails_in_mid_stream_says_so_in_a_line()
    {
        await using var server = await ServerUnderTest.Start(catalog: new RememberingLibrary { FailsAfterOneStep = true });

        var lines = (await server.Post("/api/pull", """{"model": "far"}""")).ShouldSucceed().Lines;

        lines.Length.ShouldBe(2);
        lines[1].GetProperty("error").GetString().ShouldBe("the connection broke.");
    }

    /// <summary>A library in memory.</summary>
    sealed class RememberingLibrary : IModelLibrary
    {
        readonly HashSet<string> _blobs = [];

        public List<string> Names { get; } = [];

        public ModelToCreate? Made { get; private set; }

        public bool FailsAfterOneStep { get; init; }

        public IReadOnlyList<CatalogModel> List() => [.. Names.Select(name => ServerUnderTest.NanoModel with { Name = name })];

        public CatalogModel? Find(string name) => List().FirstOrDefault(model => model.Name == name);

        public async IAsyncEnumerable<LibraryProgress> Create(ModelToCreate model, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            Made ??= model;
            yield return new LibraryProgress("reading", null, 7, 7);
            await Task.Yield();
            if (FailsAfterOneStep)
                throw new ApiException(500, "the connection broke.");
            Names.Add(model.Name);
            yield return new LibraryProgress("success");
        }

        public void Copy(string from, string to) => Names.Add(Find(from) is null ? throw new UnknownModelException(from) : to);

        public void Delete(string name) => Names.Remove(name);

        public bool HasBlob(string digest) => _blobs.Contains(digest);

        public async Task AddBlob(string digest, Stream bytes, CancellationToken cancel)
        {
            Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, cancel)).ShouldBe(digest);
            _blobs.Add(digest);
        }

        public IAsyncEnumerable<LibraryProgress> Pull(string name, CancellationToken cancel) => Create(new ModelToCreate(name), cancel);
    }
}
