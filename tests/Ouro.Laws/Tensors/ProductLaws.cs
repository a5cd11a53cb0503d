using Ouro.Formats;
using Ouro.Tensors;
using Ouro.Tensors.Packed;
using Ouro.Tensors.Quantization;

namespace Ouro.Laws.Tensors;

[Trait("Category", "Kernels")]
public sealed class ProductLaws
{
    /// <summary>8-bit activations: half a code step of each group's peak, so about 1 % of a sum of independent products; three times that for luck.</summary>
    const float Int8OfF32 = 0.03f;

    public static TheoryData<ElementType> Types { get; } = [.. Enum.GetValues<ElementType>()];

    public static TheoryData<ElementType> CodedTypes { get; } = [.. Enum.GetValues<ElementType>().Where(type => type.IsQuantized)];

    public static TheoryData<ElementType, bool> Forms { get; } = new(
        [.. Enum.GetValues<ElementType>().Select(type => (type, false)), .. Enum.GetValues<ElementType>().Where(type => type.IsQuantized).Select(type => (type, true))]);

    [Theory, MemberData(nameof(Forms))]
    public void A_row_does_not_know_its_neighbours_nor_the_threads(ElementType type, bool packed)
    {
        const int Outputs = 37;
        var inputs = 256 * 3;
        using var matrix = new SampleMatrix(type, Outputs, inputs, seed: 1, packed);
        var row = Samples.Gaussian(inputs, seed: 2);
        var alone = Multiply(matrix, threads: 1, row)[0];
        foreach (var (rows, place, threads) in new[]
            { (2, 1, 1), (3, 0, 2), (4, 3, 2), (5, 4, 3), (7, 6, 1), (8, 2, 2), (9, 8, 4), (15, 12, 1), (15, 14, 2), (17, 11, 2), (17, 16, 3), (300, 75, 2), (300, 149, 2), (300, 299, 3) })
        {
            var company = Enumerable.Range(0, rows).Select(i => i == place ? row : Samples.Gaussian(inputs, seed: 100 + i)).ToArray();

            Multiply(matrix, threads, company)[place].ShouldBe(alone, $"{type}, row {place} of {rows} on {threads} threads");
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void A_product_in_single_precision_is_the_definition_to_the_last_bit(ElementType type)
    {
        foreach (var inputs in type.ElementsPerBlock == 1 ? new[] { 1, 2, 7, 15, 16, 17, 31, 48, 100, 256 } : [type.ElementsPerBlock, 5 * type.ElementsPerBlock])
        {
            using var matrix = new SampleMatrix(type, outputs: 5, inputs, seed: 3);
            var row = Samples.Gaussian(inputs, seed: 4);
            var decoded = new float[inputs];

            var products = Multiply(matrix, threads: 1, row)[0];

            for (var output = 0; output < matrix.Weights.Outputs; output++)
            {
                matrix.Weights.DecodeRow(output, decoded);
                products[output].ShouldBe(FloatProducts.Definition(decoded, row), $"{type}, {inputs} inputs, output {output}");
            }
        }
    }

    [Theory, MemberData(nameof(CodedTypes))]
    public void Packing_loses_nothing(ElementType type)
    {
        foreach (var (outputs, inputs) in new[] { (1, type.ElementsPerBlock), (16, 3 * type.ElementsPerBlock), (37, 2 * type.ElementsPerBlock) })
        {
            using var stored = new SampleMatrix(type, outputs, inputs, seed: 11);
            using var packed = new SampleMatrix(type, outputs, inputs, seed: 11, packed: true);
            var (expected, found) = (new float[inputs], new float[inputs]);
            for (var row = 0; row < outputs; row++)
            {
                stored.Weights.DecodeRow(row, expected);
                packed.Weights.DecodeRow(row, found);

                found.ShouldBe(expected, $"{type}, row {row} of {outputs}");
            }
        }
    }

    [Theory, MemberData(nameof(CodedTypes))]
    public void A_scale_that_is_no_number_is_refused(ElementType type)
    {
        var bytes = Samples.Bytes(type, 3 * type.ElementsPerBlock, seed: 12);
        var blockBytes = bytes.Length / 3;
        var scale = type is ElementType.Q3_K or ElementType.Q6_K ? blockBytes - 2 : 0;
        BitConverter.TryWriteBytes(bytes.AsSpan(2 * blockBytes + scale), Half.NaN).ShouldBeTrue();

        Should.Throw<InvalidDataException>(() => new SampleMatrix(type, outputs: 3, type.ElementsPerBlock, bytes, packed: true))
            .Message.ShouldContain("NaN");
    }

    [Theory, MemberData(nameof(CodedTypes))]
    public void A_product_of_codes_is_the_definition_to_the_last_bit(ElementType type)
    {
        switch (type)
        {
            case ElementType.Q8_0: CodesFollowTheDefinition<Q8_0>(); break;
            case ElementType.Q3_K: CodesFollowTheDefinition<Q3_K>(); break;
            case ElementType.Q4_K: CodesFollowTheDefinition<Q4_K>(); break;
            case ElementType.Q5_K: CodesFollowTheDefinition<Q5_K>(); break;
            case ElementType.Q6_K: CodesFollowTheDefinition<Q6_K>(); break;
            default: throw new InvalidOperationException($"{type} has no definition in this test.");
        }
    }

    [Theory, MemberData(nameof(CodedTypes))]
    public void Eight_bit_activations_stay_near_single_precision(ElementType type)
    {
        const int Inputs = 2048;
        using var stored = new SampleMatrix(type, outputs: 64, Inputs, seed: 5);
        using var packed = new SampleMatrix(type, outputs: 64, Inputs, seed: 5, packed: true);
        var row = Samples.Gaussian(Inputs, seed: 6);

        var exact = Multiply(stored, threads: 2, row)[0];
        var coded = Multiply(packed, threads: 2, row)[0];

        Samples.RelativeError(coded, exact).ShouldBeInRange(0, Int8OfF32);
    }

    [Theory, MemberData(nameof(CodedTypes))]
    public void Extreme_codes_do_not_overflow(ElementType type)
    {
        // Every bit of every code set, or none, against activations of the largest code: the largest sums of either sign.
        foreach (var fill in new byte[] { 0x00, 0x80, 0xFF })
        {
            var bytes = Samples.Bytes(type, 16 * 256, seed: 13);
            for (var at = 0; at < bytes.Length; at++)
            {
                var place = at % type.BytesFor(type.ElementsPerBlock);
                if (!IsScale(type, place))
                    bytes[at] = fill;
            }

            using var stored = new SampleMatrix(type, outputs: 16, inputs: 256, bytes);
            using var packed = new SampleMatrix(type, outputs: 16, inputs: 256, bytes, packed: true);
            foreach (var sign in new[] { 1f, -1f })
            {
                var row = Enumerable.Repeat(sign, 256).ToArray();
                var exact = Multiply(stored, threads: 1, row)[0];
                var coded = Multiply(packed, threads: 1, row)[0];

                for (var output = 0; output < exact.Length; output++)
                    coded[output].ShouldBe(exact[output], MathF.Max(1e-3f, 1e-4f * MathF.Abs(exact[output])), $"{type}, {fill:x2}, {sign}");
            }
        }
    }

    [Fact]
    public void What_is_not_a_number_is_not_hidden()
    {
        using var matrix = new SampleMatrix(ElementType.Q4_K, 3, 256, seed: 7, packed: true);
        var row = Samples.Gaussian(256, seed: 8);
        row[17] = float.NaN;

        Multiply(matrix, threads: 1, row)[0].ShouldAllBe(product => float.IsNaN(product));
    }

    [Theory]
    [InlineData(0, 0x7C00)]
    [InlineData(255, 0xFC00)]
    [InlineData(5 * 256 + 31, 0x7C00)]
    [InlineData(36 * 256 + 100, 0x7E01)]
    public void A_half_that_is_not_finite_is_what_it_is(int place, int bits)
    {
        var bytes = Samples.Bytes(ElementType.F16, 37 * 256, seed: 9);
        BitConverter.TryWriteBytes(bytes.AsSpan(2 * place), (ushort)bits).ShouldBeTrue();
        using var matrix = new SampleMatrix(ElementType.F16, 37, 256, bytes);
        var row = Samples.Gaussian(256, seed: 8);
        var decoded = new float[256];

        var products = Multiply(matrix, threads: 2, row)[0];

        float.IsFinite(products[place / 256]).ShouldBeFalse();
        for (var output = 0; output < 37; output++)
        {
            matrix.Weights.DecodeRow(output, decoded);
            products[output].ShouldBe(FloatProducts.Definition(decoded, row), $"output {output}");
        }
    }

    [Fact]
    public void The_padding_of_a_result_stays_zero()
    {
        using var matrix = new SampleMatrix(ElementType.Q4_K, outputs: 19, 256, seed: 7, packed: true);
        var activations = new Activations(2, 256);
        activations.Values[0].Fill(float.NaN);
        activations.Values[1].Fill(1);
        var result = new Matrix(2, 19);
        using var pool = new WorkerPool(1);

        matrix.Weights.Multiply(activations, result, pool);

        for (var row = 0; row < 2; row++)
        {
            unsafe
            {
                new ReadOnlySpan<float>(result.RowPointer(row) + 19, result.Stride - 19).ToArray().ShouldAllBe(number => number == 0);
            }
        }
    }

    static bool IsScale(ElementType type, long place) => type switch
    {
        ElementType.Q8_0 => place < 2,
        ElementType.Q4_K or ElementType.Q5_K => place < 4,
        ElementType.Q3_K => place >= 108,
        ElementType.Q6_K => place >= 208,
        _ => false,
    };

    static void CodesFollowTheDefinition<TFormat>()
        where TFormat : struct, IQuantizedFormat
    {
        const int Inputs = 512;
        using var matrix = new SampleMatrix(TFormat.Type, outputs: 4, Inputs, seed: 9, packed: true);
        var row = Samples.Gaussian(Inputs, seed: 10);
        var products = Multiply(matrix, threads: 1, row)[0];
        var (activationCodes, activationScales) = Code(row);
        var groups = Inputs / TFormat.GroupSize;
        var rowBytes = matrix.Bytes.Length / matrix.Weights.Outputs;

        for (var output = 0; output < matrix.Weights.Outputs; output++)
        {
            var (codes, scales, minima) = (new byte[Inputs], new float[groups], new float[groups]);
            TFormat.Unpack(matrix.Bytes.AsSpan(output * rowBytes, rowBytes), codes, scales, minima);
            int[] integers = [.. codes.Select(code => TFormat.SignedCodes ? (sbyte)code + 128 : code)];
            if (TFormat.SignedCodes)
                minima = [.. scales.Select(scale => 128 * scale)];

            products[output].ShouldBe(
                PackedProducts.Definition(integers, scales, minima, activationCodes, activationScales), $"{TFormat.Type}, output {output}");
        }
    }

    /// <summary>The definition of 8-bit activations.</summary>
    static (sbyte[] Codes, float[] Scales) Code(float[] row)
    {
        var codes = new sbyte[row.Length];
        var scales = new float[row.Length / 32];
        for (var group = 0; group < scales.Length; group++)
        {
            var numbers = row.AsSpan(group * 32, 32);
            var peak = 0f;
            foreach (var number in numbers)
                peak = MathF.Max(peak, MathF.Abs(number));
            scales[group] = peak / 127;
            for (var i = 0; i < 32; i++)
                codes[group * 32 + i] = (sbyte)MathF.Round(numbers[i] * (127 / peak));
        }

        return (codes, scales);
    }

    static float[][] Multiply(SampleMatrix matrix, int threads, params float[][] rows)
    {
        using var pool = new WorkerPool(threads);
        var activations = new Activations(rows.Length, matrix.Weights.Inputs);
        for (var i = 0; i < rows.Length; i++)
            rows[i].CopyTo(activations.Values[i]);
        var result = new Matrix(0, matrix.Weights.Outputs);

        matrix.Weights.Multiply(activations, result, pool);

        return [.. Enumerable.Range(0, rows.Length).Select(i => result[i].ToArray())];
    }
}
