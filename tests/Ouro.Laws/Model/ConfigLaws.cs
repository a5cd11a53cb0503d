using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Laws.Conversion;
using Ouro.Model;
using Ouro.Model.Conversion;

namespace Ouro.Laws.Model;

public sealed class ConfigLaws
{
    static readonly OuroConfig Small = new()
    {
        Layers = 2,
        Width = 64,
        Heads = 4,
        KvHeads = 2,
        HeadSize = 16,
        FeedForwardWidth = 128,
        Vocabulary = 300,
        Loops = 3,
    };

    [Theory]
    [InlineData(1e-6f, 1f)]
    [InlineData(1.0000001e-6f, 0.95f)]     // more digits than a decimal made from a float keeps
    [InlineData(1e-30f, 0.99999994f)]      // smaller than any decimal
    [InlineData(0f, 2e-6f)]
    public void A_configuration_written_and_read_is_the_same_to_the_last_bit(float epsilon, float threshold)
    {
        using var workshop = new Workshop();
        var config = Small with { NormEpsilon = epsilon, ExitThreshold = threshold, TiedHead = true };

        File.WriteAllText(workshop["config.json"], HuggingFaceConfig.Write(config, ElementType.BF16));

        HuggingFaceConfig.Read(workshop["config.json"]).ShouldBe(config);
    }

    [Theory]
    [InlineData("""{"rope_theta": 10000.0, "rope_type": "default"}""", null)]
    [InlineData("""{"rope_theta": 10000.0}""", null)]
    [InlineData("""{"rope_theta": 10000.0, "rope_type": "yarn"}""", "scaled rotary positions")]
    [InlineData("""{"rope_type": "default"}""", "does not say 'rope_theta'")]
    public void The_rotary_base_may_stand_in_an_object_of_its_own(string parameters, string? refusal)
    {
        using var workshop = new Workshop();
        var text = HuggingFaceConfig.Write(Small with { RopeTheta = 10_000 }, ElementType.BF16)
            .Replace("\"rope_theta\": 10000,", $"\"rope_parameters\": {parameters},", StringComparison.Ordinal);
        text.ShouldContain("rope_parameters");
        File.WriteAllText(workshop["config.json"], text);

        if (refusal is null)
            HuggingFaceConfig.Read(workshop["config.json"]).RopeTheta.ShouldBe(10_000);
        else
            Should.Throw<ModelFileException>(() => HuggingFaceConfig.Read(workshop["config.json"])).Message.ShouldContain(refusal);
    }

    [Fact]
    public void Whatever_passes_for_possible_can_be_counted()
    {
        var vast = Small with
        {
            Layers = 10_000,
            Width = 1 << 20,
            Heads = 1 << 16,
            KvHeads = 1 << 16,
            HeadSize = 64,
            FeedForwardWidth = 1 << 22,
            Vocabulary = 1 << 24,
            Loops = 4096,
            ContextTokens = 1 << 28,
        };
        using var workshop = new Workshop();
        var metadata = new GgufMetadata();
        GgufConfig.Write(vast, metadata);
        using (var writer = GgufWriter.Create(workshop["vast.gguf"], metadata, []))
            writer.Commit();

        vast.FirstImpossibility().ShouldBeNull();
        vast.ParameterCount.ShouldBeGreaterThan(1L << 50);
        var need = ModelInspection.Of(workshop["vast.gguf"]).Memory(vast.ContextTokens).ShouldNotBeNull();

        need.CacheBytes.ShouldBe(long.MaxValue, "6.9e14 bytes a token times 2^28 tokens do not fit 63 bits");
        need.TotalBytes.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void A_name_from_a_file_cannot_steer_the_terminal_that_shows_it()
    {
        using var workshop = new Workshop();
        var metadata = new GgufMetadata();
        GgufConfig.Write(Small, metadata);
        metadata.Set("general.architecture", "\u001b[2J\nllama\u202e");
        using (var writer = GgufWriter.Create(workshop["loud.gguf"], metadata, []))
            writer.Commit();

        var message = Should.Throw<ModelFileException>(() => OuroCheckpoint.Open(workshop["loud.gguf"])).Message;

        message.ShouldContain(@"'\u001b[2J\u000allama\u202e'");
        message.ShouldAllBe(character => !char.IsControl(character));
    }
}
