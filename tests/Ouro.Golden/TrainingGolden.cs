using System.Text.Json;
using Ouro.Model;
using Ouro.Tensors;
using Ouro.Training;
using Ouro.Training.Data;

namespace Ouro.Golden;

/// <summary>Losses, gradients and steps of the independent float64 implementation.</summary>
public sealed class TrainingGolden
{
    /// <summary>Single precision through four loops and back: the bar that the reference data name.</summary>
    const double GradientBar = 3e-3;

    /// <summary>The bar of the losses of a trajectory.</summary>
    const double TrajectoryBar = 2e-3;

    public static TheoryData<string, bool> GradientCases => new()
    {
        { "stage1", true }, { "stage1", false }, { "stage2", true }, { "stage2_shifted", true }, { "reference_label_loss", true }, { "reference_label_loss", false },
    };

    [Theory, MemberData(nameof(GradientCases))]
    public void Every_gradient_is_that_of_the_reference(string stage, bool recompute)
    {
        var root = LoadedModel.Json("training/tiny-f32-tied-gradients.json");

        using var backend = new CpuBackend(2);
        var model = Open();
        var run = new TrainingRun(model, backend, new TrainingOptions { Recompute = recompute });
        var batch = TokenBatch.Of([new Example(root.GetProperty("ids").Ints())]);

        var report = run.Accumulate(batch, ObjectiveOf(stage, root), batch.TargetCount);

        var expected = root.GetProperty(stage);
        report.Loss.ShouldBe(expected.GetProperty("loss").GetDouble(), 1e-4);
        Norm(model).ShouldBe(expected.GetProperty("grad_norm").GetDouble(), GradientBar * expected.GetProperty("grad_norm").GetDouble());
        foreach (var gradient in expected.GetProperty("grads").EnumerateObject())
            ShouldMatch(model.Parameters.Single(parameter => parameter.Tensor.HuggingFaceName == gradient.Name).Gradient, gradient);
    }

    [Fact]
    public void Ten_steps_of_AdamW_go_where_the_reference_goes()
    {
        var root = LoadedModel.Json("training/tiny-f32-tied-trajectory.json");
        var settings = root.GetProperty("settings");
        var ids = root.GetProperty("ids").Ints();
        using var backend = new CpuBackend(2);
        var model = Open();
        var run = new TrainingRun(model, backend);
        var optimizer = new AdamW(model.Parameters, backend, new AdamWOptions { WeightDecay = (float)settings.GetProperty("wd").GetDouble() });
        var objective = new Objective.EntropyRegularised((float)settings.GetProperty("beta").GetDouble());

        var step = 0;
        foreach (var expected in root.GetProperty("history").EnumerateArray())
        {
            var first = step++ % 2 * 32;
            var batch = TokenBatch.Of([new Example(ids[first..(first + 17)]), new Example(ids[(first + 16)..(first + 33)])]);
            var report = run.Accumulate(batch, objective, batch.TargetCount);
            var norm = optimizer.Step(settings.GetProperty("lr").GetDouble());

            var (loss, before) = (expected.GetProperty("loss").GetDouble(), expected.GetProperty("grad_norm_before_clip").GetDouble());
            report.Loss.ShouldBe(loss, TrajectoryBar * loss, $"step {step}");
            norm.ShouldBe(before, 5 * TrajectoryBar * before, $"step {step}");
        }

        step.ShouldBe(10);
        foreach (var final in root.GetProperty("final").EnumerateObject())
            ShouldMatch(model.Parameters.Single(parameter => parameter.Tensor.HuggingFaceName == final.Name).Values, final);
    }

    [Theory]
    [InlineData("stage1")]
    [InlineData("reference_label_loss")]
    [InlineData("stage2")]
    [InlineData("stage2_shifted")]
    public void Objectives_give_the_values_and_gradients_of_the_reference(string stage)
    {
        var root = LoadedModel.Json("training/objective-case.json");
        var inputs = root.GetProperty("inputs");
        var logits = inputs.GetProperty("logits");
        var (loops, rows, vocabulary) = (logits.GetArrayLength(), logits[0].GetArrayLength(), logits[0][0].GetArrayLength());

        // A state that holds the logits and the gate's logit, a head and a gate that pick them out: the gradient of the state is then theirs.
        using var backend = new CpuBackend(1);
        var model = Picking(vocabulary, loops);
        var readOut = new ReadOut(model, model.Weights(), backend, new Ouro.Tensors.Gradients.CpuGradients(backend));
        var (ended, gradients) = (Matrices(loops, rows, vocabulary + 1), Matrices(loops, rows, vocabulary + 1));
        for (var loop = 0; loop < loops; loop++)
        {
            for (var row = 0; row < rows; row++)
            {
                logits[loop][row].Floats().CopyTo(ended[loop][row]);
                ended[loop][row][vocabulary] = inputs.GetProperty("gate_logits")[loop][row].GetSingle();
            }
        }

        var targets = inputs.GetProperty("targets").Ints();
        var batch = TokenBatch.Of([new Example([0, .. targets.Select(target => Math.Max(0, target))])]);
        batch.Targets[^1] = TokenBatch.NoTarget;
        var objective = ObjectiveOf(stage, inputs);
        var report = objective.TrainsGateOnly
            ? readOut.Accumulate(batch, objective, ended, null, loops, rows - 1)
            : readOut.Accumulate(batch, objective, ended, gradients, loops, rows - 1);

        var expected = root.GetProperty("expected").GetProperty(stage);
        report.Loss.ShouldBe(expected.GetProperty("loss").GetDouble(), 1e-5);
        if (objective.TrainsGateOnly)
        {
            var sum = expected.GetProperty("d_gate_logits").EnumerateArray().SelectMany(loop => loop.EnumerateArray()).Sum(gradient => gradient.GetDouble());
            model[TensorRole.GateBias].Gradient[0][0].ShouldBe((float)sum, 1e-5f);
            return;
        }

        for (var loop = 0; loop < loops; loop++)
        {
            for (var row = 0; row < rows; row++)
            {
                var gradient = gradients[loop][row].ToArray();
                gradient[..vocabulary].ShouldBe(expected.GetProperty("d_logits")[loop][row].Floats(), 1e-5);
                gradient[vocabulary].ShouldBe(expected.GetProperty("d_gate_logits")[loop][row].GetSingle(), 1e-5f);
            }
        }
    }

    static Objective ObjectiveOf(string stage, JsonElement settings)
    {
        float Number(string name) => settings.GetProperty(name).GetSingle();
        return stage switch
        {
            "stage1" => new Objective.EntropyRegularised(Number("beta")),
            "stage2" => new Objective.Gate(Number("k"), Number("gamma"), GateLabel.AsPrinted),
            "stage2_shifted" => new Objective.Gate(Number("k"), Number("gamma"), GateLabel.Shifted),
            _ => new Objective.ExpectedLogits(),
        };
    }

    static TrainableModel Open()
    {
        using var checkpoint = OuroCheckpoint.Open(GoldenData.Path("tiny-f32-tied"));
        return TrainableModel.Open(checkpoint);
    }

    static TrainableModel Picking(int vocabulary, int loops)
    {
        var model = TrainableModel.Random(
            new OuroConfig
            {
                Layers = 1,
                Width = vocabulary + 1,
                Heads = 1,
                KvHeads = 1,
                HeadSize = 2,
                FeedForwardWidth = 1,
                Vocabulary = vocabulary,
                Loops = loops,
            },
            seed: 1);
        var head = model[TensorRole.Head].Values;
        for (var row = 0; row < vocabulary; row++)
        {
            head[row].Clear();
            head[row][row] = 1;
        }

        model[TensorRole.GateWeight].Values[0][vocabulary] = 1;
        return model;
    }

    static void ShouldMatch(Matrix actual, JsonProperty expected)
    {
        var numbers = Enumerable.Range(0, actual.Rows).SelectMany(row => actual[row].ToArray()).ToArray();
        var scale = expected.Value.GetProperty("l2").GetDouble();
        Math.Sqrt(numbers.Sum(number => (double)number * number)).ShouldBe(scale, GradientBar * scale, expected.Name);
        var most = expected.Value.GetProperty("abs_max").GetDouble();
        foreach (var entry in expected.Value.GetProperty("at").EnumerateObject())
            ((double)numbers[int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture)]).ShouldBe(entry.Value.GetDouble(), GradientBar * most, expected.Name);
    }

    static double Norm(TrainableModel model)
        => Math.Sqrt(model.Parameters.Sum(parameter => Enumerable.Range(0, parameter.Gradient.Rows)
            .Sum(row => parameter.Gradient[row].ToArray().Sum(number => (double)number * number))));

    static Matrix[] Matrices(int count, int rows, int columns) => [.. Enumerable.Range(0, count).Select(_ => new Matrix(rows, columns))];
}
