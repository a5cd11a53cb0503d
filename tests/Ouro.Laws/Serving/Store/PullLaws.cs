using Ouro.Formats;
using Ouro.Laws.Conversion;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Serving.Hub;
using Ouro.Serving.Store;

namespace Ouro.Laws.Serving.Store;

/// <summary>What is pulled from a hub is what the hub promised, however the line behaves.</summary>
public sealed class PullLaws
{
    internal const string Repo = "maker/ouro-tiny";

    static readonly byte[] Nano = File.ReadAllBytes(StoreShop.Nano);

    [Fact]
    public void A_GGUF_file_is_pulled_as_it_is_and_told_as_it_comes()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("ouro-q8_0.gguf");
        var progress = new KeptProgress();

        var pulled = Pull(shop, hub, $"hf:{Repo}", progress: progress);

        var model = shop.Find(Repo).ShouldNotBeNull();
        model.Digest.ShouldBe(pulled.Digest);
        File.ReadAllBytes(model.Path).ShouldBe(Nano);
        model.Source.ShouldBe($"hf:{Repo}@{TestHub.Commit}:ouro-q8_0.gguf");
        model.Licenses.ShouldBe(["apache-2.0"]);
        progress.Statuses.ShouldBe(["pulling manifest", $"pulling {model.Weights.Short}", "verifying sha256 digest", "writing manifest", "success"]);
        progress.Reports.ShouldContain(new StoreProgress($"pulling {model.Weights.Short}", model.Weights.ToString(), Nano.Length, Nano.Length));
        shop.ShouldBeClean();
        Downloads(shop).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("tiny-bf16", null, "bf16")]
    [InlineData("tiny-f32-tied", null, "f32")]
    [InlineData("tiny-bf16", "q8_0", "q8_0")]
    public void Safetensors_whole_or_in_shards_become_a_model_that_has_lost_nothing(string folder, string? type, string expected)
    {
        using var shop = new StoreShop();
        using var hub = new TestHub();
        hub.AddFolder(Repo, Workshop.Golden(folder));
        hub.Add(Repo, "modeling_ouro.py", [1]);
        hub.Add(Repo, "pytorch_model.bin", [1]);
        hub.Add(Repo, "README.md", [1]);

        var model = Pull(shop, hub, type is null ? Repo : $"hf.co/{Repo}:{type}");

        model.Details.Type.ShouldBe(expected);
        model.Name.ToString().ShouldBe($"{Repo}:{type ?? "latest"}");
        using var source = OuroCheckpoint.Open(Workshop.Golden(folder));
        ModelVerification.Run(source, model.Path, threads: 1).Losses.ShouldBeEmpty();
        hub.Seen.ShouldNotContain(request => request.Path.EndsWith(".py", StringComparison.Ordinal) || request.Path.EndsWith(".bin", StringComparison.Ordinal) || request.Path.EndsWith(".md", StringComparison.Ordinal));
        shop.ShouldBeClean();
        Downloads(shop).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", "sub/m-q4_k_m.gguf")]
    [InlineData(":q8_0", "m.Q8_0.gguf")]
    [InlineData(":Q8_0", "m.Q8_0.gguf")]
    [InlineData(":*f16*", "m-bf16.gguf")]
    [InlineData(":m-bf16.gguf", "m-bf16.gguf")]
    [InlineData("@a-branch:q4_k_m", "sub/m-q4_k_m.gguf")]
    public void The_file_is_the_one_that_was_asked_for_or_the_best(string pattern, string file)
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m-bf16.gguf", "m.Q8_0.gguf", "sub/m-q4_k_m.gguf");

        Pull(shop, hub, $"hf:{Repo}{pattern}").Source.ShouldEndWith($":{file}");
    }

    [Theory]
    [InlineData("hf:maker/none", "no such repository")]
    [InlineData("hf:maker/ouro-tiny:q2", "'q2'")]
    [InlineData("hf:maker/ouro-tiny:*.gguf", "3 files fit")]
    [InlineData("hf:maker/ouro-tiny:*of-00002.gguf", "one part of several")]
    [InlineData("hf:nano", "does not name a repository")]
    [InlineData("hf:../..", "does not name a repository")]
    [InlineData("hf:a/b/c", "does not name a repository")]
    [InlineData("hf:a/b@../x", "does not name a repository")]
    [InlineData("hf:a/b:../x", "does not name a repository")]
    [InlineData("hf:library/nano", "comes with the program")]
    public void What_cannot_be_pulled_gets_one_sentence(string text, string words)
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m-bf16.gguf", "m.Q8_0.gguf", "m-00001-of-00002.gguf");

        var problem = Should.Throw<StoreException>(() => Pull(shop, hub, text));

        problem.Message.ShouldContain(words);
        problem.Message.Any(char.IsControl).ShouldBeFalse();
        shop.Store.List().ShouldBeEmpty();
    }

    [Fact]
    public void An_interrupted_pull_goes_on_where_it_stopped()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m.gguf");
        hub.CutAfter = 400_000;
        hub.CutsLeft = 1;

        var problem = Should.Throw<StoreException>(() => Pull(shop, hub, $"hf:{Repo}", hub.Options with { Attempts = 1 }));
        problem.Fault.ShouldBe(StoreFault.Remote);
        problem.Message.ShouldContain("what came is kept");
        shop.Store.List().ShouldBeEmpty();
        var partial = Downloads(shop).Single(path => path.EndsWith(".partial", StringComparison.Ordinal));
        var have = new FileInfo(partial).Length;
        have.ShouldBeInRange(1, 400_000);
        File.ReadAllBytes(partial).ShouldBe(Nano[..(int)have]);

        hub.ForgetRequests();
        Pull(shop, hub, $"hf:{Repo}");
        hub.Sent.ShouldBe(Nano.Length - have);
        hub.Seen.ShouldContain(request => request.Range == $"bytes={have}-");
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_line_that_breaks_again_and_again_is_taken_up_again_and_again()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m.gguf");
        hub.CutAfter = 300_000;

        Pull(shop, hub, $"hf:{Repo}").Weights.ShouldBe(Digest.Of(Nano));

        hub.Sent.ShouldBeLessThan(2L * Nano.Length);
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_server_without_ranges_begins_again()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m.gguf");
        (hub.CutAfter, hub.CutsLeft, hub.GivesRanges) = (400_000, 1, false);

        Pull(shop, hub, $"hf:{Repo}").Weights.ShouldBe(Digest.Of(Nano));
    }

    [Fact]
    public void Bytes_of_another_version_are_not_gone_on_with()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m.gguf");
        (hub.CutAfter, hub.CutsLeft) = (400_000, 1);
        Should.Throw<StoreException>(() => Pull(shop, hub, $"hf:{Repo}", hub.Options with { Attempts = 1 }));

        var other = File.ReadAllBytes(OuroGguf);
        hub.Add(Repo, "m.gguf", other);

        Pull(shop, hub, $"hf:{Repo}").Weights.ShouldBe(Digest.Of(other));
    }

    [Fact]
    public void What_is_there_already_is_not_fetched_again()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m.gguf");
        Pull(shop, hub, $"hf:{Repo}");
        hub.ForgetRequests();

        Pull(shop, hub, $"hf:{Repo}");
        Pull(shop, hub, $"hf:{Repo}", As: "other");

        hub.Sent.ShouldBe(0);
        shop.Store.List().Count.ShouldBe(2);
        Directory.GetFiles(shop.Blobs).Length.ShouldBe(1);
    }

    [Fact]
    public void Two_pulls_at_once_fetch_once()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m.gguf");

        Parallel.For(0, 3, _ => Pull(shop, hub, $"hf:{Repo}"));

        hub.Sent.ShouldBe(Nano.Length);
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_cancelled_pull_keeps_what_came()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m.gguf");
        using var stop = new CancellationTokenSource();
        var progress = new KeptProgress { OnReport = report => { if (report.Completed > 500_000) stop.Cancel(); } };

        Should.Throw<OperationCanceledException>(() => Pull(shop, hub, $"hf:{Repo}", progress: progress, cancel: stop.Token));

        shop.Store.List().ShouldBeEmpty();
        new FileInfo(Downloads(shop).Single(path => path.EndsWith(".partial", StringComparison.Ordinal))).Length.ShouldBeGreaterThan(500_000);
    }

    [Fact]
    public void The_token_is_shown_to_the_hub_and_to_no_other_host()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m.gguf");
        using var cdn = new TestHub();
        hub.Cdn = cdn;
        hub.Token = "hf_secret";

        var refused = Should.Throw<StoreException>(() => Pull(shop, hub, $"hf:{Repo}"));
        refused.Message.ShouldContain("HF_TOKEN");
        Pull(shop, hub, $"hf:{Repo}", hub.Options with { Token = "hf_secret" });

        hub.Seen.ShouldContain(request => request.Authorization == "Bearer hf_secret");
        cdn.Seen.ShouldNotBeEmpty();
        cdn.Seen.ShouldAllBe(request => request.Authorization == null);
        cdn.Sent.ShouldBe(Nano.Length);
    }

    [Fact]
    public async Task FROM_can_name_a_repository()
    {
        using var shop = new StoreShop();
        using var hub = HubWith("m.gguf");

        var made = (await shop.Store.CreateAsync(ModelName.Parse("mine"), Modelfile.Parse($"FROM hf:{Repo}\nSYSTEM hi"), new CreateOptions { Hub = hub.Options })).Model;

        made.System.ShouldBe("hi");
        made.Weights.ShouldBe(Digest.Of(Nano));
        shop.Find(Repo).ShouldNotBeNull().System.ShouldBeNull();
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_model_of_another_family_gets_no_name()
    {
        using var shop = new StoreShop();
        using var work = new Workshop();
        using var hub = new TestHub();
        hub.Add(Repo, "m.gguf", File.ReadAllBytes(work.Rewrite(StoreShop.Nano, "llama.gguf", metadata => metadata.Set("general.architecture", "llama"))));

        Should.Throw<ModelFileException>(() => Pull(shop, hub, $"hf:{Repo}")).Message.ShouldContain("llama");

        shop.Store.List().ShouldBeEmpty();
        shop.ShouldBeClean();
    }

    internal static string OuroGguf => Workshop.Golden("gguf/ouro-Q4_K_M.gguf");

    internal static TestHub HubWith(params string[] names)
    {
        var hub = new TestHub();
        foreach (var name in names)
            hub.Add(Repo, name, Nano);
        return hub;
    }

    internal static StoredModel Pull(
        StoreShop shop, TestHub hub, string text, HubOptions? options = null, string? As = null, KeptProgress? progress = null, CancellationToken cancel = default)
    {
        using var client = new HubClient(options ?? hub.Options);
        var pull = new ModelPull(new ModelStore(shop.Root), client, new PullOptions { As = As is null ? null : ModelName.Parse(As), Threads = 1 }, progress);
        return pull.RunAsync(HubReference.Parse(text), cancel).GetAwaiter().GetResult().Model;
    }

    /// <summary>What lies in the store's folder of downloads, but for locks.</summary>
    internal static string[] Downloads(StoreShop shop)
        => [.. Directory.GetFiles(Path.Combine(shop.Root, "downloads"), "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal))];
}
