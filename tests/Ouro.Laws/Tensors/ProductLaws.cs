using Ouro.Formats;
using Ouro.Tensors;
using Ouro.Tensors.Quantization;

namespace Ouro.Laws.Tensors;

[Trait("Category", "Kernels")]
public sealed class ProductLaws
{
    /// <summary>8-bit activations: half a code step of each group's peak, so about 1 % of a sum of independent products; three times that for luck.</summary>
    const float Int8OfF32 = 0.03f;

    public static TheoryData<ElementType> Types { get; } = [.. Enum.GetValues<ElementType>()];

    public static TheoryData<ElementType> CodedTypes { get; } = [.. Enum.GetValues<ElementType>().Where(type => type.IsQuantized)];

    [Theory, MemberData(nameof(Types))]
    public void A_row_does_not_know_its_neighbours_nor_the_threads(ElementType type)
    {
        const int Outputs = 37;
        var inputs = 256 * 3;
        using var weights = Samples.Weights(type, Outputs, inputs, seed: 1);
        var row = Samples.Gaussian(inputs, seed: 2);
        foreach (var activations in Enum.GetValues<ActivationType>())
        {
            var alone = Multiply(weights, activations, threads: 1, row)[0];
            foreach (var (rows, place, threads) in new[] { (2, 1, 1), (3, 0, 2), (4, 3, 2), (5, 4, 3), (8, 2, 2), (9, 8, 4), (17, 11, 2) })
            {
                var company = Enumerable.Range(0, rows).Select(i => i == place ? row : Samples.Gaussian(inputs, seed: 100 + i)).ToArray();

                Multiply(weights, activations, threads, company)[place].ShouldBe(alone, $"{type}, {activations}, row {place} of {rows} on {threads} threads");
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void A_product_in_single_precision_is_the_definition_to_the_last_bit(ElementType type)
    {
        foreach (var inputs in type.ElementsPerBlock == 1 ? new[] { 1, 2, 7, 15, 16, 17, 31, 48, 100, 256 } : [type.ElementsPerBlock, 5 * type.ElementsPerBlock])
        {
            using var weights = Samples.Weights(type, outputs: 5, inputs, seed: 3);
            var row = Samples.Gaussian(inputs, seed: 4);
            var decoded = new float[inputs];

            var products = Multiply(weights, ActivationType.F32, threads: 1, row)[0];

            for (var output = 0; output < weights.Outputs; output++)
            {
                weights.DecodeRow(output, decoded);
                products[output].ShouldBe(FloatProducts.Definition(decoded, row), $"{type}, {inputs} inputs, output {output}");
            }
        }
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
        using var weights = Samples.Weights(type, outputs: 64, Inputs, seed: 5);
        var row = Samples.Gaussian(Inputs, seed: 6);

        var exact = Multiply(weights, ActivationType.F32, threads: 2, row)[0];
        var coded = Multiply(weights, ActivationType.Int8, threads: 2, row)[0];

        Samples.RelativeError(coded, exact).ShouldBeInRange(0, Int8OfF32);
    }

    [Fact]
    public void Extreme_codes_do_not_overflow()
    {
        // Q8_0 codes of -128 against activations of the largest code: 32 * 128 * 127 in every group.
        var bytes = new byte[34 * 4];
        for (var block = 0; block < 4; block++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(34 * block), (Half)1).ShouldBeTrue();
            bytes.AsSpan(34 * block + 2, 32).Fill(0x80);
        }

        using var weights = WeightMatrix.Open(ElementType.Q8_0, 1, 128, bytes);
        var row = Enumerable.Repeat(1f, 128).ToArray();

        Multiply(weights, ActivationType.Int8, threads: 1, row)[0][0].ShouldBe(-128f * 128, 0.01f);
    }

    [Fact]
    public void What_is_not_a_number_is_not_hidden()
    {
        using var weights = Samples.Weights(ElementType.Q4_K, 3, 256, seed: 7);
        var row = Samples.Gaussian(256, seed: 8);
        row[17] = float.NaN;

        Multiply(weights, ActivationType.Int8, threads: 1, row)[0].ShouldAllBe(product => float.IsNaN(product));
    }

    static void CodesFollowTheDefinition<TFormat>()
        where TFormat : struct, IQuantizedFormat
    {
        const int Inputs = 512;
        using var weights = Samples.Weights(TFormat.Type, outputs: 4, Inputs, seed: 9, out var bytes);
        var row = Samples.Gaussian(Inputs, seed: 10);
        var products = Multiply(weights, ActivationType.Int8, threads: 1, row)[0];
        var (activationCodes, activationScales) = Code(row);
        var groups = Inputs / TFormat.GroupSize;

        for (var output = 0; output < weights.Outputs; output++)
        {
            var (codes, scales, minima) = (new byte[Inputs], new float[groups], new float[groups]);
            TFormat.Unpack(bytes.AsSpan(output * weights.RowBytes, weights.RowBytes), codes, scales, minima);
            int[] integers = [.. codes.Select(code => TFormat.SignedCodes ? (int)(sbyte)code : code)];
            var sums = new float[groups];
            for (var group = 0; group < groups; group++)
            {
                var sum = activationCodes.Skip(group * TFormat.GroupSize).Take(TFormat.GroupSize).Sum(code => code);
                sums[group] = activationScales[group * TFormat.GroupSize / 32] * sum;
            }

            var expected = CodeProducts.Definition(integers, scales, TFormat.GroupSize, activationCodes, activationScales)
                - (TFormat.HasMinima ? FloatProducts.Definition(minima, sums) : 0);
            products[output].ShouldBe(expected, $"{TFormat.Type}, output {output}");
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

    static float[][] Multiply(WeightMatrix weights, ActivationType type, int threads, params float[][] rows)
    {
        using var pool = new WorkerPool(threads);
        var activations = new Activations(rows.Length, weights.Inputs, type);
        for (var i = 0; i < rows.Length; i++)
            rows[i].CopyTo(activations.Values[i]);
        var result = new Matrix(0, weights.Outputs);

        weights.Multiply(activations, result, pool);

        return [.. Enumerable.Range(0, rows.Length).Select(i => result[i].ToArray())];
    }
}
