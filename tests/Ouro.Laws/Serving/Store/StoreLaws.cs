using System.Security.Cryptography;
using Ouro.Formats;
using Ouro.Laws.Conversion;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Serving.Store;

namespace Ouro.Laws.Serving.Store;

/// <summary>A store keeps what it confirmed, once, and gives it a name only when it is whole.</summary>
public sealed class StoreLaws
{
    static readonly string TinySafetensors = Workshop.Golden("tiny-bf16");

    [Fact]
    public void A_model_brings_along_what_its_Modelfile_says()
    {
        using var shop = new StoreShop();
        var modelfile = Modelfile.Parse("FROM nano\nPARAMETER num_loops 3\nPARAMETER stop a\nPARAMETER stop b\nPARAMETER seed 5\nSYSTEM Be brief.\nMESSAGE user hi\nMESSAGE assistant hello\nLICENSE MIT");

        var made = shop.Create("me/Small:one", modelfile).Model;

        var found = shop.Find("ME/small:ONE").ShouldNotBeNull();
        found.Digest.ShouldBe(made.Digest);
        found.Name.ToString().ShouldBe("me/Small:one");
        found.Parameters.Settings.Find(Ouro.Generation.Setting.NumIterations).ShouldBe(3);
        found.Parameters.Settings.Stops!.Value.ShouldBe(["a", "b"]);
        found.Parameters.Settings.Seed.ShouldBe(5);
        found.System.ShouldBe("Be brief.");
        found.Messages.Select(message => message.Content).ShouldBe(["hi", "hello"]);
        found.Licenses.ShouldBe(["MIT"]);
        found.Details.ShouldBe(new StoredDetails("f16", 338_881, 2, 4, 512, HasGate: true));
        found.Weights.Hex.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(StoreShop.Nano))));
        File.ReadAllBytes(found.Path).ShouldBe(File.ReadAllBytes(StoreShop.Nano));
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_model_made_of_another_takes_over_what_it_does_not_say_itself()
    {
        using var shop = new StoreShop();
        shop.Create("base", Modelfile.Parse("FROM nano\nPARAMETER temperature 0.1\nPARAMETER stop a\nPARAMETER top_k 7\nSYSTEM one\nMESSAGE user hi\nLICENSE MIT"));

        var made = shop.Create("derived", Modelfile.Parse("FROM base\nPARAMETER stop b\nPARAMETER top_k 8\nSYSTEM two\nLICENSE more")).Model;

        made.Parameters.All.ShouldBe([new("temperature", "0.1"), new("stop", "b"), new("top_k", "8")]);
        made.System.ShouldBe("two");
        made.Messages.Count.ShouldBe(1);
        made.Licenses.ShouldBe(["MIT", "more"]);
        Directory.GetFiles(shop.Blobs).Length.ShouldBe(1);
        shop.Create("again", made.ToModelfile()).Model.ToModelfile().ShouldBe(made.ToModelfile() with { From = "again:latest" });
    }

    [Fact]
    public void Weights_are_kept_once_and_go_with_their_last_name()
    {
        using var shop = new StoreShop();
        var first = shop.Create("one").Model;
        shop.Create("two");
        shop.Store.Copy(ModelName.Parse("one"), ModelName.Parse("three"));

        Directory.GetFiles(shop.Blobs).Length.ShouldBe(1);
        shop.Store.Remove(ModelName.Parse("ONE"));
        shop.Store.Remove(ModelName.Parse("two"));
        File.Exists(first.Path).ShouldBeTrue();
        shop.Store.Remove(ModelName.Parse("three"));
        File.Exists(first.Path).ShouldBeFalse();
        shop.Store.List().ShouldBeEmpty();
        Should.Throw<StoreException>(() => shop.Store.Remove(ModelName.Parse("one"))).Fault.ShouldBe(StoreFault.NotFound);
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_name_that_gets_other_weights_lets_the_old_ones_go()
    {
        using var shop = new StoreShop();
        var first = shop.Create("one").Model;
        var second = shop.Create("one", type: "q8_0").Model;

        second.Details.Type.ShouldBe("q8_0");
        second.Bytes.ShouldBeLessThan(first.Bytes);
        File.Exists(first.Path).ShouldBeFalse();
        shop.Store.List().ShouldHaveSingleItem().Digest.ShouldBe(second.Digest);
        shop.ShouldBeClean();
    }

    [Theory]
    [InlineData(null, "bf16")]
    [InlineData("q8_0", "q8_0")]
    public void A_checkpoint_becomes_a_GGUF_file_that_has_lost_nothing(string? type, string expected)
    {
        using var shop = new StoreShop();
        var made = shop.Create("tiny", TinySafetensors, type).Model;

        made.Details.Type.ShouldBe(expected);
        using var source = OuroCheckpoint.Open(TinySafetensors);
        var report = ModelVerification.Run(source, made.Path, threads: 1);
        report.Losses.ShouldBeEmpty();
        using var stored = OuroCheckpoint.Open(made.Path);
        Ouro.Text.GgufTokenizer.Read(stored.Gguf!.Metadata, made.Path).ShouldNotBeNull();
        shop.ShouldBeClean();
    }

    [Fact]
    public void What_has_lost_a_part_or_is_of_another_family_gets_no_name()
    {
        using var shop = new StoreShop();
        using var work = new Workshop();
        var good = work.ToGguf(TinySafetensors, "good.gguf");
        var gateless = work.Rewrite(good, "gateless.gguf", metadata =>
        {
            metadata.Remove("ouro.early_exit.gate_weight");
            metadata.Remove("ouro.early_exit.gate_bias");
        });
        var normless = work.Rewrite(good, "normless.gguf", tensors: tensor => tensor.Name.Contains("post_", StringComparison.Ordinal) ? [] : [(tensor, Workshop.BytesOf(tensor))]);
        var llama = work.Rewrite(good, "llama.gguf", metadata => metadata.Set("general.architecture", "llama"));
        var cut = shop.File("cut.gguf", File.ReadAllBytes(good).AsSpan()[..^100]);

        Should.Throw<ModelFileException>(() => shop.Create("x", gateless)).Message.ShouldContain("ouro repair");
        Should.Throw<ModelFileException>(() => shop.Create("x", normless)).Message.ShouldContain("second norms");
        Should.Throw<ModelFileException>(() => shop.Create("x", llama)).Message.ShouldContain("llama");
        Should.Throw<ModelFileException>(() => shop.Create("x", cut)).Message.ShouldContain("incomplete");
        Should.Throw<ModelFileException>(() => shop.Create("x", shop.File("text.gguf", "no model"))).Message.ShouldContain("GGUF");
        shop.Find("x").ShouldBeNull();
        shop.ShouldBeClean();

        var onPurpose = work.ToGguf(TinySafetensors, "on-purpose.gguf", new ConversionOptions { WithoutGate = true });
        shop.Create("x", onPurpose).Notes.ShouldHaveSingleItem().ShouldContain("gate");
    }

    [Fact]
    public void What_FROM_names_must_be_there_and_allowed()
    {
        using var shop = new StoreShop();
        foreach (var (from, word) in new[] { ("no-such", "ouro pull"), ("./no-such.gguf", "no such file"), ("no/such/thing", "no such file"), ("sha256:" + new string('0', 64), "no blob"), ("hf:a/b", "Pull it first"), ("a b", "not a model's name") })
            Should.Throw<StoreException>(() => shop.Create("x", from)).Message.ShouldContain(word);
        foreach (var name in new[] { "nano", "NANO:x", "library/nano" })
            Should.Throw<StoreException>(() => shop.Create(name)).Message.ShouldContain("comes with the program");

        var refusal = Should.Throw<StoreException>(() => shop.Store.CreateAsync(ModelName.Parse("x"), new Modelfile { From = StoreShop.Nano }, new CreateOptions()).GetAwaiter().GetResult());
        refusal.Message.ShouldContain("not read for requests");
        Should.Throw<StoreException>(() => shop.Create("x", type: "q1")).Message.ShouldContain("q4_k_m");
        Should.Throw<StoreException>(() => shop.Create("x", new Modelfile { From = "nano", Parameters = [new("temprature", "1")] })).Message.ShouldContain("temperature");
    }

    [Fact]
    public async Task A_blob_enters_only_if_it_is_what_it_says()
    {
        using var shop = new StoreShop();
        var bytes = await File.ReadAllBytesAsync(StoreShop.Nano);
        var digest = Digest.Of(bytes);

        (await Should.ThrowAsync<StoreException>(() => shop.Store.AddBlobAsync(Digest.Of([1]), new MemoryStream(bytes)))).Fault.ShouldBe(StoreFault.Mismatch);
        (await Should.ThrowAsync<StoreException>(() => shop.Store.AddBlobAsync(digest, new MemoryStream(bytes), bytes.Length - 1))).Fault.ShouldBe(StoreFault.Mismatch);
        (await Should.ThrowAsync<StoreException>(() => shop.Store.AddBlobAsync(digest, new MemoryStream(bytes), bytes.Length + 1))).Fault.ShouldBe(StoreFault.Mismatch);
        shop.Store.HasBlob(digest).ShouldBeFalse();
        shop.ShouldBeClean();

        await shop.Store.AddBlobAsync(digest, new MemoryStream(bytes));
        shop.Store.HasBlob(digest).ShouldBeTrue();
        shop.Create("from-blob", $"@{digest}").Model.Weights.ShouldBe(digest);
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_check_finds_every_kind_of_damage_and_a_new_creation_heals_it()
    {
        using var shop = new StoreShop();
        var one = shop.Create("one").Model;
        shop.Create("two", type: "q8_0");
        var bytes = File.ReadAllBytes(one.Path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(one.Path, bytes);
        var manifest = Path.Combine(shop.Root, "manifests", "library", "two", "latest.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest)[..100]);

        var report = shop.Check();
        report.Problems.Count.ShouldBe(2);
        report.Problems.ShouldContain(problem => problem.Contains("other bytes", StringComparison.Ordinal));
        report.Problems.ShouldContain(problem => problem.Contains("not a manifest", StringComparison.Ordinal));
        Should.Throw<StoreException>(() => shop.Find("two")).Fault.ShouldBe(StoreFault.Storage);
        shop.Store.List().ShouldHaveSingleItem();

        shop.Store.Remove(ModelName.Parse("two"));
        File.Delete(one.Path);
        shop.Check().Problems.ShouldHaveSingleItem().ShouldContain("not there");
        shop.Create("one");
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_manifest_that_cannot_be_read_protects_all_weights()
    {
        using var shop = new StoreShop();
        var one = shop.Create("one").Model;
        shop.Create("two");
        File.WriteAllText(Path.Combine(shop.Root, "manifests", "library", "two", "latest.json"), "{");

        shop.Store.Remove(ModelName.Parse("one"));
        shop.Clock.Ahead = TimeSpan.FromDays(30);
        shop.Create("three", type: "q8_0");

        File.Exists(one.Path).ShouldBeTrue();
    }

    [Fact]
    public void Hostile_manifests_are_refused()
    {
        using var shop = new StoreShop();
        shop.Create("one");
        var path = Path.Combine(shop.Root, "manifests", "library", "one", "latest.json");
        var good = File.ReadAllText(path);
        string[] bad =
        [
            "", "[]", "null", new string('[', 100_000), good.Replace("sha256:", "sha256:../", StringComparison.Ordinal), good.Replace("one:latest", "../../one", StringComparison.Ordinal),
            good.Replace("one:latest", "other:latest", StringComparison.Ordinal), good.Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal), good.Replace("\"bytes\"", "\"x\"", StringComparison.Ordinal),
            good + new string(' ', 10_000_000),
        ];
        foreach (var text in bad)
        {
            File.WriteAllText(path, text);
            Should.Throw<StoreException>(() => shop.Find("one")).Message.Any(char.IsControl).ShouldBeFalse();
            shop.Check().Problems.ShouldHaveSingleItem();
        }
    }

    [Fact]
    public void What_interrupted_work_left_is_swept_when_it_is_old()
    {
        using var shop = new StoreShop();
        shop.Create("one");
        var leftovers = new[] { "incoming/a.partial", "incoming/b.partial.gguf", "downloads/x/y.partial", "blobs/sha256-" + new string('0', 64) }.Select(name => Path.Combine(shop.Root, name)).ToArray();
        foreach (var path in leftovers)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "x");
        }

        shop.Create("two");
        leftovers.ShouldAllBe(path => File.Exists(path));
        shop.Clock.Ahead = TimeSpan.FromDays(8);
        shop.Create("three");
        leftovers.ShouldAllBe(path => !File.Exists(path));
        shop.Store.List().Count.ShouldBe(3);
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_cancelled_creation_leaves_nothing()
    {
        using var shop = new StoreShop();
        foreach (var status in new[] { "copying", "quantizing" })
        {
            using var stop = new CancellationTokenSource();
            var progress = new KeptProgress { OnReport = report => { if (report.Status == status) stop.Cancel(); } };
            var options = new CreateOptions { BuiltInPath = StoreShop.Nano, Type = status == "copying" ? null : "q8_0", Threads = 1 };

            Should.Throw<OperationCanceledException>(() => shop.Store.CreateAsync(ModelName.Parse("x"), new Modelfile { From = "nano" }, options, progress, stop.Token).GetAwaiter().GetResult());
            shop.Find("x").ShouldBeNull();
            shop.ShouldBeClean();
        }
    }

    [Fact]
    public async Task Progress_can_be_read_as_a_stream_that_ends_as_the_work_does()
    {
        using var shop = new StoreShop();
        var statuses = new List<string>();
        await foreach (var report in ProgressStream.RunAsync((progress, cancel) => shop.Store.CreateAsync(ModelName.Parse("x"), new Modelfile { From = "nano" }, new CreateOptions { BuiltInPath = StoreShop.Nano }, progress, cancel)))
            statuses.Add(report.Status);
        statuses.Distinct().ShouldBe(["copying", "writing manifest", "success"]);

        await Should.ThrowAsync<StoreException>(async () =>
        {
            await foreach (var _ in ProgressStream.RunAsync((progress, cancel) => shop.Store.CreateAsync(ModelName.Parse("nano"), new Modelfile { From = "nano" }, new CreateOptions(), progress, cancel)))
                continue;
        });
    }
}
