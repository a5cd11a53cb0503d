using Ouro.Formats;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Laws.Conversion;

/// <summary>Which tensor gets which type, and how large that makes the real models.</summary>
public sealed class MixLaws
{
    /// <summary>Files of llama.cpp hold, besides the same tensors, a tokenizer and other metadata of 1.3 MB, and are listed in thousandths of a GB.</summary>
    const double MetadataGigabytes = 0.002;

    [Theory]
    [InlineData("q3_k_l", 0.781, 1.434), InlineData("q4_k_m", 0.883, 1.626), InlineData("q5_k_m", 1.026, 1.900)]
    [InlineData("q8_0", 1.526, 2.836), InlineData("f16", 2.871, 5.337)]
    public void The_published_shapes_are_as_large_as_llama_cpp_makes_them(string mix, double gigabytes14, double gigabytes26)
    {
        (SyntheticModel.WeightBytes(Shape("ouro-1.4b"), WeightMix.Find(mix)!) / 1e9).ShouldBe(gigabytes14, MetadataGigabytes);
        (SyntheticModel.WeightBytes(Shape("ouro-2.6b"), WeightMix.Find(mix)!) / 1e9).ShouldBe(gigabytes26, MetadataGigabytes);
    }

    [Fact]
    public void More_bits_go_to_the_first_eighth_the_last_eighth_and_every_third_layer_between()
    {
        Enumerable.Range(0, 24).Where(layer => WeightMix.HasMoreBits(layer, 24)).ShouldBe([0, 1, 2, 5, 8, 11, 14, 17, 20, 21, 22, 23]);
        Enumerable.Range(0, 48).Count(layer => WeightMix.HasMoreBits(layer, 48)).ShouldBe(24);
    }

    [Theory]
    [InlineData("q4_k_m", TensorRole.Embedding, -1, ElementType.Q4_K)]
    [InlineData("q4_k_m", TensorRole.Head, -1, ElementType.Q6_K)]
    [InlineData("q4_k_m", TensorRole.Value, 0, ElementType.Q6_K)]
    [InlineData("q4_k_m", TensorRole.Value, 3, ElementType.Q4_K)]
    [InlineData("q4_k_m", TensorRole.FeedForwardDown, 23, ElementType.Q6_K)]
    [InlineData("q4_k_m", TensorRole.FeedForwardDown, 4, ElementType.Q4_K)]
    [InlineData("q4_k_m", TensorRole.AttentionOutput, 0, ElementType.Q4_K)]
    [InlineData("q4_k_m", TensorRole.AttentionOut, 0, ElementType.F32)]
    [InlineData("q5_k_m", TensorRole.Value, 5, ElementType.Q6_K)]
    [InlineData("q5_k_m", TensorRole.Query, 5, ElementType.Q5_K)]
    [InlineData("q3_k_l", TensorRole.Value, 3, ElementType.Q5_K)]
    [InlineData("q3_k_l", TensorRole.AttentionOutput, 3, ElementType.Q5_K)]
    [InlineData("q3_k_l", TensorRole.FeedForwardDown, 3, ElementType.Q5_K)]
    [InlineData("q3_k_l", TensorRole.FeedForwardUp, 3, ElementType.Q3_K)]
    [InlineData("q3_k_l", TensorRole.Head, -1, ElementType.Q6_K)]
    [InlineData("q4_k", TensorRole.Head, -1, ElementType.Q4_K)]
    [InlineData("q8_0", TensorRole.Embedding, -1, ElementType.Q8_0)]
    [InlineData("bf16", TensorRole.FinalNorm, -1, ElementType.F32)]
    public void A_mix_gives_a_part_its_type(string mix, TensorRole role, int layer, ElementType expected)
    {
        var config = Shape("ouro-1.4b");
        var part = ModelTensors.Of(config).First(tensor => tensor.Role == role && tensor.Layer == layer);

        WeightMix.Find(mix)!.TypeOf(part, config).ShouldBe(expected);
    }

    [Fact]
    public void A_tied_embedding_is_stored_as_the_head_that_it_is()
    {
        var config = Shape("ouro-1.4b") with { TiedHead = true };

        WeightMix.Find("q4_k_m")!.TypeOf(ModelTensors.Of(config)[0], config).ShouldBe(ElementType.Q6_K);
    }

    [Theory]
    [InlineData("q4_k_m", 256, ElementType.Q4_K), InlineData("q4_k_m", 320, ElementType.Q8_0), InlineData("q4_k_m", 48, ElementType.F16)]
    [InlineData("q8_0", 96, ElementType.Q8_0), InlineData("q8_0", 48, ElementType.F16), InlineData("bf16", 48, ElementType.BF16)]
    public void Rows_that_are_not_whole_blocks_fall_back_to_q8_0_and_then_to_f16(string mix, int width, ElementType expected)
    {
        var config = Shape("ouro-1.4b") with { Width = width };
        var query = ModelTensors.Of(config).First(tensor => tensor.Role == TensorRole.Query);

        WeightMix.Find(mix)!.TypeOf(query, config).ShouldBe(expected);
    }

    [Fact]
    public void The_fallback_is_said_once_with_names_and_count()
    {
        using var shop = new Workshop();
        using var source = OuroCheckpoint.Open(Workshop.Golden("tiny-bf16"));

        var result = ModelConversion.ToGguf(source, shop["model.gguf"], Workshop.As("q4_k"));

        result.Notes.Count.ShouldBe(1);
        result.Notes[0].ShouldStartWith("23 tensors");
        result.Notes[0].ShouldContain("token_embd.weight");
    }

    [Theory, InlineData("24x2048"), InlineData("24x2048x15"), InlineData("axbxc"), InlineData("1x3x3"), InlineData("ouro-7b"), InlineData("99999x64x2")]
    public void A_shape_that_cannot_be_is_refused_with_a_reason(string text)
    {
        ModelShape.Parse(text, out var problem).ShouldBeNull();
        problem.ShouldEndWith(".");
    }

    [Fact]
    public void A_shape_in_numbers_means_layers_width_heads_feed_forward_vocabulary_and_loops()
    {
        ModelShape.Parse("24x2048x16", out _).ShouldBe(Shape("ouro-1.4b"));
        var config = ModelShape.Parse("2x64x4x96x100x8", out _).ShouldNotBeNull();
        (config.Layers, config.Width, config.Heads, config.HeadSize, config.FeedForwardWidth, config.Vocabulary, config.Loops).ShouldBe((2, 64, 4, 16, 96, 100, 8));
    }

    static OuroConfig Shape(string name) => ModelShape.Parse(name, out _).ShouldNotBeNull();
}
