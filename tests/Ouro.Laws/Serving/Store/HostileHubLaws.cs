using Microsoft.AspNetCore.Http;
using Ouro.Formats;
using Ouro.Laws.Conversion;
using Ouro.Serving.Hub;
using Ouro.Serving.Store;

namespace Ouro.Laws.Serving.Store;

/// <summary>A server may be broken, lying or hostile: nothing of that enters the store, reaches another place, or takes for ever.</summary>
public sealed class HostileHubLaws
{
    const string Repo = "maker/ouro-tiny";

    public static TheoryData<string, StoreFault, string> Misbehaviours { get; } = new()
    {
        { "wrong bytes", StoreFault.Mismatch, "other bytes came" },
        { "shorter than listed", StoreFault.Mismatch, "before" },
        { "longer than listed", StoreFault.Mismatch, "before" },
        { "endless", StoreFault.Mismatch, "more than the" },
        { "too short", StoreFault.Mismatch, "another part" },
        { "wrong range", StoreFault.Mismatch, "another part" },
        { "packed", StoreFault.Remote, "packs" },
        { "silent", StoreFault.Remote, "said nothing" },
        { "failing", StoreFault.Remote, "503" },
        { "forbidden", StoreFault.Remote, "HF_TOKEN" },
        { "refusing", StoreFault.Remote, "418" },
        { "circle", StoreFault.Remote, "leads on more than" },
        { "to a file", StoreFault.Remote, "no safe way" },
        { "nowhere", StoreFault.Remote, "without saying where" },
        { "huge list", StoreFault.Remote, "more than the" },
        { "no list", StoreFault.Remote, "not a list" },
        { "deep list", StoreFault.Remote, "not a list" },
        { "huge promise", StoreFault.Remote, "at most" },
        { "hashless", StoreFault.Remote, "hash" },
    };

    [Theory, MemberData(nameof(Misbehaviours))]
    public void Nothing_wrong_enters_the_store(string kind, StoreFault fault, string words)
    {
        using var shop = new StoreShop();
        using var hub = PullLaws.HubWith("m.gguf");
        var options = hub.Options with { Attempts = 2, Stall = kind == "silent" ? TimeSpan.FromMilliseconds(300) : TimeSpan.FromSeconds(20) };
        Arrange(hub, kind);

        var problem = Should.Throw<StoreException>(() => PullLaws.Pull(shop, hub, $"hf:{Repo}", options));

        problem.Fault.ShouldBe(fault, problem.Message);
        problem.Message.ShouldContain(words);
        problem.Message.Any(char.IsControl).ShouldBeFalse();
        shop.Store.List().ShouldBeEmpty();
        shop.Check().Blobs.ShouldBe(0);

        if (kind is "wrong bytes" or "endless" or "too short" or "wrong range")
        {
            (hub.Garble, hub.Instead) = (null, null);
            PullLaws.Pull(shop, hub, $"hf:{Repo}").Weights.ShouldBe(Digest.Of(File.ReadAllBytes(StoreShop.Nano)));
            shop.ShouldBeClean();
        }
    }

    [Fact]
    public void Names_that_lead_elsewhere_are_not_taken_up()
    {
        using var shop = new StoreShop();
        using var hub = new TestHub();
        hub.Add(Repo, "README.md", [1]);
        hub.ExtraNames.AddRange(
            ["../../evil.gguf", "/etc/evil.gguf", "a/../../evil.gguf", "a\\evil.gguf", "..\\evil.gguf", ".hidden.gguf", "C:evil.gguf", "evil\n.gguf", "evil%2f.gguf", "a//evil.gguf", "évil.gguf", "evil\0.gguf", "evil.gguf."]);

        var problem = Should.Throw<StoreException>(() => PullLaws.Pull(shop, hub, $"hf:{Repo}"));

        problem.Message.ShouldContain("no model");
        hub.Seen.Count.ShouldBe(1);
        Directory.GetFiles(shop.Place(""), "*evil*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public void An_index_cannot_name_files_elsewhere()
    {
        using var shop = new StoreShop();
        using var hub = new TestHub();
        hub.Add(Repo, "config.json", File.ReadAllBytes(Workshop.Golden("tiny-bf16/config.json")));
        hub.Add(Repo, "model.safetensors.index.json", """{"weight_map": {"a": "../evil.safetensors"}}"""u8.ToArray());

        Should.Throw<ModelFileException>(() => PullLaws.Pull(shop, hub, $"hf:{Repo}")).Message.ShouldContain("evil");
        hub.Add(Repo, "model.safetensors.index.json", """{"weight_map": {"a": "absent.safetensors"}}"""u8.ToArray());
        Should.Throw<StoreException>(() => PullLaws.Pull(shop, hub, $"hf:{Repo}")).Message.ShouldContain("absent");

        hub.Seen.ShouldNotContain(request => request.Path.Contains("evil", StringComparison.Ordinal));
        shop.Store.List().ShouldBeEmpty();
    }

    [Fact]
    public void Pickles_are_never_fetched()
    {
        using var shop = new StoreShop();
        using var hub = new TestHub();
        hub.Add(Repo, "config.json", File.ReadAllBytes(Workshop.Golden("tiny-bf16/config.json")));
        foreach (var name in new[] { "pytorch_model.bin", "model.pt", "model.pkl", "modeling_ouro.py" })
            hub.Add(Repo, name, [1]);

        Should.Throw<StoreException>(() => PullLaws.Pull(shop, hub, $"hf:{Repo}")).Message.ShouldContain("Pickles");

        hub.Seen.ShouldNotContain(request => request.Path.Contains("/resolve/", StringComparison.Ordinal) && !request.Path.EndsWith(".json", StringComparison.Ordinal));
    }

    [Fact]
    public void A_hub_that_says_hashes_only_in_its_headers_will_do()
    {
        using var shop = new StoreShop();
        using var hub = PullLaws.HubWith("m.gguf");
        hub.ListsHashes = false;

        PullLaws.Pull(shop, hub, $"hf:{Repo}").Weights.ShouldBe(Digest.Of(File.ReadAllBytes(StoreShop.Nano)));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    public void A_passing_failure_passes(int status)
    {
        using var shop = new StoreShop();
        using var hub = PullLaws.HubWith("m.gguf");
        var left = 2;
        hub.Instead = context =>
        {
            return left-- > 0 ? Status(context, status) : Task.FromResult(false);
        };

        PullLaws.Pull(shop, hub, $"hf:{Repo}").ShouldNotBeNull();
    }

    [Fact]
    public void The_environment_can_name_another_hub_but_only_a_sensible_one()
    {
        new HubOptions().Endpoint.Host.ShouldBe("huggingface.co");
        using var client = new HubClient(new HubOptions { Endpoint = new Uri("http://127.0.0.1:9/some/base"), Attempts = 1 });
        Should.Throw<StoreException>(() => client.ListAsync(HubReference.Parse("a/b")).GetAwaiter().GetResult()).Message.ShouldContain("HF_ENDPOINT");
    }

    static void Arrange(TestHub hub, string kind)
    {
        hub.Garble = kind switch
        {
            "wrong bytes" => bytes => [.. bytes[..^1], (byte)(bytes[^1] ^ 1)],
            "too short" => bytes => bytes[..^10],
            "endless" => bytes => [.. bytes, .. new byte[100_000]],
            _ => null,
        };
        hub.ListedLength = kind switch
        {
            "shorter than listed" => length => length + 1,
            "longer than listed" => length => length - 1,
            "huge promise" => _ => 1L << 60,
            _ => null,
        };
        hub.ListsHashes = kind != "hashless";
        hub.Instead = kind switch
        {
            "failing" => context => Status(context, 503),
            "forbidden" => context => Status(context, 403),
            "refusing" => context => Status(context, 418),
            "circle" => context => Redirect(context, context.Request.Path),
            "to a file" => context => Redirect(context, "file:///etc/passwd"),
            "nowhere" => context => Status(context, 302),
            "no list" => context => Text(context, "<html>hello</html>"),
            "deep list" => context => Text(context, new string('[', 1_000_000)),
            "huge list" => Endless,
            "silent" => OnFiles(async context => await Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted)),
            "packed" => OnFiles(context => Text(context, "x", headers => headers.ContentEncoding = "br")),
            "wrong range" => OnFiles(context => Text(context, "x", headers => headers.ContentRange = "bytes 7-7/100", 206)),
            "hashless" => OnFiles(context => Text(context, "x")),
            _ => null,
        };
    }

    static Func<HttpContext, Task<bool>> OnFiles(Func<HttpContext, Task> answer) => async context =>
    {
        var isFile = context.Request.Path.Value!.Contains("/resolve/", StringComparison.Ordinal);
        if (isFile)
        {
            try
            {
                await answer(context);
            }
            catch (OperationCanceledException)
            {
                context.Abort();
            }
        }

        return isFile;
    };

    static Task<bool> Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.FromResult(true);
    }

    static Task<bool> Redirect(HttpContext context, string place)
    {
        context.Response.Headers.Location = place;
        return Status(context, 302);
    }

    static async Task<bool> Text(HttpContext context, string text, Action<IHeaderDictionary>? headers = null, int status = 200)
    {
        context.Response.StatusCode = status;
        headers?.Invoke(context.Response.Headers);
        await context.Response.WriteAsync(text);
        return true;
    }

    static async Task<bool> Endless(HttpContext context)
    {
        var block = new byte[1 << 20];
        try
        {
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client has had enough.
        }

        return true;
    }
}
