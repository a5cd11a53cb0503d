using Ouro.Formats;
using Ouro.Generation;
using Ouro.Laws.Generation;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Tensors;
using Ouro.Training;
using Ouro.Training.Data;

namespace Ouro.Laws.Training;

/// <summary>Scores say what writing would, without writing.</summary>
public sealed class ScoreLaws
{
    const int PromptTokens = 5;
    const int AnswerTokens = 3;
    const int Questions = 30;

    static readonly OuroConfig Config = new()
    {
        Layers = 1,
        Width = 24,
        Heads = 2,
        KvHeads = 2,
        HeadSize = 12,
        FeedForwardWidth = 32,
        Vocabulary = 11,
        Loops = 4,
    };

    static readonly double[] Thresholds = [0.2, 0.5, 0.8, 1];

    [Fact]
    public void An_answer_is_exact_where_greedy_writing_gives_it()
    {
        using var backend = new CpuBackend(1);
        var trained = Undecided();
        using var weights = trained.Weights();
        var model = new OuroModel(weights, backend);
        ExitRule[] rules = [.. Enumerable.Range(1, Config.Loops).Select(loops => new ExitRule(loops)), .. Thresholds.Select(threshold => new ExitRule(Config.Loops, threshold))];
        var prompts = Enumerable.Range(0, Questions).Select(Prompt).ToArray();
        var written = prompts.Select(prompt => rules.Select(rule => Written(model, rule, prompt)).ToArray()).ToArray();
        var examples = prompts.Select((prompt, i) => new Example([.. prompt, .. written[i][i % rules.Length].Select(token => token.Id)], FirstTarget: PromptTokens)).ToArray();

        var scores = new Scores(Config.Loops, Thresholds);
        scores.Ask(new TrainingRun(trained, backend), examples, example => Array.IndexOf(examples, example));

        for (var i = 0; i < Questions; i++)
        {
            for (var rule = 0; rule < rules.Length; rule++)
            {
                var score = rule < Config.Loops ? scores.AtDepth(rule + 1, i) : scores.AtThreshold(Thresholds[rule - Config.Loops], i);
                var isWritten = written[i][rule].Select(token => token.Id).SequenceEqual(examples[i].Ids[PromptTokens..]);
                (score.Asked, score.Exact, score.Tokens).ShouldBe((1, isWritten ? 1 : 0, AnswerTokens), $"question {i}, rule {rule}");
                if (isWritten)
                    score.Depths.ShouldBe(written[i][rule].Sum(token => token.Depth));
            }
        }

        scores.AtDepth(1).Exact.ShouldBeInRange(1, Questions - 1);
        scores.AtThreshold(0.5).MeanDepth.ShouldBeInRange(1.1, Config.Loops - 0.1);
    }

    [Fact]
    public void Groups_add_up_and_batches_do_not_matter()
    {
        using var backend = new CpuBackend(1);
        var run = new TrainingRun(Undecided(), backend);
        var examples = Enumerable.Range(0, 60).Select(n => new Example(Prompt(n), FirstTarget: 1 + (n % 4))).ToArray();
        var (one, many) = (new Scores(Config.Loops, Thresholds), new Scores(Config.Loops, Thresholds));

        one.Ask(run, examples, example => example.FirstTarget);
        many.Ask(run, examples, example => example.FirstTarget, rowsAtOnce: 7);

        one.Groups.ShouldBe([1, 2, 3, 4]);
        for (var loop = 1; loop <= Config.Loops; loop++)
        {
            one.AtDepth(loop).ShouldBe(one.Groups.Select(group => one.AtDepth(loop, group)).Aggregate((left, right) => left + right));
            one.AtDepth(loop).ShouldBe(many.AtDepth(loop));
            one.AtDepth(loop).MeanDepth.ShouldBe(loop);
        }

        Thresholds.Select(threshold => one.AtThreshold(threshold).MeanDepth).ShouldBeInOrder();
        one.AtThreshold(0.5).ShouldBe(many.AtThreshold(0.5));
        one.AtThreshold(1).ShouldBe(one.AtDepth(Config.Loops));
        one.AtDepth(1).Asked.ShouldBe(60);
        double.IsNaN(one.AtDepth(1, group: 9).Share).ShouldBeTrue();
    }

    [Fact]
    public void A_mean_depth_between_two_fixed_ones_lies_on_the_line_between_them()
    {
        using var backend = new CpuBackend(1);
        var scores = new Scores(Config.Loops);
        scores.Ask(new TrainingRun(Undecided(), backend), Enumerable.Range(0, 200).Select(n => new Example(Prompt(n), FirstTarget: PromptTokens - 1)), _ => 0);
        var shares = Enumerable.Range(1, Config.Loops).Select(loop => scores.AtDepth(loop).Share).ToArray();

        scores.FixedShareAt(1).ShouldBe(shares[0]);
        scores.FixedShareAt(2.25).ShouldBe((0.75 * shares[1]) + (0.25 * shares[2]), 1e-12);
        scores.FixedShareAt(Config.Loops).ShouldBe(shares[^1]);
    }

    [Fact]
    public void What_cannot_be_scored_is_refused()
    {
        using var backend = new CpuBackend(1);

        Should.Throw<ArgumentOutOfRangeException>(() => new Scores(0));
        Should.Throw<ArgumentOutOfRangeException>(() => new Scores(2, 0.5, double.NaN));
        Should.Throw<ArgumentOutOfRangeException>(() => new Scores(2, 0.0));
        Should.Throw<ArgumentException>(() => new Scores(2, 0.5).AtThreshold(0.6));
        Should.Throw<ArgumentException>(() => new Scores(2).Ask(new TrainingRun(Undecided(), backend), [new Example(Prompt(0))], _ => 0)).Message.ShouldContain("4 loops");
    }

    /// <summary>A model whose gate thinks something else of each token.</summary>
    static TrainableModel Undecided()
    {
        var model = TrainableModel.Random(Config, 5);
        new GaussianNumbers(6, 0).Fill(model[TensorRole.GateWeight].Values[0], 0, 0.5f);
        model[TensorRole.GateBias].Values[0][0] = -0.5f;
        foreach (var parameter in model.Parameters.Where(parameter => parameter.Tensor.IsSecondNorm))
            parameter.Values[0].Fill(1);    // so that every loop says something else
        return model;
    }

    static int[] Prompt(int number)
    {
        var random = new Random(number);
        return [.. Enumerable.Range(0, PromptTokens).Select(_ => random.Next(Config.Vocabulary))];
    }

    static GeneratedToken[] Written(OuroModel model, ExitRule rule, int[] prompt)
    {
        using var writing = new PlainDecoding(model, new SequenceOptions(rule, ContextTokens: 16) { KvType = ElementType.F32 });
        return [.. writing.Write(prompt, new Sampler(SamplingOptions.Greedy, Config.Vocabulary), AnswerTokens, new HashSet<int>(), context: 16).Select(one => one.Token)];
    }
}
