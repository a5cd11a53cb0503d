using System.CommandLine;
using System.Diagnostics;
using Ouro.Generation;
using Ouro.Training.Recipes;

namespace Ouro.Cli;

/// <summary><c>ouro train</c>: carries out a recipe, from the beginning or from where it was stopped.</summary>
static class TrainCommand
{
    static readonly Setting TokensScale = new("tokens_scale", "Multiplies the tokens of every stage: 0.01 to see whether a recipe works at all.", 1, 1e-9, 1e9);

    public static Command Create()
    {
        var file = new Argument<string>("RECIPE") { Description = "A JSON file that says what to train, on what and for how long; examples are in 'recipes'." };
        var output = new Option<string?>("--output", "-o") { Description = "The folder for the model and, in its folder 'training', log, curves and checkpoint; the recipe says it by default." };
        var stages = new Option<string[]>("--stages") { Description = "Run only these stages, by name.", AllowMultipleArgumentsPerToken = true };
        var scale = SettingOptions.Number(TokensScale);
        var sitting = new SittingOptions();

        var command = new Command("train", "Trains a model by a recipe. Stopped in any way, the same command goes on where it was, bit for bit.")
        {
            file, output, stages, scale,
        };
        sitting.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var recipe = Recipe.Read(parsed.GetRequiredValue(file)) with { TokensScale = parsed.GetValue(scale) ?? 1 };
            if (parsed.GetValue(stages) is { Length: > 0 } names)
                recipe = recipe.Only(names);
            return Sit(recipe, parsed.GetValue(output) ?? recipe.Output, sitting.Of(parsed), cancel);
        }, cancel));
        return command;
    }

    /// <summary>Carries out a recipe before a person's eyes.</summary>
    public static int Sit(Recipe recipe, string folder, RunOptions options, CancellationToken cancel)
    {
        var time = Stopwatch.StartNew();
        using var run = RecipeRun.Open(recipe, folder, options, cancel);
        var noted = Note(run, from: 0);
        Console.Error.WriteLine(run.IsTrained
            ? $"{Front.Plain(recipe.Name)}: all stages are done already; the model is written again (--restart begins anew)"
            : run.IsResumed
            ? $"{Front.Plain(recipe.Name)}: going on after {run.Tokens:N0} tokens"
            : $"{Front.Plain(recipe.Name)}: {run.Model.Config.ParameterCount:N0} parameters, {recipe.Stages.Count} stage{(recipe.Stages.Count == 1 ? "" : "s")}");
        try
        {
            var result = TrainingScreen.Follow(onStep => run.Run(onStep, cancel));
            Note(run, noted);
            Console.WriteLine($"{Front.Plain(result.Path)}: {result.Type}, {Sizes.Text(result.Bytes)}, learnt from {run.Tokens:N0} tokens, {time.Elapsed.TotalSeconds:F1} s");
            return 0;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"{Front.Plain(folder)}: everything up to {run.Tokens:N0} tokens is kept; the same command goes on from there.");
            throw;
        }
    }

    /// <summary>Says what a person has not been told yet.</summary>
    /// <returns>Notes told so far.</returns>
    static int Note(RecipeRun run, int from)
    {
        foreach (var note in run.Notes.Skip(from))
            Console.Error.WriteLine($"note: {Front.Plain(note)}");
        return run.Notes.Count;
    }
}

/// <summary>Options of a sitting: nothing of them changes what comes out.</summary>
sealed class SittingOptions
{
    readonly Option<bool> _restart = new("--restart") { Description = "Forget what an earlier run in the same folder left, begin again, and replace a model that is there." };
    readonly Option<int> _checkpointEvery = SettingOptions.Between("--checkpoint-every", "Seconds from one checkpoint to the next; 0 writes one after each step.", 0, 86_400, 120);

    public void AddTo(Command command)
    {
        command.Options.Add(_restart);
        command.Options.Add(_checkpointEvery);
        command.Options.Add(SettingOptions.Threads);
    }

    public RunOptions Of(ParseResult parsed) => new()
    {
        Restart = parsed.GetValue(_restart),
        CheckpointEvery = TimeSpan.FromSeconds(parsed.GetValue(_checkpointEvery)),
        Threads = parsed.GetValue(SettingOptions.Threads),
    };
}
