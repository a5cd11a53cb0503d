using System.Security.Cryptography;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Laws.Quantization;

/// <summary>What holds for storing numbers in every block format.</summary>
[Trait("Category", "Kernels")]
public sealed class EncodingLaws
{
    /// <summary>
    /// Root mean square error of normally distributed numbers, relative to their own: what llama.cpp's quantiser without an importance
    /// matrix makes (measured on 16 million numbers). Ours must not be worse.
    /// </summary>
    public static readonly TheoryData<ElementType, double> PeerErrors = new()
    {
        { ElementType.Q8_0, 0.00535 },
        { ElementType.Q6_K, 0.01773 },
        { ElementType.Q5_K, 0.03609 },
        { ElementType.Q4_K, 0.07132 },
        { ElementType.Q3_K, 0.15088 },
    };

    /// <summary>
    /// SHA-256 of the blocks made from 16 blocks of fixed numbers. They are the same on every instruction set, so that quantising a model
    /// gives the same file everywhere; they change only with the search for scales.
    /// </summary>
    public static readonly TheoryData<ElementType, string> KnownBytes = new()
    {
        { ElementType.Q8_0, "65ad96fd3d6be658d05b352065bbe825a169dba6e9f3a00664a7d7dae2a8a02e" },
        { ElementType.Q6_K, "ee4987d3fb654795d219c52bb1a379aaa711599e73d998c5d6b3cc97db4f0948" },
        { ElementType.Q5_K, "dcaf8894575f6b9d604bd165abc368ec1a0c656e395d64a01634fc8742258731" },
        { ElementType.Q4_K, "9248ec83a2dc3abdde28636d21b229315c1387b3e11af8d82634888d924eac5b" },
        { ElementType.Q3_K, "3810ef8e6e4149456b274779b6bcd34b6e6ab6d716293b491646be6278eb3652" },
    };

    public static readonly TheoryData<ElementType> Formats =
        [ElementType.Q8_0, ElementType.Q6_K, ElementType.Q5_K, ElementType.Q4_K, ElementType.Q3_K];

    [Theory, MemberData(nameof(PeerErrors))]
    public void Normally_distributed_numbers_are_stored_with_less_error_than_the_peer_makes(ElementType type, double peer)
    {
        foreach (var deviation in new[] { 1f, 0.02f, 1000f })
        {
            var values = BlockSamples.Gaussian(64 * 256, seed: 3, deviation);

            RelativeError(values, Stored(type, values)).ShouldBeLessThan(peer);
        }
    }

    [Theory, MemberData(nameof(KnownBytes))]
    public void The_same_numbers_give_the_same_bytes_on_every_machine(ElementType type, string sha256)
    {
        // Sums of whole numbers, so that the input does not depend on a machine's library of functions.
        var random = new Random(11);
        var values = Enumerable.Range(0, 16 * 256)
            .Select(i => (random.Next(-999, 1000) + random.Next(-999, 1000) + random.Next(-999, 1000)) / 1024f * (1 + i / 256)).ToArray();

        Convert.ToHexStringLower(SHA256.HashData(Encoded(type, values))).ShouldBe(sha256);
        Encoded(type, values).ShouldBe(Encoded(type, values));
    }

    [Theory, MemberData(nameof(Formats))]
    public void A_block_does_not_know_its_neighbours(ElementType type)
    {
        var values = BlockSamples.Gaussian(19 * type.ElementsPerBlock, seed: 4);
        var together = Encoded(type, values);

        for (var block = 0; block < 19; block++)
            Encoded(type, values[(block * type.ElementsPerBlock)..((block + 1) * type.ElementsPerBlock)])
                .ShouldBe(together[(block * type.BytesPerBlock)..((block + 1) * type.BytesPerBlock)]);
    }

    [Theory, MemberData(nameof(Formats))]
    public void Zeros_stay_zeros(ElementType type) => Stored(type, new float[512]).ShouldAllBe(value => value == 0);

    [Theory, MemberData(nameof(Formats))]
    public void A_constant_is_kept_to_the_precision_of_the_scales(ElementType type)
    {
        // A group's scale has at least 5 bits of magnitude (Q3_K) besides the half-precision unit.
        const float ScaleRounding = 1f / 64;
        foreach (var constant in new[] { 1f, -1f, 0.03f, -250f })
            Stored(type, [.. Enumerable.Repeat(constant, 512)])
                .ShouldAllBe(value => Math.Abs(value - constant) <= ScaleRounding * Math.Abs(constant));
    }

    [Theory, MemberData(nameof(Formats))]
    public void Negative_numbers_are_stored_as_well_as_positive_ones(ElementType type)
    {
        var positive = BlockSamples.Gaussian(4096, seed: 5).Select(MathF.Abs).ToArray();
        var negative = positive.Select(value => -value).ToArray();

        // Two thirds of a code step of the widest group.
        var bound = positive.Max() * 2 / 3 / Steps(type);
        LargestError(positive, Stored(type, positive)).ShouldBeLessThan(bound);
        LargestError(negative, Stored(type, negative)).ShouldBeLessThan(bound);
    }

    [Theory, MemberData(nameof(Formats))]
    public void An_outlier_keeps_its_size(ElementType type)
    {
        var values = BlockSamples.Gaussian(256, seed: 6);
        values[100] = 1000;
        var stored = Stored(type, values);

        // The outlier itself: half a code step and a half step of its group's scale.
        Math.Abs(stored[100] - 1000).ShouldBeLessThan(1000f / Steps(type));
        stored.ShouldAllBe(value => float.IsFinite(value));
        stored.Count(value => value > 500).ShouldBe(1);
    }

    [Theory, MemberData(nameof(Formats))]
    public void Numbers_beyond_the_format_saturate(ElementType type)
    {
        float[] magnitudes = [1e5f, 1e7f, 1e9f, 1e20f, 1e38f, float.MaxValue];
        foreach (var magnitude in magnitudes)
        {
            var values = BlockSamples.Gaussian(256, seed: 7).Select(value => value > 0 ? magnitude : -magnitude).ToArray();
            var stored = Stored(type, values);

            stored.ShouldAllBe(value => float.IsFinite(value));
            for (var i = 0; i < values.Length; i++)
                Math.Sign(stored[i]).ShouldBe(Math.Sign(values[i]));
        }
    }

    [Theory, MemberData(nameof(Formats))]
    public void Numbers_too_small_for_a_half_precision_scale_keep_an_error_below_the_smallest_step(ElementType type)
    {
        const float SmallestHalf = 5.9604645e-8f;
        foreach (var magnitude in new[] { float.Epsilon, 1e-40f, 1e-30f, 1e-12f, 1e-8f, 1e-7f, 1e-6f, 1e-5f, 1e-4f })
        {
            var values = BlockSamples.Gaussian(512, seed: 8, magnitude);

            // Where the smallest unit is too coarse, zeros would be the best there is; elsewhere a code step of the widest number.
            var bound = Math.Max(SmallestHalf * Steps(type), values.Max(Math.Abs) / Steps(type));
            LargestError(values, Stored(type, values)).ShouldBeLessThanOrEqualTo(Math.Min(bound, values.Max(Math.Abs)));
        }
    }

    [Theory, MemberData(nameof(Formats))]
    public void What_is_no_finite_number_is_refused(ElementType type)
    {
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            foreach (var place in new[] { 0, 7, type.ElementsPerBlock - 1, 3 * type.ElementsPerBlock - 1 })
            {
                var values = new float[3 * type.ElementsPerBlock];
                values[place] = bad;
                Should.Throw<ArgumentException>(() => Encoded(type, values)).Message.ShouldContain("finite");
            }
        }
    }

    [Theory, MemberData(nameof(Formats))]
    public void Stored_numbers_are_stored_again_with_little_more_error(ElementType type)
    {
        // Scales are found anew and may be others, so not the same bytes; but half a step must not become a step.
        var values = BlockSamples.Gaussian(16 * 256, seed: 9);
        var once = Stored(type, values);
        var twice = Stored(type, once);

        RelativeError(values, twice).ShouldBeLessThan(1.25 * RelativeError(values, once));
    }

    /// <summary>Code steps from zero to the largest number of a group whose numbers have both signs.</summary>
    static float Steps(ElementType type) => type switch
    {
        ElementType.Q8_0 => 127,
        ElementType.Q6_K => 31,
        ElementType.Q5_K => 15,
        ElementType.Q4_K => 7,
        _ => 3,
    };

    static byte[] Encoded(ElementType type, float[] values)
    {
        var blocks = new byte[type.BytesFor(values.Length)];
        ElementFormats.Encode(type, values, blocks);
        return blocks;
    }

    static float[] Stored(ElementType type, float[] values)
    {
        var stored = new float[values.Length];
        ElementFormats.Decode(type, Encoded(type, values), stored);
        return stored;
    }

    static float LargestError(float[] values, float[] stored) => values.Zip(stored, (value, kept) => Math.Abs(value - kept)).Max();

    static double RelativeError(float[] values, float[] stored)
    {
        var error = values.Zip(stored, (value, kept) => Math.Pow(value - (double)kept, 2)).Sum();
        return Math.Sqrt(error / values.Sum(value => (double)value * value));
    }
}
