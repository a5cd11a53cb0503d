using Ouro.Laws.Tensors;
using Ouro.Model;
using Ouro.Tensors;
using Ouro.Training;
using Ouro.Training.Data;

namespace Ouro.Laws.Training;

/// <summary>The gradient of a whole pass against differences of its loss.</summary>
public sealed class LossGradientLaws
{
    const float Step = 4e-3f;

    /// <summary>Rounding of a loss near 4, over twice the step; what else there is, curvature, is a share of the gradient.</summary>
    const double Rounding = 3e-4;

    const double Curvature = 0.01;

    /// <summary>An untied head, two heads on each pair of keys and values, a width with padding.</summary>
    static readonly OuroConfig Config = TrainingRunLaws.Config;

    public static TheoryData<string, bool> Cases => new() { { "stage1", true }, { "stage1", false }, { "depth", true }, { "expected_logits", true } };

    [Theory, MemberData(nameof(Cases))]
    public void Every_parameters_gradient_is_that_of_the_loss(string name, bool recompute)
    {
        Objective objective = name switch
        {
            "stage1" => new Objective.EntropyRegularised(0.1f),
            "depth" => new Objective.FixedDepth(2),
            _ => new Objective.ExpectedLogits(),
        };
        using var backend = new CpuBackend(2);
        var model = Lively();
        var run = new TrainingRun(model, backend, new TrainingOptions { Recompute = recompute });
        var batch = TokenBatch.Of([Document(2, 1), Document(13, 2), Document(2, 3)]);

        run.Accumulate(batch, objective, batch.TargetCount);

        foreach (var parameter in model.Parameters)
        {
            var places = Places(parameter);
            var scale = places.Max(place => Math.Abs(parameter.Gradient[place.Row][place.Column]));
            (scale > 2 * Rounding).ShouldBe(objective.Trains(parameter.Tensor), $"{parameter.Tensor.HuggingFaceName}: {scale}");
            foreach (var (row, column) in places)
            {
                var number = parameter.Values[row][column];
                parameter.Values[row][column] = number + Step;
                var above = run.Evaluate(batch, objective).Loss;
                parameter.Values[row][column] = number - Step;
                var below = run.Evaluate(batch, objective).Loss;
                parameter.Values[row][column] = number;
                ((double)parameter.Gradient[row][column]).ShouldBe(
                    (above - below) / (2 * Step), Rounding + Curvature * scale, $"{parameter.Tensor.HuggingFaceName} [{row}, {column}]");
            }
        }
    }

    [Fact]
    public void A_batch_without_a_target_teaches_nothing()
    {
        using var backend = new CpuBackend(2);
        var model = Lively();
        var batch = TokenBatch.Of([Document(9, 1) with { FirstTarget = 9 }, Document(2, 1) with { FirstTarget = 2 }]);
        var run = new TrainingRun(model, backend);

        var report = run.Accumulate(batch, new Objective.EntropyRegularised(0.1f), targetsInStep: 1);

        (batch.TargetCount, report.Targets).ShouldBe((0, 0));
        foreach (var parameter in model.Parameters)
            for (var row = 0; row < parameter.Gradient.Rows; row++)
                parameter.Gradient[row].ToArray().ShouldAllBe(number => number == 0);
        Should.Throw<ArgumentOutOfRangeException>(() => run.Accumulate(batch, new Objective.ExpectedLogits(), targetsInStep: 0));
    }

    /// <summary>Random weights, but with second norms and a gate that matter.</summary>
    static TrainableModel Lively()
    {
        var model = TrainableModel.Random(Config, 1);
        foreach (var parameter in model.Parameters)
        {
            var numbers = Samples.Gaussian(parameter.Values.Columns, 5);
            if (parameter.Tensor.IsGate || parameter.Tensor.IsNorm)
                for (var i = 0; i < numbers.Length; i++)
                    parameter.Values[0][i] = parameter.Tensor.IsGate ? 0.3f * numbers[i] : 0.7f + 0.1f * numbers[i];
        }

        return model;
    }

    /// <summary>Where the gradient is largest, and two places wherever they are.</summary>
    static (int Row, int Column)[] Places(Parameter parameter)
    {
        var columns = parameter.Values.Columns;
        var all = Enumerable.Range(0, parameter.Values.Rows * columns).Select(at => (Row: at / columns, Column: at % columns)).ToArray();
        return [.. all.OrderByDescending(place => Math.Abs(parameter.Gradient[place.Row][place.Column])).Take(2), all[all.Length / 3], all[^1]];
    }

    static Example Document(int tokens, int seed)
    {
        var random = new Random(seed);
        return new Example([.. Enumerable.Range(0, tokens).Select(_ => random.Next(Config.Vocabulary))]);
    }
}
