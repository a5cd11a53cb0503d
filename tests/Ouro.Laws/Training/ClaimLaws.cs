using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Tensors;
using Ouro.Text;
using Ouro.Training;
using Ouro.Training.Recipes;
using Ouro.Training.Tasks;

namespace Ouro.Laws.Training;

/// <summary>What comparisons of shapes stand on: recipes that differ in depth alone, questions that training never shows, and bits that are counted right.</summary>
public sealed class ClaimLaws
{
    [Theory]
    [InlineData("mano", "2x1 2x4 8x1")]
    [InlineData("multi-hop", "2x1 2x4 8x1")]
    [InlineData("capo", "2x1-width-24 2x4-width-24")]
    public void Recipes_of_a_claim_differ_in_layers_and_loops_alone(string claim, string names)
    {
        var recipes = names.Split(' ').Select(name => Recipe.Read(Repository.Path($"recipes/claims/{claim}-{name}.json"))).ToArray();
        var measures = recipes.Select(recipe => ((ModelStart.Fresh)recipe.Start).Measures).ToArray();

        foreach (var (recipe, own) in recipes.Zip(measures))
        {
            (own with { Layers = 1, Loops = 1 }).ShouldBe(measures[0] with { Layers = 1, Loops = 1 });
            recipe.Tokenizer.ShouldBeEquivalentTo(recipes[0].Tokenizer);
            recipe.Seed.ShouldBe(recipes[0].Seed);
            recipe.Sources.Keys.ShouldBe(recipes[0].Sources.Keys);
            foreach (var (name, source) in recipe.Sources)
                ((DataSource.Generated)source).Settings.ShouldBe(((DataSource.Generated)recipes[0].Sources[name]).Settings);

            var (learning, first) = (recipe.Stages[0], recipes[0].Stages[0]);
            learning.Mix.ShouldBe(first.Mix);
            (learning.Tokens, learning.Rows, learning.Longest, learning.LearningRate, learning.WeightDecay, learning.Clip)
                .ShouldBe((first.Tokens, first.Rows, first.Longest, first.LearningRate, first.WeightDecay, first.Clip));
            recipe.Stages.Skip(1).ShouldAllBe(stage => stage.Objective is Objective.Gate);
        }

        measures[1].ParameterCount.ShouldBe(measures[0].ParameterCount);
        if (measures.Length == 3)
            (measures[1].Layers * measures[1].Loops).ShouldBe(measures[2].Layers * measures[2].Loops);
    }

    [Theory]
    [InlineData("mano-2x4")]
    [InlineData("multi-hop-2x4")]
    public void Questions_to_test_with_are_never_learnt_from(string name)
    {
        var recipe = Recipe.Read(Repository.Path($"recipes/claims/{name}.json"));
        foreach (var source in recipe.Sources.Values.Cast<DataSource.Generated>().Where(source => source.Task != "multi_hop_facts"))
        {
            var (learnt, kept) = (Drawn(source, seed: 1, Split.Train), Drawn(source, seed: 2, Split.HeldOut));

            kept.Count.ShouldBeGreaterThan(100);
            kept.Where(learnt.Contains).ShouldBeEmpty();
        }

        static HashSet<string> Drawn(DataSource.Generated source, ulong seed, Split split)
        {
            var ids = (TaskExamples.Ids)RecipeTasks.Open(source, seed, split);
            return [.. Enumerable.Range(0, 3000).Select(number => string.Join(' ', ids.Source[number].Ids))];
        }
    }

    [Fact]
    public void Bits_learnt_are_those_that_the_values_no_longer_cost()
    {
        using var backend = new CpuBackend(1);
        var capo = new Capo(3, people: 4);
        var tokenizer = new Tokenizer(new BpeTrainer { VocabularySize = 400 }.Train(Enumerable.Range(0, 200).Select(n => capo[n].Text)));
        var model = TrainableModel.Random(
            new OuroConfig { Layers = 1, Width = 24, Heads = 2, KvHeads = 2, HeadSize = 12, FeedForwardWidth = 32, Vocabulary = tokenizer.Vocabulary.Count, Loops = 2, ContextTokens = 512 }, 1);
        var run = new TrainingRun(model, backend);
        Learn(model, run, backend, capo, tokenizer);

        var learnt = CapoKnowledge.LearntBits(run, capo, tokenizer);

        CapoKnowledge.LearntBits(run, capo, tokenizer, rowsAtOnce: 1).ShouldBe(learnt, 0.01);
        using var weights = model.Weights();
        for (var loop = 1; loop <= 2; loop++)
            learnt[loop - 1].ShouldBe(Math.Max(0, capo.ValueBits - Costs(new OuroModel(weights, backend), loop, capo, tokenizer)), 0.05);
        learnt[^1].ShouldBeInRange(capo.ValueBits * 0.02, capo.ValueBits);
    }

    static void Learn(TrainableModel model, TrainingRun run, CpuBackend backend, Capo capo, Tokenizer tokenizer)
    {
        var optimizer = new AdamW(model.Parameters, backend);
        for (var step = 0; step < 300; step++)
        {
            var batch = Ouro.Training.Data.TokenBatch.Of([.. Enumerable.Range(step * 4, 4).Select(n => Capo.Encode(capo[n], tokenizer).Example)]);
            run.Accumulate(batch, new Objective.EntropyRegularised(0.05f), batch.TargetCount);
            optimizer.Step(1e-2);
        }
    }

    /// <summary>Bits that all values cost, token by token, in the forward pass that answers people.</summary>
    static double Costs(OuroModel model, int loop, Capo capo, Tokenizer tokenizer)
    {
        var bits = 0.0;
        for (var person = 0; person < capo.People; person++)
        {
            var (example, spans) = Capo.Encode(capo[((1L << 32) * capo.People) + person], tokenizer);
            var trace = Trace.Run(model, example.Ids.AsSpan(..^1), new ExitRule(model.Config.Loops), ElementType.F32);
            foreach (var place in spans.SelectMany(span => Enumerable.Range(span.Start.Value, span.End.Value - span.Start.Value)))
            {
                var logits = trace.Loops[loop - 1].Logits[place - 1];
                bits += (Math.Log(logits.Sum(x => Math.Exp(x))) - logits[example.Ids[place]]) / Math.Log(2);
            }
        }

        return bits;
    }
}
