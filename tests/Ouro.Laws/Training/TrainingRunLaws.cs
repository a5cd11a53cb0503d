using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Tensors;
using Ouro.Training;
using Ouro.Training.Data;

namespace Ouro.Laws.Training;

public sealed class TrainingRunLaws
{
    internal static readonly OuroConfig Config = new()
    {
        Layers = 2,
        Width = 40,
        Heads = 4,
        KvHeads = 2,
        HeadSize = 10,
        FeedForwardWidth = 56,
        Vocabulary = 61,
        Loops = 3,
    };

    static readonly Objective StageOne = new Objective.EntropyRegularised(0.1f);

    [Fact]
    public void The_losses_are_those_of_the_forward_pass_that_answers_people()
    {
        using var backend = new CpuBackend(2);
        var model = TrainableModel.Random(Config, 1);
        Learn(model, backend, steps: 3);
        var example = Document(20, 1);

        var report = new TrainingRun(model, backend).Evaluate(TokenBatch.Of([example]), StageOne);

        using var weights = model.Weights();
        var trace = Trace.Run(new OuroModel(weights, backend), example.Ids.AsSpan(..^1), new ExitRule(Config.Loops), ElementType.F32);
        for (var loop = 1; loop <= Config.Loops; loop++)
        {
            var losses = trace.Loops[loop - 1].Logits.Select((logits, i) => Math.Log(logits.Sum(x => Math.Exp(x))) - logits[example.Ids[i + 1]]);
            report.LossAfter(loop).ShouldBe(losses.Average(), 1e-5);
            report.ExitChanceAt(loop).ShouldBe(trace.Loops[loop - 1].ExitChance.Average(), 1e-6);
        }
    }

    [Fact]
    public void Threads_and_recomputation_change_no_bit()
    {
        var one = Gradients(threads: 1, new TrainingOptions { Recompute = false });

        Gradients(threads: 2, new TrainingOptions { Recompute = false }).ShouldBe(one);
        Gradients(threads: 3, new TrainingOptions { Recompute = true }).ShouldBe(one);
    }

    [Fact]
    public void Half_the_memory_for_activations_changes_gradients_little()
    {
        var (exact, rounded) = (Gradients(2, new TrainingOptions()), Gradients(2, new TrainingOptions { Storage = StorageType.BF16 }));

        // 8 significant bits, of errors that mostly cancel.
        var error = Math.Sqrt(exact.Zip(rounded, (x, y) => Math.Pow(x - y, 2)).Sum() / exact.Sum(x => Math.Pow(x, 2)));
        error.ShouldBeInRange(1e-5, 0.01);
    }

    [Fact]
    public void Two_batches_of_a_step_are_one_batch()
    {
        using var backend = new CpuBackend(2);
        var (together, apart) = (TrainableModel.Random(Config, 1), TrainableModel.Random(Config, 1));
        var (first, second) = (Document(17, 1), Document(9, 2));

        new TrainingRun(together, backend).Accumulate(TokenBatch.Of([first, second]), StageOne, 24);
        var run = new TrainingRun(apart, backend);
        run.Accumulate(TokenBatch.Of([first]), StageOne, 24);
        run.Accumulate(TokenBatch.Of([second]), StageOne, 24);

        GradientsOf(apart).ShouldBe(GradientsOf(together), 1e-6);
    }

    [Fact]
    public void A_document_does_not_see_its_neighbours()
    {
        using var backend = new CpuBackend(2);
        var run = new TrainingRun(TrainableModel.Random(Config, 1), backend);
        var (first, second) = (Document(17, 1), Document(90, 2));

        var alone = run.Evaluate(TokenBatch.Of([second]), StageOne);
        alone.Add(run.Evaluate(TokenBatch.Of([first]), StageOne));
        var beside = run.Evaluate(TokenBatch.Of([first, second]), StageOne);

        beside.Loss.ShouldBe(alone.Loss, 1e-12);
    }

    [Fact]
    public void What_is_not_a_target_is_not_learnt()
    {
        var document = Document(20, 1);
        var early = Learnt(document with { Asked = [.. Enumerable.Range(0, 20).Select(place => place < 15)] }, targets: 14);
        var late = Learnt(document with { FirstTarget = 15 }, targets: 5);

        early.Zip(late, (x, y) => x + y).ShouldBe(Learnt(document, targets: 19), 1e-6);

        float[] Learnt(Example example, int targets)
        {
            using var backend = new CpuBackend(1);
            var model = TrainableModel.Random(Config, 1);
            new TrainingRun(model, backend).Accumulate(TokenBatch.Of([example]), StageOne, targetsInStep: 19).Targets.ShouldBe(targets);
            return GradientsOf(model);
        }
    }

    [Fact]
    public void The_gates_stage_leaves_everything_else_alone()
    {
        using var backend = new CpuBackend(2);
        var model = TrainableModel.Random(Config, 1);
        var batch = TokenBatch.Of([Document(30, 1)]);

        new TrainingRun(model, backend).Accumulate(batch, new Objective.Gate(50, 0.005f, GateLabel.Shifted), batch.TargetCount);

        foreach (var parameter in model.Parameters)
            Numbers(parameter.Gradient).Any(number => number != 0).ShouldBe(parameter.Tensor.IsGate, parameter.Tensor.HuggingFaceName);
    }

    [Fact]
    public void A_fixed_depth_runs_no_further_than_it_reads()
    {
        using var backend = new CpuBackend(2);
        var (two, three) = (TrainableModel.Random(Config with { Loops = 2 }, 1), TrainableModel.Random(Config, 1));
        var batch = TokenBatch.Of([Document(30, 1)]);

        var report = new TrainingRun(three, backend).Accumulate(batch, new Objective.FixedDepth(2), batch.TargetCount);
        new TrainingRun(two, backend).Accumulate(batch, new Objective.FixedDepth(2), batch.TargetCount);

        report.Loops.ShouldBe(2);
        report.Loss.ShouldBe(report.LossAfter(2));
        GradientsOf(three).ShouldBe(GradientsOf(two));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void A_depth_that_the_model_does_not_have_is_refused(int loop)
    {
        using var backend = new CpuBackend(1);
        var run = new TrainingRun(TrainableModel.Random(Config, 1), backend);

        Should.Throw<ArgumentOutOfRangeException>(() => run.Accumulate(TokenBatch.Of([Document(3, 1)]), new Objective.FixedDepth(loop), 2));
    }

    [Fact]
    public void Objectives_say_what_learns()
    {
        var tensors = ModelTensors.Of(Config);

        tensors.Where(new Objective.Gate(50, 0, GateLabel.Shifted).Trains).ShouldBe(tensors.Where(tensor => tensor.IsGate));
        tensors.Where(new Objective.FixedDepth(1).Trains).ShouldBe(tensors.Where(tensor => !tensor.IsGate));
        tensors.Where(StageOne.Trains).ShouldBe(tensors);
        tensors.Where(new Objective.ExpectedLogits().Trains).ShouldBe(tensors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_pass_that_an_exception_ended_leaves_nothing_behind(bool recompute)
    {
        using var backend = new CpuBackend(2);
        var (spoilt, whole) = (TrainableModel.Random(Config, 1), TrainableModel.Random(Config, 1));
        var options = new TrainingOptions { Recompute = recompute, Storage = StorageType.BF16 };
        var run = new TrainingRun(spoilt, backend, options);
        var (good, bad) = (TokenBatch.Of([Document(20, 1)]), TokenBatch.Of([Document(30, 2)]));
        bad.Targets[^1] = Config.Vocabulary;
        Should.Throw<ArgumentOutOfRangeException>(() => run.Accumulate(bad, StageOne, 29));
        foreach (var parameter in spoilt.Parameters)
            Ouro.Tensors.Gradients.CpuGradients.Clear(parameter.Gradient);

        run.Accumulate(good, StageOne, 19);
        new TrainingRun(whole, backend, options).Accumulate(good, StageOne, 19);

        GradientsOf(spoilt).ShouldBe(GradientsOf(whole));
    }

    [Fact]
    public void Training_lowers_the_loss()
    {
        using var backend = new CpuBackend(2);
        var model = TrainableModel.Random(Config, 1);

        var losses = Learn(model, backend, steps: 30);

        losses[^1].ShouldBeLessThan(losses[0] / 2);
    }

    [Fact]
    public void A_gradient_that_is_not_a_number_changes_nothing()
    {
        using var backend = new CpuBackend(1);
        var model = TrainableModel.Random(Config, 1);
        var before = model.Parameters.SelectMany(parameter => Numbers(parameter.Values)).ToArray();
        model.Parameters[3].Gradient[0][1] = float.NaN;
        var optimizer = new AdamW(model.Parameters, backend);

        double.IsNaN(optimizer.Step(1)).ShouldBeTrue();

        optimizer.Steps.ShouldBe(0);
        model.Parameters.SelectMany(parameter => Numbers(parameter.Values)).ShouldBe(before);
        GradientsOf(model).ShouldAllBe(number => number == 0);
    }

    [Theory]
    [InlineData(UpcycleOrder.BlockWise, new[] { 0, 1, 0, 1 })]
    [InlineData(UpcycleOrder.Interleaved, new[] { 0, 0, 1, 1 })]
    public void A_deeper_model_has_the_layers_of_the_shallower_one(UpcycleOrder order, int[] sources)
    {
        var model = TrainableModel.Random(Config, 1);

        var deeper = model.Upcycle(4, order);

        for (var layer = 0; layer < 4; layer++)
            Numbers(deeper[TensorRole.FeedForwardUp, layer].Values).ShouldBe(Numbers(model[TensorRole.FeedForwardUp, sources[layer]].Values));
        Numbers(deeper[TensorRole.Embedding].Values).ShouldBe(Numbers(model[TensorRole.Embedding].Values));
        Should.Throw<ArgumentException>(() => model.Upcycle(3, order));
    }

    static float[] Gradients(int threads, TrainingOptions options)
    {
        using var backend = new CpuBackend(threads);
        var model = TrainableModel.Random(Config, 1);
        var batch = TokenBatch.Of([Document(70, 1), Document(3, 2), Document(150, 3)]);
        new TrainingRun(model, backend, options).Accumulate(batch, StageOne, batch.TargetCount);
        return GradientsOf(model);
    }

    static List<double> Learn(TrainableModel model, CpuBackend backend, int steps)
    {
        var (run, optimizer, losses) = (new TrainingRun(model, backend), new AdamW(model.Parameters, backend), new List<double>());
        var batch = TokenBatch.Of([Document(20, 1), Document(40, 2)]);
        for (var step = 0; step < steps; step++)
        {
            losses.Add(run.Accumulate(batch, StageOne, batch.TargetCount).Loss);
            optimizer.Step(3e-3);
        }

        return losses;
    }

    static float[] GradientsOf(TrainableModel model) => [.. model.Parameters.SelectMany(parameter => Numbers(parameter.Gradient))];

    static float[] Numbers(Matrix matrix) => [.. Enumerable.Range(0, matrix.Rows).SelectMany(row => matrix[row].ToArray())];

    static Example Document(int tokens, int seed)
    {
        var random = new Random(seed);
        return new Example([.. Enumerable.Range(0, tokens).Select(_ => random.Next(Config.Vocabulary))]);
    }
}
