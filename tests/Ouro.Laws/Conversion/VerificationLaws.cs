using Ouro.Formats;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Tensors;

namespace Ouro.Laws.Conversion;

/// <summary>Each way of losing a part of an Ouro model is recognised, and repaired where the part is small.</summary>
public sealed class VerificationLaws
{
    static readonly string Source = Workshop.Golden("gguf/source");

    static readonly Dictionary<string, Func<Workshop, string, string>> Damages = new()
    {
        ["relabelled"] = (shop, file) => shop.Rewrite(file, "bad.gguf", metadata =>
        {
            foreach (var (key, value) in metadata.Entries.ToArray())
            {
                if (!key.StartsWith("ouro.", StringComparison.Ordinal))
                    continue;

                metadata.Remove(key);
                if (!key.Contains("loop", StringComparison.Ordinal) && !key.Contains("exit", StringComparison.Ordinal))
                    metadata.Set($"llama{key[4..]}", value);
            }

            metadata.Set("general.architecture", "llama");
        }),
        ["loops_lost"] = (shop, file) => shop.Rewrite(file, "bad.gguf", metadata => metadata.Remove("ouro.num_loops")),
        ["loops_changed"] = (shop, file) => shop.Rewrite(file, "bad.gguf", metadata => metadata.Set("ouro.num_loops", 1u)),
        ["rope_theta_changed"] = (shop, file) => shop.Rewrite(file, "bad.gguf", metadata => metadata.Set("ouro.rope.freq_base", 10_000f)),
        ["gate_lost"] = (shop, file) => shop.Rewrite(file, "bad.gguf", metadata =>
        {
            metadata.Remove("ouro.early_exit.gate_weight");
            metadata.Remove("ouro.early_exit.gate_bias");
        }),
        ["gate_damaged"] = (shop, file) => shop.Rewrite(file, "bad.gguf", metadata => metadata.Set("ouro.early_exit.gate_bias", new float[] { 1 })),
        ["second_norms_lost"] = (shop, file) => shop.Rewrite(file, "bad.gguf", tensors: tensor => tensor.Name.Contains("post_", StringComparison.Ordinal) ? [] : Same(tensor)),
        ["norms_swapped"] = (shop, file) => shop.Rewrite(file, "bad.gguf", tensors: tensor => tensor.Name switch
        {
            var name when name.EndsWith("ffn_norm.weight", StringComparison.Ordinal) => Renamed(tensor, name.Replace("ffn_norm", "post_attention_norm", StringComparison.Ordinal)),
            var name when name.EndsWith("post_attention_norm.weight", StringComparison.Ordinal) => Renamed(tensor, name.Replace("post_attention_norm", "ffn_norm", StringComparison.Ordinal)),
            _ => Same(tensor),
        }),
        ["norms_damaged"] = (shop, file) => shop.Rewrite(file, "bad.gguf", tensors: tensor => tensor.Name == "output_norm.weight" ? [(tensor, new byte[tensor.ByteLength])] : Same(tensor)),
        ["rows_not_permuted"] = (shop, file) => shop.Rewrite(file, "bad.gguf", tensors: tensor
            => tensor.Name.Contains("attn_q", StringComparison.Ordinal) || tensor.Name.Contains("attn_k", StringComparison.Ordinal) ? [(tensor, InHalves(tensor))] : Same(tensor)),
    };

    static readonly Dictionary<string, Func<Workshop, string, string>> Ruins = new()
    {
        ["tensors_misshapen"] = (shop, file) => shop.Rewrite(file, "bad.gguf", tensors: tensor
            => tensor.Name == "blk.0.ffn_up.weight" ? [(new TensorSpec(tensor.Name, tensor.Type, 512, 128), Workshop.BytesOf(tensor))] : Same(tensor)),
        ["tensors_lost"] = (shop, file) => shop.Rewrite(file, "bad.gguf", tensors: tensor => tensor.Name == "blk.1.ffn_up.weight" ? [] : Same(tensor)),
        ["tensors_damaged"] = (shop, file) => shop.Rewrite(file, "bad.gguf", tensors: tensor => tensor.Name == "blk.0.ffn_up.weight" ? [(tensor, Shuffled(tensor))] : Same(tensor)),
        ["not_finite"] = (shop, file) => shop.Rewrite(file, "bad.gguf", tensors: tensor => tensor.Name == "blk.0.ffn_up.weight" ? [(tensor, WithoutScale(tensor))] : Same(tensor)),
    };

    public static TheoryData<string, string> Cases { get; } = new(
        from damage in Damages.Keys
        from mix in damage is "rows_not_permuted" ? new[] { "q8_0", "q3_k_l", "f32" } : ["q4_k_m"]
        select (damage, mix));

    public static TheoryData<string> Ruined { get; } = [.. Ruins.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void A_small_loss_is_recognised_and_can_be_repaired_without_touching_the_weights(string code, string mix)
    {
        using var shop = new Workshop();
        var bad = Damages[code](shop, shop.ToGguf(Source, "good.gguf", Workshop.As(mix)));

        var report = Workshop.Verify(Source, bad);
        report.NothingLost.ShouldBeFalse();
        report.Losses.Select(loss => loss.Code).ShouldContain(code);
        report.Losses.ShouldAllBe(loss => loss.Sentence.EndsWith('.') && !loss.Sentence.Contains('\n', StringComparison.Ordinal));

        using var source = OuroCheckpoint.Open(Source);
        var result = ModelRepair.Run(source, bad, shop["repaired.gguf"], new ConversionOptions());
        result.Actions.ShouldNotBeEmpty();
        result.Verification.Losses.ShouldBeEmpty();
        ShouldHoldTheSame(shop["repaired.gguf"], shop["good.gguf"]);
    }

    [Theory, MemberData(nameof(Ruined))]
    public void A_large_loss_is_recognised_named_and_not_repaired(string code)
    {
        using var shop = new Workshop();
        var bad = Ruins[code](shop, shop.ToGguf(Source, "good.gguf", Workshop.As("q8_0")));

        Workshop.Verify(Source, bad).Losses.ShouldHaveSingleItem().Code.ShouldBe(code);

        using var source = OuroCheckpoint.Open(Source);
        Should.Throw<ModelFileException>(() => ModelRepair.Run(source, bad, shop["repaired.gguf"], new ConversionOptions())).Message.ShouldContain("up_proj");
        File.Exists(shop["repaired.gguf"]).ShouldBeFalse();
    }

    [Fact]
    public void A_truncated_file_is_reported_and_not_thrown()
    {
        using var shop = new Workshop();
        var good = File.ReadAllBytes(shop.ToGguf(Source, "good.gguf"));
        File.WriteAllBytes(shop["cut.gguf"], good[..(good.Length / 2)]);

        var report = Workshop.Verify(Source, shop["cut.gguf"]);

        report.Losses.ShouldHaveSingleItem().Code.ShouldBe("unreadable");
        report.Losses[0].Sentence.ShouldContain("incomplete");
    }

    [Fact]
    public void A_whole_file_has_nothing_to_repair()
    {
        using var shop = new Workshop();
        var good = shop.ToGguf(Source, "good.gguf", Workshop.As("q6_k"));
        using var source = OuroCheckpoint.Open(Source);

        Should.Throw<ModelFileException>(() => ModelRepair.Run(source, good, shop["repaired.gguf"], new ConversionOptions())).Message.ShouldContain("nothing to repair");
    }

    [Fact]
    public void The_report_does_not_depend_on_the_number_of_threads()
    {
        using var shop = new Workshop();
        var file = shop.ToGguf(Source, "q.gguf", Workshop.As("q3_k_l"));

        var three = Workshop.Verify(Source, file, threads: 3).Tensors.Select(check => (check.Name, check.State, check.RelativeError));
        var one = Workshop.Verify(Source, file, threads: 1).Tensors.Select(check => (check.Name, check.State, check.RelativeError));

        three.ShouldBe(one);
    }

    [Fact]
    public void Inspection_says_plainly_what_a_relabelled_file_is()
    {
        using var shop = new Workshop();

        var inspection = ModelInspection.Of(Damages["relabelled"](shop, shop.ToGguf(Source, "good.gguf", Workshop.As("q8_0"))));

        inspection.StatesLoops.ShouldBeFalse();
        inspection.HasGate.ShouldBeFalse();
        inspection.Problems[0].ShouldContain("relabelled as 'llama'");
    }

    [Fact]
    public void Inspection_reckons_the_memory_of_the_published_shapes()
    {
        using var shop = new Workshop();
        using var source = OuroCheckpoint.Open(Source);
        var inspection = ModelInspection.Of(Source) with { Config = ModelShape.Parse("ouro-2.6b", out _) };

        var need = inspection.Memory(4096).ShouldNotBeNull();

        need.CacheBytesPerToken.ShouldBe(3 << 19);     // 1.5 MiB
        need.CacheBytes.ShouldBe(6L << 30);
        inspection.Parameters.ShouldBe(source.Config.ParameterCount);
    }

    static IEnumerable<(TensorSpec, byte[])> Same(StoredTensor tensor) => [(tensor, Workshop.BytesOf(tensor))];

    static IEnumerable<(TensorSpec, byte[])> Renamed(StoredTensor tensor, string name) => [(new TensorSpec(name, tensor.Type, tensor.Shape), Workshop.BytesOf(tensor))];

    static byte[] Shuffled(StoredTensor tensor)
    {
        var rows = Workshop.BytesOf(tensor).Chunk((int)(tensor.ByteLength / tensor.Shape[0])).Reverse();
        return [.. rows.SelectMany(row => row)];
    }

    static byte[] WithoutScale(StoredTensor tensor)
    {
        var bytes = Workshop.BytesOf(tensor);
        (bytes[0], bytes[1]) = (0xFF, 0x7F);     // a NaN in half precision, the first scale of a Q8_0 tensor
        return bytes;
    }

    /// <summary>The rows in the order of published checkpoints, as a converter that does not know GGUF's order would leave them.</summary>
    static byte[] InHalves(StoredTensor tensor)
    {
        const int HeadSize = 64;
        var part = new ModelTensor(TensorRole.Query, 0, "", "", tensor.Shape);
        var bytes = new byte[tensor.ByteLength];
        new StoredRows(tensor, RowOrder.Between(part, HeadSize, RopeLayout.Interleaved, RopeLayout.Halves)).ReadBytes(0, (int)tensor.ElementCount, bytes);
        return bytes;
    }

    static void ShouldHoldTheSame(string path, string other)
    {
        var (found, expected) = (Workshop.Contents(path), Workshop.Contents(other));
        found.Keys.Order().ShouldBe(expected.Keys.Order());
        foreach (var (tensor, bytes) in expected)
            found[tensor].AsSpan().SequenceEqual(bytes).ShouldBeTrue(tensor);
    }
}
