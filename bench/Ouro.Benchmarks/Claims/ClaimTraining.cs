using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ouro.Model;
using Ouro.Training;
using Ouro.Training.Recipes;

namespace Ouro.Benchmarks.Claims;

/// <summary>A recipe carried out with one seed.</summary>
/// <param name="Recipe">With its seed.</param>
/// <param name="Folder">Where the model lies.</param>
/// <param name="Tokens">Learnt from.</param>
/// <param name="Seconds">Of training, all sittings together.</param>
sealed record ClaimRun(Recipe Recipe, string Folder, TrainableModel Model, long Tokens, double Seconds)
{
    public OuroConfig Config => Model.Config;

    /// <summary>Layers x loops.</summary>
    public string Shape => string.Create(CultureInfo.InvariantCulture, $"{Config.Layers} x {Config.Loops}");

    /// <summary>Layers that a token goes through.</summary>
    public int Unrolled => Config.Layers * Config.Loops;
}

/// <summary>Trains the recipes of a claim with several seeds, each in a folder of its own; what is trained already is taken as it is.</summary>
/// <param name="folder">Where the runs go.</param>
/// <param name="seeds">Seeds 1 to this.</param>
/// <param name="tokensScale">Multiplies the tokens of every stage.</param>
sealed class ClaimTraining(string folder, int seeds, double tokensScale, CancellationToken cancel)
{
    static readonly JsonDocumentOptions WithComments = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public int Seeds => seeds;

    public double TokensScale => tokensScale;

    /// <summary>The runs of all recipes whose file begins with the claim's name: by recipe, and in it by seed.</summary>
    public IReadOnlyList<ClaimRun[]> Train(string claim)
    {
        var files = Directory.GetFiles(Repository.Path("recipes", "claims"), $"{claim}-*.json").Order(StringComparer.Ordinal).ToArray();
        var runs = files.Select(_ => new ClaimRun[seeds]).ToArray();
        for (var seed = 0; seed < seeds; seed++)
            for (var i = 0; i < files.Length; i++)
                runs[i][seed] = Train(files[i], seed + 1);

        return [.. runs.OrderBy(run => run[0].Unrolled).ThenBy(run => run[0].Config.ParameterCount)];
    }

    ClaimRun Train(string file, int seed)
    {
        var json = JsonNode.Parse(File.ReadAllText(file), documentOptions: WithComments)!;
        json["seed"] = seed;
        var recipe = Recipe.Parse(json.ToJsonString(), file, Path.GetDirectoryName(file)!) with { TokensScale = tokensScale };
        var name = string.Create(CultureInfo.InvariantCulture, $"{recipe.Name}, seed {seed}, scale {tokensScale}");
        var place = Path.Combine(folder, name.Replace(", ", "-", StringComparison.Ordinal).Replace(' ', '-'));
        using var run = RecipeRun.Open(recipe, place, new RunOptions());
        var told = 0.0;
        if (!run.IsTrained)
            Console.Error.WriteLine($"{name}: {run.Model.Config.ParameterCount:N0} parameters");
        run.Run(Tell, cancel);
        var last = TrainingLog.Read(Path.Combine(place, "training", "log.jsonl"))[^1];
        return new ClaimRun(recipe, place, run.Model, last.Tokens, last.Seconds);

        void Tell(StepReport step)
        {
            if (step.Done - told < 0.1 && step.Done < 1)
                return;
            told = step.Done;
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name}: {step.Done:P0}, {step.StageName}, loss {step.Loss.Loss:F3}, {step.TokensPerSecond:N0} tokens/s, {step.Left?.TotalSeconds ?? 0:F0} s left"));
        }
    }
}
