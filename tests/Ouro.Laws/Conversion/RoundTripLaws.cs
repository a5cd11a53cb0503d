using Ouro.Formats;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Tensors;

namespace Ouro.Laws.Conversion;

/// <summary>To GGUF and back.</summary>
public sealed class RoundTripLaws
{
    [Theory, InlineData("tiny-bf16"), InlineData("tiny-f32-tied"), InlineData("one-layer-32-loops"), InlineData("gguf/source")]
    public void A_checkpoint_comes_back_from_GGUF_bit_for_bit(string source)
    {
        using var shop = new Workshop();
        var gguf = shop.ToGguf(Workshop.Golden(source), "model.gguf");

        var back = shop.ToSafetensors(gguf, "back");

        ShouldHoldTheSame(back, Workshop.Golden(source));
        ConfigOf(back).ShouldBe(ConfigOf(Workshop.Golden(source)));
    }

    [Fact]
    public void A_checkpoint_in_half_precision_comes_back_from_GGUF_bit_for_bit()
    {
        using var shop = new Workshop();
        var source = shop.ToSafetensors(Workshop.Golden("tiny-f32-tied"), "half", Workshop.As("f16"));

        var back = shop.ToSafetensors(shop.ToGguf(source, "model.gguf"), "back");

        ShouldHoldTheSame(back, source);
    }

    [Fact]
    public void A_checkpoint_of_mixed_types_comes_back_from_GGUF_bit_for_bit()
    {
        using var shop = new Workshop();
        var source = shop.RewritePublished(Workshop.Golden("tiny-bf16"), "mixed", tensor =>
            [tensor.Name.EndsWith("k_proj.weight", StringComparison.Ordinal) || tensor.Name == "model.early_exit_gate.bias" ? Widened(tensor) : (tensor, Workshop.BytesOf(tensor))]);

        var back = shop.ToSafetensors(shop.ToGguf(source, "model.gguf"), "back");

        ShouldHoldTheSame(back, source);
    }

    [Fact]
    public void A_checkpoint_widened_to_single_precision_in_GGUF_comes_back_bit_for_bit()
    {
        using var shop = new Workshop();

        var back = shop.ToSafetensors(shop.ToGguf(Workshop.Golden("tiny-bf16"), "model.gguf", Workshop.As("f32")), "back");

        ShouldHoldTheSame(back, Workshop.Golden("tiny-bf16"));
    }

    [Fact]
    public void Numbers_that_the_recorded_type_cannot_hold_stop_the_way_back()
    {
        using var shop = new Workshop();
        var gguf = shop.ToGguf(Workshop.Golden("tiny-bf16"), "model.gguf");
        var changed = shop.Rewrite(gguf, "changed.gguf", tensors: tensor =>
            [(tensor, tensor.Name == "output_norm.weight" ? [.. Workshop.BytesOf(tensor).Select((_, i) => (byte)(i % 4 == 3 ? 0x3F : 1))] : Workshop.BytesOf(tensor))]);

        Should.Throw<ModelFileException>(() => shop.ToSafetensors(changed, "back")).Message.ShouldContain("--type f32");
        shop.ToSafetensors(changed, "kept", Workshop.As("f32")).ShouldNotBeNull();
    }

    [Fact]
    public void Shards_cut_a_large_model_without_changing_it()
    {
        using var shop = new Workshop();
        using var source = OuroCheckpoint.Open(Workshop.Golden("tiny-bf16"));
        var inventory = SourceInventory.Of(source, new ConversionOptions());
        var plan = OutputPlan.ForSafetensors(inventory, new ConversionOptions());

        using (var folder = new CheckpointFolder(shop["sharded"], overwrite: false))
        {
            folder.WriteTensors(plan.Tensors, dropped: [], threads: 2, progress: null, CancellationToken.None, shardBytes: 50_000);
            folder.WriteConfiguration(source, plan.Tensors);
            folder.Commit();
        }

        Directory.EnumerateFiles(shop["sharded"], "model-*-of-*.safetensors").Count().ShouldBeGreaterThan(2);
        ShouldHoldTheSame(shop["sharded"], Workshop.Golden("tiny-bf16"));
    }

    [Theory, InlineData("q4_k_m"), InlineData("bf16")]
    public void The_bytes_of_a_file_do_not_depend_on_the_number_of_threads(string mix)
    {
        using var shop = new Workshop();

        var one = shop.ToGguf(Workshop.Golden("gguf/source"), "one.gguf", Workshop.As(mix) with { Threads = 1 });
        var three = shop.ToGguf(Workshop.Golden("gguf/source"), "three.gguf", Workshop.As(mix) with { Threads = 3 });

        File.ReadAllBytes(three).AsSpan().SequenceEqual(File.ReadAllBytes(one)).ShouldBeTrue();
    }

    [Theory, InlineData(RopeLayout.Halves), InlineData(RopeLayout.Interleaved)]
    public void Permuted_rows_read_in_pieces_are_those_read_whole(RopeLayout to)
    {
        using var source = OuroCheckpoint.Open(Workshop.Golden("gguf/source"));
        var part = source.Tensors.First(tensor => tensor.IsRotated);
        var from = to == RopeLayout.Halves ? RopeLayout.Interleaved : RopeLayout.Halves;
        var rows = new StoredRows(source.Require(part), RowOrder.Between(part, source.Config.HeadSize, from, to));
        var (whole, pieces) = (new byte[part.ElementCount * 4], new byte[part.ElementCount * 4]);

        rows.ReadBytes(0, (int)part.ElementCount, whole);
        for (var first = 0; first < part.ElementCount; first += 1000)
        {
            var count = (int)Math.Min(1000, part.ElementCount - first);
            rows.ReadBytes(first, count, pieces.AsSpan(first * 4, count * 4));
        }

        pieces.AsSpan().SequenceEqual(whole).ShouldBeTrue();
        whole.AsSpan().SequenceEqual(Workshop.BytesOf(source.Require(part))).ShouldBeFalse();
    }

    [Fact]
    public void There_and_back_every_row_is_where_it_was()
    {
        using var source = OuroCheckpoint.Open(Workshop.Golden("gguf/source"));
        var part = source.Tensors.First(tensor => tensor.IsRotated);
        var there = RowOrder.Between(part, source.Config.HeadSize, RopeLayout.Halves, RopeLayout.Interleaved);
        var back = RowOrder.Between(part, source.Config.HeadSize, RopeLayout.Interleaved, RopeLayout.Halves);

        Enumerable.Range(0, 256).Select(row => there.SourceOf(back.SourceOf(row))).ShouldBe(Enumerable.Range(0, 256).Select(row => (long)row));
        there.SourceOf(64 + 5).ShouldBe(64 + 32 + 2);     // the odd row of the second head's third pair
    }

    [Fact]
    public void Quantising_a_file_gives_what_quantising_its_source_gives()
    {
        using var shop = new Workshop();
        var plain = shop.ToGguf(Workshop.Golden("gguf/source"), "plain.gguf");

        var fromFile = shop.ToGguf(plain, "from-file.gguf", Workshop.As("q5_k_m"));
        var fromSource = shop.ToGguf(Workshop.Golden("gguf/source"), "from-source.gguf", Workshop.As("q5_k_m"));

        ShouldHoldTheSame(fromFile, fromSource);
    }

    [Fact]
    public void A_quantised_model_is_widened_with_a_note_that_it_is_not_the_original()
    {
        using var shop = new Workshop();
        using var quantised = OuroCheckpoint.Open(shop.ToGguf(Workshop.Golden("gguf/source"), "q.gguf", Workshop.As("q8_0")));

        var result = ModelConversion.ToSafetensors(quantised, shop["wide"], new ConversionOptions());

        result.Type.ShouldBe("bf16");
        result.Notes.ShouldContain(note => note.Contains("not the original", StringComparison.Ordinal));
        Workshop.Verify(shop["q.gguf"], shop["wide"]).NothingLost.ShouldBeTrue();
    }

    static (TensorSpec, byte[]) Widened(StoredTensor tensor)
    {
        var narrow = Workshop.BytesOf(tensor);
        var wide = new byte[narrow.Length * 2];
        for (var i = 0; i < narrow.Length; i += 2)
            (wide[(2 * i) + 2], wide[(2 * i) + 3]) = (narrow[i], narrow[i + 1]);
        return (new TensorSpec(tensor.Name, ElementType.F32, tensor.Shape), wide);
    }

    static OuroConfig ConfigOf(string path)
    {
        using var checkpoint = OuroCheckpoint.Open(path);
        return checkpoint.Config;
    }

    static void ShouldHoldTheSame(string path, string source)
    {
        var (found, expected) = (Workshop.Contents(path), Workshop.Contents(source));
        found.Keys.Order().ShouldBe(expected.Keys.Order());
        foreach (var (tensor, bytes) in expected)
            found[tensor].AsSpan().SequenceEqual(bytes).ShouldBeTrue(tensor);
    }
}
