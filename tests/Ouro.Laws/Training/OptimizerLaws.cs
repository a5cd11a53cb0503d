using System.Runtime.InteropServices;
using Ouro.Laws.Tensors;
using Ouro.Model;
using Ouro.Tensors;
using Ouro.Training;

namespace Ouro.Laws.Training;

/// <summary>A step of AdamW against its formula, one number at a time in double precision.</summary>
public sealed class OptimizerLaws
{
    /// <summary>A few roundings in single precision, of numbers near 1.</summary>
    const double Tolerance = 2e-6;

    const int StepsBefore = 4;

    static readonly OuroConfig Odd = new()
    {
        Layers = 1,
        Width = 13,
        Heads = 1,
        KvHeads = 1,
        HeadSize = 2,
        FeedForwardWidth = 7,
        Vocabulary = 11,
        Loops = 1,
    };

    [Theory]
    [InlineData(0.5f, 0.1f)]
    [InlineData(float.PositiveInfinity, 0.1f)]
    [InlineData(0.5f, 0f)]
    public void A_step_is_that_of_the_formula(float clip, float decay)
    {
        var options = new AdamWOptions { Beta1 = 0.8f, Beta2 = 0.9f, Epsilon = 1e-3f, WeightDecay = decay, Clip = clip };
        using var backend = new CpuBackend(2);
        var model = TrainableModel.Random(Odd, 1);
        var optimizer = new AdamW(model.Parameters, backend, options) { Steps = StepsBefore };
        for (var i = 0; i < model.Parameters.Count; i++)
        {
            Fill(model.Parameters[i].Gradient, 10 * i, number => number);
            Fill(optimizer.FirstMoments[i], 10 * i + 1, number => number);
            Fill(optimizer.SecondMoments[i], 10 * i + 2, Math.Abs);
        }

        var gradients = model.Parameters.Select(parameter => Numbers(parameter.Gradient)).ToArray();
        var values = model.Parameters.Select(parameter => Numbers(parameter.Values)).ToArray();
        var (first, second) = (optimizer.FirstMoments.Select(Numbers).ToArray(), optimizer.SecondMoments.Select(Numbers).ToArray());
        var norm = Math.Sqrt(gradients.Sum(numbers => numbers.Sum(number => number * number)));

        optimizer.Step(0.01).ShouldBe(norm, 1e-5 * norm);

        optimizer.Steps.ShouldBe(StepsBefore + 1);
        model.Parameters.Select(parameter => parameter.IsDecayed).Distinct().Count().ShouldBe(2);
        for (var i = 0; i < model.Parameters.Count; i++)
        {
            var parameter = model.Parameters[i];
            for (var at = 0; at < values[i].Length; at++)
            {
                var g = gradients[i][at] * Math.Min(1, clip / norm);
                var m = 0.8 * first[i][at] + 0.2 * g;
                var v = 0.9 * second[i][at] + 0.1 * g * g;
                var kept = values[i][at] * (parameter.IsDecayed ? 1 - 0.01 * decay : 1);
                var expected = kept - 0.01 * (m / (1 - Math.Pow(0.8, 5))) / (Math.Sqrt(v / (1 - Math.Pow(0.9, 5))) + 1e-3);
                Numbers(parameter.Values)[at].ShouldBe(expected, Tolerance * Math.Max(1, Math.Abs(expected)), $"{parameter.Tensor.HuggingFaceName} {at}");
                Numbers(optimizer.FirstMoments[i])[at].ShouldBe(m, Tolerance * Math.Max(1, Math.Abs(m)));
                Numbers(optimizer.SecondMoments[i])[at].ShouldBe(v, Tolerance * Math.Max(1, Math.Abs(v)));
            }

            Numbers(parameter.Gradient).ShouldAllBe(number => number == 0);
            foreach (var matrix in (Matrix[])[parameter.Values, parameter.Gradient, optimizer.FirstMoments[i], optimizer.SecondMoments[i]])
                Padding(matrix).ShouldAllBe(number => number == 0);
        }
    }

    [Fact]
    public void What_no_step_can_be_made_with_is_refused_at_birth()
    {
        Action[] wrong =
        [
            () => _ = new AdamWOptions { Beta1 = 1 }, () => _ = new AdamWOptions { Beta1 = -0.1f }, () => _ = new AdamWOptions { Beta2 = float.NaN },
            () => _ = new AdamWOptions { Epsilon = 0 }, () => _ = new AdamWOptions { Clip = 0 }, () => _ = new AdamWOptions { Clip = float.NaN },
            () => _ = new AdamWOptions { WeightDecay = -1 }, () => _ = new AdamWOptions { WeightDecay = float.PositiveInfinity },
        ];

        foreach (var action in wrong)
            Should.Throw<ArgumentOutOfRangeException>(action);
    }

    static void Fill(Matrix matrix, int seed, Func<float, float> change)
    {
        var numbers = Samples.Matrix(matrix.Rows, matrix.Columns, seed);
        for (var row = 0; row < matrix.Rows; row++)
            for (var column = 0; column < matrix.Columns; column++)
                matrix[row][column] = change(numbers[row][column]);
    }

    static double[] Numbers(Matrix matrix) => [.. Enumerable.Range(0, matrix.Rows).SelectMany(row => matrix[row].ToArray()).Select(number => (double)number)];

    static float[] Padding(Matrix matrix)
        => [.. Enumerable.Range(0, matrix.Rows).SelectMany(row => MemoryMarshal.CreateSpan(ref matrix[row][0], matrix.Stride)[matrix.Columns..].ToArray())];
}
