using Ouro.Formats;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Tensors;

namespace Ouro.Laws.Conversion;

/// <summary>Random weights: the same for everybody, and Gaussian enough.</summary>
public sealed class SynthesisLaws
{
    /// <summary>Five standard errors of the mean of a million numbers.</summary>
    const double Mean = 0.005;

    /// <summary>Five standard errors of the standard deviation of a million numbers.</summary>
    const double Deviation = 0.004;

    /// <summary>Twelve uniform numbers have an excess kurtosis of -0.1; five standard errors of a million numbers.</summary>
    const double Kurtosis = 0.025;

    /// <summary>The embedding has more numbers than a chunk.</summary>
    static readonly OuroConfig Shape = ModelShape.Parse("2x256x4x512x5000", out _)!;

    [Fact]
    public void The_numbers_are_nearly_Gaussian()
    {
        var values = new float[1 << 20];
        new GaussianNumbers(seed: 7, stream: 3).Fill(values, mean: 0, deviation: 1);

        values.Average(value => (double)value).ShouldBe(0, Mean);
        values.Average(value => (double)value * value).ShouldBe(1, 2 * Deviation);
        (values.Average(value => Math.Pow(value, 4)) - 3).ShouldBe(-0.1, Kurtosis);
        values.Distinct().Count().ShouldBeGreaterThan(200_000);
    }

    [Fact]
    public void Lengths_that_are_not_whole_vectors_begin_the_same()
    {
        var (whole, part) = (new float[64], new float[61]);
        new GaussianNumbers(1, 2).Fill(whole, 0, 1);
        new GaussianNumbers(1, 2).Fill(part, 0, 1);

        part.ShouldBe(whole[..61]);
    }

    [Fact]
    public void The_bytes_depend_on_the_seed_and_not_on_the_number_of_threads()
    {
        using var shop = new Workshop();

        var one = Synthesize(shop, "one.gguf", "q4_k_m", seed: 1, threads: 1);
        var three = Synthesize(shop, "three.gguf", "q4_k_m", seed: 1, threads: 3);
        var other = Synthesize(shop, "other.gguf", "q4_k_m", seed: 2, threads: 1);

        three.AsSpan().SequenceEqual(one).ShouldBeTrue();
        other.AsSpan().SequenceEqual(one).ShouldBeFalse();
    }

    [Fact]
    public void One_seed_is_one_model_in_every_type_and_format()
    {
        using var shop = new Workshop();
        SyntheticModel.ToSafetensors(Shape, 5, shop["published"], new ConversionOptions());
        Synthesize(shop, "plain.gguf", "f32", seed: 5, threads: 2);
        Synthesize(shop, "q.gguf", "q5_k_m", seed: 5, threads: 2);

        var report = Workshop.Verify(shop["published"], shop["plain.gguf"]);
        report.NothingLost.ShouldBeTrue();
        report.Tensors.ShouldAllBe(check => check.State == TensorState.Exact);
        Workshop.Contents(shop["q.gguf"]).Values.SelectMany(bytes => bytes)
            .SequenceEqual(Workshop.Contents(shop.ToGguf(shop["published"], "converted.gguf", Workshop.As("q5_k_m"))).Values.SelectMany(bytes => bytes)).ShouldBeTrue();
    }

    [Fact]
    public void A_synthetic_model_is_whole_and_opens_as_any_other()
    {
        using var shop = new Workshop();
        Synthesize(shop, "model.gguf", "q4_k_m", seed: 1, threads: 2);

        var inspection = ModelInspection.Of(shop["model.gguf"]);
        using var checkpoint = OuroCheckpoint.Open(shop["model.gguf"]);
        using var backend = new CpuBackend(threads: 2);
        using var weights = OuroWeights.Load(checkpoint, backend);

        inspection.Problems.ShouldBeEmpty();
        inspection.Parameters.ShouldBe(Shape.ParameterCount);
        weights.GateWeight.ShouldNotBeNull();
    }

    [Fact]
    public void A_chunk_in_the_middle_of_a_row_is_what_the_whole_row_has_there()
    {
        var config = ModelShape.Parse("1x64x2x20000x10", out _)!;
        var part = ModelTensors.Of(config).First(tensor => tensor.Role == TensorRole.FeedForwardDown);
        var source = new RandomSource(RandomRows.Of(part, config, 1), RowOrder.AsStored, new TensorSpec(part.GgufName, ElementType.F32, part.Shape));
        var (whole, piece) = (new byte[40_000 * 4], new byte[9_000 * 4]);

        source.Make(0, 40_000, whole, new ChunkBuffers());
        source.Make(15_008, 9_000, piece, new ChunkBuffers());

        piece.AsSpan().SequenceEqual(whole.AsSpan(15_008 * 4, piece.Length)).ShouldBeTrue();
    }

    static byte[] Synthesize(Workshop shop, string name, string mix, ulong seed, int threads)
    {
        SyntheticModel.ToGguf(Shape, seed, shop[name], Workshop.As(mix) with { Threads = threads });
        return File.ReadAllBytes(shop[name]);
    }
}
