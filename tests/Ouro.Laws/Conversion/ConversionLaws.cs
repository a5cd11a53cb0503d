using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Laws.Conversion;

/// <summary>Nothing is lost without being asked, and nothing half-written is left.</summary>
public sealed class ConversionLaws
{
    static readonly (TensorSpec Spec, byte[] Bytes) Stranger = (new TensorSpec("model.stranger", ElementType.F32, 3), new byte[12]);

    [Fact]
    public void An_unknown_tensor_stops_the_conversion_and_is_named()
    {
        using var shop = new Workshop();
        var source = shop.RewritePublished(Workshop.Golden("tiny-bf16"), "source", more: Stranger);

        var message = Should.Throw<ModelFileException>(() => shop.ToGguf(source, "model.gguf")).Message;

        message.ShouldContain("'model.stranger'");
        message.ShouldContain("--keep-unknown");
        shop.FilesLeft().ShouldBe(["source"]);
    }

    [Fact]
    public void An_unknown_tensor_can_be_kept_under_its_own_name()
    {
        using var shop = new Workshop();
        var source = shop.RewritePublished(Workshop.Golden("tiny-bf16"), "source", more: Stranger);

        using var file = GgufFile.Open(shop.ToGguf(source, "model.gguf", new ConversionOptions { KeepUnknown = true }));

        Workshop.BytesOf(file.Find("model.stranger").ShouldNotBeNull()).ShouldBe(Stranger.Bytes);
        Workshop.Verify(source, shop["model.gguf"]).NothingLost.ShouldBeTrue();
    }

    [Fact]
    public void A_dropped_tensor_is_recorded_and_verification_says_that_it_is_lost()
    {
        using var shop = new Workshop();
        var source = shop.RewritePublished(Workshop.Golden("tiny-bf16"), "source", more: Stranger);

        using var file = GgufFile.Open(shop.ToGguf(source, "model.gguf", new ConversionOptions { Drop = ["model.stranger"] }));

        file.Metadata.GetStrings("ouro.conversion.dropped").ShouldBe(["model.stranger"]);
        Workshop.Verify(source, shop["model.gguf"]).Losses.ShouldHaveSingleItem().Code.ShouldBe("unknown_tensor_lost");
    }

    [Theory, InlineData("model.norm.weight", "cannot be dropped"), InlineData("nowhere", "there is no tensor")]
    public void Only_what_is_there_and_not_needed_can_be_dropped(string name, string reason)
    {
        using var shop = new Workshop();

        Should.Throw<ModelFileException>(() => shop.ToGguf(Workshop.Golden("tiny-bf16"), "model.gguf", new ConversionOptions { Drop = [name] })).Message.ShouldContain(reason);
    }

    [Fact]
    public void A_missing_tensor_stops_the_conversion_and_is_named()
    {
        using var shop = new Workshop();
        var source = shop.RewritePublished(Workshop.Golden("tiny-bf16"), "source", tensor => tensor.Name.Contains("layers.1.mlp.up", StringComparison.Ordinal) ? [] : [(tensor, Workshop.BytesOf(tensor))]);

        Should.Throw<ModelFileException>(() => shop.ToGguf(source, "model.gguf")).Message.ShouldContain("model.layers.1.mlp.up_proj.weight");
    }

    [Theory, InlineData("f32"), InlineData("q4_k_m"), InlineData("q8_0")]
    public void NaN_is_refused_by_name_with_count_and_first_index(string mix)
    {
        using var shop = new Workshop();
        var source = shop.RewritePublished(Workshop.Golden("gguf/source"), "source", tensor => [(tensor, Spoiled(tensor))]);

        var message = Should.Throw<ModelFileException>(() => shop.ToGguf(source, "model.gguf", Workshop.As(mix))).Message;

        message.ShouldContain("'model.layers.1.mlp.up_proj.weight' holds 2 numbers that are NaN or infinite (the first at index 1,000 of 65,536)");
        shop.FilesLeft().ShouldBe(["source"]);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_cancelled_conversion_leaves_nothing(bool gguf)
    {
        using var shop = new Workshop();
        using var source = OuroCheckpoint.Open(Workshop.Golden("gguf/source"));
        using var cancel = new CancellationTokenSource();
        var canceller = new Canceller(cancel);

        Should.Throw<OperationCanceledException>(() => gguf
            ? ModelConversion.ToGguf(source, shop["model.gguf"], Workshop.As("q4_k_m"), canceller, cancel.Token)
            : ModelConversion.ToSafetensors(source, shop["model"], new ConversionOptions(), canceller, cancel.Token));

        shop.FilesLeft().ShouldBeEmpty();
    }

    [Fact]
    public void What_is_there_is_replaced_only_on_request_and_the_source_never()
    {
        using var shop = new Workshop();
        var file = shop.ToGguf(Workshop.Golden("gguf/source"), "model.gguf");
        var before = File.ReadAllBytes(file);

        Should.Throw<ModelFileException>(() => shop.ToGguf(Workshop.Golden("gguf/source"), "model.gguf", Workshop.As("q8_0"))).Message.ShouldContain("exists already");
        Should.Throw<ModelFileException>(() => shop.ToGguf(file, "model.gguf", Workshop.As("q8_0") with { Overwrite = true })).Message.ShouldContain("is the source itself");
        File.ReadAllBytes(file).AsSpan().SequenceEqual(before).ShouldBeTrue();

        shop.ToGguf(Workshop.Golden("gguf/source"), "model.gguf", Workshop.As("q8_0") with { Overwrite = true });
        new FileInfo(file).Length.ShouldBeLessThan(before.Length);
    }

    [Fact]
    public void Replacing_a_folder_keeps_files_that_are_not_the_model()
    {
        using var shop = new Workshop();
        shop.ToSafetensors(Workshop.Golden("gguf/source"), "model");
        File.WriteAllText(shop["model/notes.txt"], "mine");
        File.WriteAllText(shop["model/model-00001-of-00009.safetensors"], "stale");

        shop.ToSafetensors(Workshop.Golden("tiny-bf16"), "model", new ConversionOptions { Overwrite = true });

        File.ReadAllText(shop["model/notes.txt"]).ShouldBe("mine");
        File.Exists(shop["model/model-00001-of-00009.safetensors"]).ShouldBeFalse();
        Workshop.Verify(Workshop.Golden("tiny-bf16"), shop["model"]).NothingLost.ShouldBeTrue();
        shop.FilesLeft().ShouldBe(["model"]);
    }

    [Fact]
    public void Numbers_beyond_half_precision_are_counted_and_named()
    {
        using var shop = new Workshop();
        using var source = OuroCheckpoint.Open(shop.RewritePublished(Workshop.Golden("gguf/source"), "source", tensor =>
        {
            var bytes = Workshop.BytesOf(tensor);
            if (tensor.Name == "lm_head.weight")
                BitConverter.TryWriteBytes(bytes, -1e6f).ShouldBeTrue();
            return [(tensor, bytes)];
        }));

        ModelConversion.ToGguf(source, shop["model.gguf"], Workshop.As("f16")).Notes.ShouldHaveSingleItem().ShouldStartWith("1 number of 'output.weight'");
    }

    [Fact]
    public void Quantising_twice_needs_insistence()
    {
        using var shop = new Workshop();
        var quantised = shop.ToGguf(Workshop.Golden("gguf/source"), "q.gguf", Workshop.As("q8_0"));

        Should.Throw<ModelFileException>(() => shop.ToGguf(quantised, "twice.gguf", Workshop.As("q4_k"))).Message.ShouldContain("already quantised");
        shop.ToGguf(quantised, "twice.gguf", Workshop.As("q4_k") with { AllowRequantize = true });
        Workshop.Verify(Workshop.Golden("gguf/source"), shop["twice.gguf"]).NothingLost.ShouldBeTrue();
    }

    [Fact]
    public void A_second_copy_of_a_tied_head_goes_only_if_it_is_one()
    {
        using var shop = new Workshop();
        var source = Workshop.Golden("tiny-f32-tied");
        using var tied = OuroCheckpoint.Open(source);
        var embedding = tied.StoredTensors.First(tensor => tensor.Name == "model.embed_tokens.weight");
        var copy = (new TensorSpec("lm_head.weight", embedding.Type, embedding.Shape), Workshop.BytesOf(embedding));
        var other = (copy.Item1, new byte[embedding.ByteLength]);

        using var same = OuroCheckpoint.Open(shop.RewritePublished(source, "same", more: copy));
        var different = shop.RewritePublished(source, "different", more: other);

        ModelConversion.ToGguf(same, shop["same.gguf"], new ConversionOptions()).Notes.ShouldHaveSingleItem().ShouldContain("repeats the embedding");
        Should.Throw<ModelFileException>(() => shop.ToGguf(different, "different.gguf")).Message.ShouldContain("differs from it");
    }

    static byte[] Spoiled(StoredTensor tensor)
    {
        var bytes = Workshop.BytesOf(tensor);
        if (tensor.Name == "model.layers.1.mlp.up_proj.weight")
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(4000), float.NaN).ShouldBeTrue();
            BitConverter.TryWriteBytes(bytes.AsSpan(40_000), float.NegativeInfinity).ShouldBeTrue();
        }

        return bytes;
    }

    sealed class Canceller(CancellationTokenSource source) : IProgress<TensorProgress>
    {
        public void Report(TensorProgress value) => source.Cancel();
    }
}
