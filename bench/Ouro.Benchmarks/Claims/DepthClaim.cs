using System.Globalization;
using Ouro.Training.Data;
using Ouro.Training.Recipes;
using Ouro.Training.Tasks;

namespace Ouro.Benchmarks.Claims;

/// <summary>Questions whose answers take steps, and what the paper says about them.</summary>
/// <param name="Name">Begins the names of its recipes.</param>
/// <param name="Steps">What a step is called.</param>
/// <param name="StepsOf">Steps of an example.</param>
/// <param name="Questions">Drawn of each source to test with.</param>
/// <param name="Note">How the task is made smaller than the paper's, and which questions are asked.</param>
/// <param name="PaperOnParameters">Looped against not looped, at equal parameters.</param>
/// <param name="PaperOnDepth">The same at equal layers run.</param>
sealed record DepthClaim(
    string Name, string Steps, Func<Example, int> StepsOf, int Questions, string Note, string PaperOnParameters, string PaperOnDepth)
{
    public static readonly DepthClaim Mano = new(
        "mano", "operators", example => (example.Ids.Length - 5) / 2, 6000,
        "Trees of 1 to 6 operators modulo 5 (in the paper 10 to 24 operators modulo 23), drawn as in training but from those kept back from it; only a few of the 75 questions "
            + "of one operator are. All models see the same number of questions, so a deeper or a looped one computes as much more as it runs more layers.",
        "10 operators modulo 23, width 1024: 98.1 % (2 x 6), 21.5 % (2 x 1)",
        "98.1 % (2 x 6), 93.6 % (12 x 1): looped is better");

    public static readonly DepthClaim MultiHop = new(
        "multi-hop", "hops", example => example.Ids.Length - 4, 1000,
        "120 entities in 4 layers, 8 relations (in the paper 500, 5 and 20). One hop is a fact that training tells again and again; questions of two and three hops are those kept back from it, "
            + "120 and about 960 different ones. All models see the same number of examples.",
        "6 layers looped 1, 2 and 4 times: with more loops fewer different questions are needed, and learning is faster",
        "compared with 24 x 1 too; no numbers are known to us");

    /// <summary>Questions to test with, of every source of a recipe: of those that training does not show, where there are such.</summary>
    public IEnumerable<Example> Ask(Recipe recipe)
        => recipe.Sources.Values.Cast<DataSource.Generated>()
            .Select(source => RecipeTasks.Open(source, seed: 1_000_003, Split.HeldOut)).Cast<TaskExamples.Ids>()
            .SelectMany(ids => Enumerable.Range(0, Questions).Select(number => ids.Source[number]));

    /// <summary>The share of the most frequent answer, which needs no question.</summary>
    public static double Guessed(IReadOnlyCollection<Example> examples)
        => (double)examples.CountBy(example => example.Ids[^1]).Max(answer => answer.Value) / examples.Count;

    /// <summary>A cell's heading for a number of steps.</summary>
    public string Heading(int steps) => string.Create(CultureInfo.InvariantCulture, $"{steps} {(steps == 1 ? Steps.TrimEnd('s') : Steps)}, %");
}
