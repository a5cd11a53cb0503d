using Ouro.Laws.Cli;
using Ouro.Laws.Conversion;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Laws.Serving.Store;

/// <summary>The commands about stored models, as a person types them.</summary>
public sealed class StoreCommandLaws
{
    const string Repo = "maker/ouro-tiny";

    [Fact]
    public void A_model_can_be_made_listed_shown_run_copied_and_removed()
    {
        using var shop = new StoreShop();
        var environment = shop.Environment();
        Answer Ouro(params string[] args) => OuroProgram.RunIn(environment, args);
        var file = shop.File("Modelfile", "FROM nano\nPARAMETER temperature 0\nPARAMETER num_iterations 2\nPARAMETER num_gpu 1\nSYSTEM \"\"\"be brief\"\"\"\nLICENSE MIT\n");

        Ouro("create", "Mine", "-f", file).ShouldSucceed().Errors.ShouldContain("num_gpu");
        Ouro("ls").ShouldSucceed().OutputLines.Select(line => line.Split(' ')[0]).ShouldBe(["NAME", "Mine:latest", "nano"]);
        Ouro("list", "--json").ShouldSucceed().Json.GetProperty("models")[0].GetProperty("name").GetString().ShouldBe("Mine:latest");
        Ouro("show", "mine").ShouldSucceed().Output.ShouldContain("num_iterations 2");
        Ouro("show", "mine", "--parameters").ShouldSucceed().OutputLines.ShouldBe(["temperature 0", "num_iterations 2"]);
        Ouro("show", "mine", "--system").ShouldSucceed().Output.Trim().ShouldBe("be brief");
        Ouro("show", "mine", "--template").ShouldSucceed().Output.ShouldContain("im_start");
        Ouro("show", "mine", "--modelfile").ShouldSucceed().OutputLines[0].ShouldBe("FROM Mine:latest");
        Ouro("show", "mine", "--system", "--license").Code.ShouldBe(2);

        var brought = Ouro("run", "mine", "Who are you?", "--verbose").ShouldSucceed();
        brought.Output.Trim().ShouldBe("I am ouro-nano, a small looped model.");
        brought.Errors.ShouldContain("at most 2");
        Ouro("run", "mine", "Who are you?", "--verbose", "--num-iterations", "3").ShouldSucceed().Errors.ShouldContain("at most 3");

        Ouro("cp", "mine", "me/other:1").ShouldSucceed();
        Ouro("rm", "mine", "me/other:1").ShouldSucceed();
        Ouro("rm", "mine").ShouldRefuse("no model 'mine:latest'");
        Ouro("rm", "nano").ShouldRefuse("cannot be removed");
        Ouro("create", "x", "-f", shop.Place("none")).ShouldRefuse("cannot be read");
        Ouro("create", "x", "-f", StoreShop.Nano).ShouldRefuse("Is this the model itself?");
        Ouro("run", "mine", "hi").ShouldRefuse("ouro pull");
        Ouro("store", "check").ShouldSucceed().Output.ShouldContain("0 models");
    }

    [Fact]
    public void A_model_can_be_pulled_and_run_by_the_name_it_has_there()
    {
        using var shop = new StoreShop();
        using var hub = PullLaws.HubWith("m-q8_0.gguf");
        var environment = shop.Environment(hub);

        OuroProgram.RunIn(environment, "pull", $"hf.co/{Repo}:Q8_0").ShouldSucceed().Output.ShouldStartWith($"{Repo}:Q8_0");
        OuroProgram.RunIn(environment, "run", $"hf.co/{Repo}:Q8_0", "Who are you?", "--temperature", "0").ShouldSucceed().Output.Trim().ShouldBe("I am ouro-nano, a small looped model.");
        OuroProgram.RunIn(environment, "pull", "maker/none").ShouldRefuse("no such repository");
    }

    [Fact]
    public void A_repair_fetches_only_the_small_parts()
    {
        using var shop = new StoreShop();
        using var work = new Workshop();
        using var hub = new TestHub();
        var source = Workshop.Golden("gguf/source");
        hub.AddFolder(Repo, source);
        var good = work.ToGguf(source, "good.gguf", Workshop.As("q4_k_m"));
        var bad = work.Rewrite(good, "bad.gguf", metadata =>
        {
            metadata.Remove("ouro.early_exit.gate_weight");
            metadata.Remove("ouro.early_exit.gate_bias");
        }, tensor => tensor.Name.Contains("post_", StringComparison.Ordinal) ? [] : [(tensor, Workshop.BytesOf(tensor))]);

        var answer = OuroProgram.RunIn(shop.Environment(hub), "repair", bad, "--from", $"hf:{Repo}", "-o", work["repaired.gguf"]).ShouldSucceed();

        answer.Output.ShouldContain("Fetched");
        answer.Output.ShouldContain("taken as they are");
        using var checkpoint = OuroCheckpoint.Open(source);
        ModelVerification.Run(checkpoint, work["repaired.gguf"]).Losses.ShouldBeEmpty();
        Workshop.Contents(work["repaired.gguf"]).Keys.Order().ShouldBe(Workshop.Contents(good).Keys.Order());
        var weights = new FileInfo(Path.Combine(source, "model.safetensors")).Length;
        hub.Sent.ShouldBeLessThan(weights / 4);
        hub.Seen.Where(request => request.Path.EndsWith(".safetensors", StringComparison.Ordinal)).ShouldAllBe(request => request.Range != null);
    }

    [Theory]
    [InlineData("rows")]
    [InlineData("other")]
    [InlineData("whole")]
    [InlineData("rangeless")]
    public void A_repair_knows_by_one_tensor_whether_rows_lie_in_order_and_whether_the_file_belongs_there(string kind)
    {
        using var shop = new StoreShop();
        using var work = new Workshop();
        using var hub = new TestHub();
        var source = Workshop.Golden("gguf/source");
        hub.AddFolder(Repo, source);
        hub.GivesRanges = kind != "rangeless";
        var good = work.ToGguf(source, "good.gguf", Workshop.As("f32"));
        var bad = kind switch
        {
            "rows" => work.Rewrite(good, "bad.gguf", tensors: tensor => tensor.Name.Contains("attn_q.", StringComparison.Ordinal) || tensor.Name.Contains("attn_k.", StringComparison.Ordinal) ? [(tensor, Published(source, tensor.Name))] : [(tensor, Workshop.BytesOf(tensor))]),
            "other" => work.Rewrite(good, "bad.gguf", tensors: tensor => tensor.Name == "blk.0.attn_q.weight" ? [(tensor, new byte[tensor.ByteLength])] : [(tensor, Workshop.BytesOf(tensor))]),
            _ => good,
        };

        var answer = OuroProgram.RunIn(shop.Environment(hub), "repair", bad, "--from", $"hf:{Repo}", "-o", work["repaired.gguf"]);

        if (kind != "rows")
        {
            answer.Code.ShouldBe(1);
            answer.ErrorLines.ShouldHaveSingleItem().ShouldContain(kind == "other" ? "cannot be repaired" : kind == "whole" ? "nothing to repair" : "does not give parts");
            File.Exists(work["repaired.gguf"]).ShouldBeFalse();
            return;
        }

        answer.ShouldSucceed().Output.ShouldContain("query and key tensors in order");
        using var checkpoint = OuroCheckpoint.Open(source);
        ModelVerification.Run(checkpoint, work["repaired.gguf"]).Losses.ShouldBeEmpty();
    }

    /// <summary>A tensor's numbers in single precision, in the order of the published file.</summary>
    static byte[] Published(string source, string ggufName)
    {
        using var checkpoint = OuroCheckpoint.Open(source);
        var numbers = checkpoint.Numbers(checkpoint.Tensors.Single(tensor => tensor.GgufName == ggufName)).ShouldNotBeNull();
        var bytes = new byte[numbers.Length * sizeof(float)];
        Buffer.BlockCopy(numbers, 0, bytes, 0, bytes.Length);
        return bytes;
    }
}
