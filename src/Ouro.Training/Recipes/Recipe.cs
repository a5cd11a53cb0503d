using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ouro.Formats;
using Ouro.Model;

namespace Ouro.Training.Recipes;

/// <summary>What training begins with.</summary>
public abstract record ModelStart
{
    ModelStart()
    {
    }

    /// <summary>Random weights.</summary>
    /// <param name="Measures">The measures but for the vocabulary, which is the tokenizer's.</param>
    public sealed record Fresh(OuroConfig Measures) : ModelStart;

    /// <summary>A checkpoint: a folder, a .safetensors or a .gguf file.</summary>
    public sealed record From(string Path) : ModelStart;
}

/// <summary>Where the tokenizer comes from.</summary>
public abstract record TokenizerStart
{
    TokenizerStart()
    {
    }

    /// <summary>Learnt from text before the first stage.</summary>
    /// <param name="Vocabulary">Tokens, special ones included.</param>
    /// <param name="Sources">Names of sources whose examples it is learnt from.</param>
    /// <param name="Examples">How many of each generator's examples; files are read whole.</param>
    public sealed record Trained(int Vocabulary, IReadOnlyList<string> Sources, int Examples) : TokenizerStart;

    /// <summary>A tokenizer.json, a folder with one, or a model that has one.</summary>
    public sealed record File(string Path) : TokenizerStart;

    /// <summary>The published one of the Ouro models.</summary>
    public sealed record Published : TokenizerStart;

    /// <summary>None: every source gives ids, and the model knows no text.</summary>
    /// <param name="Vocabulary">Ids run from 0 to one less.</param>
    public sealed record IdsOnly(int Vocabulary) : TokenizerStart;
}

/// <summary>Everything that a training run does, in order. Immutable; one that exists has been checked as far as it can be without its files.</summary>
public sealed record Recipe
{
    const long LargestFile = 4 << 20;

    internal static readonly RecipeNumber Threshold = new("exit_threshold", 1, 0.001, 1);

    /// <summary>What people call the model.</summary>
    public required string Name { get; init; }

    /// <summary>Another seed gives other first weights and another order of examples.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What training begins with.</summary>
    public required ModelStart Start { get; init; }

    /// <summary>Where the tokenizer comes from.</summary>
    public required TokenizerStart Tokenizer { get; init; }

    /// <summary>Where the result goes if nobody says otherwise.</summary>
    public required string Output { get; init; }

    /// <summary>What the result's weights are stored as: BF16, F16 or F32.</summary>
    public required ElementType OutputType { get; init; }

    /// <summary>The exit threshold that the result tells those who do not choose one, in (0, 1]; null leaves it as it was.</summary>
    public float? ExitThreshold { get; init; }

    /// <summary>Sources by name.</summary>
    public required IReadOnlyDictionary<string, DataSource> Sources { get; init; }

    /// <summary>The stages in order, at least one.</summary>
    public required IReadOnlyList<Stage> Stages { get; init; }

    /// <summary>Every stage's tokens are multiplied by this.</summary>
    public double TokensScale { get; init => field = new RecipeNumber("tokens scale", 1, 1e-9, 1e9).Check(value); } = 1;

    /// <summary>Steps from one line of the log to the next.</summary>
    public required int LogSteps { get; init; }

    /// <summary>The recipe's JSON without comments and white space.</summary>
    public required string Json { get; init; }

    /// <summary>
    /// Differs for recipes that differ in anything but comments and white space, and where generators have changed (<see cref="RecipeTasks.Version"/>).
    /// Files that a recipe names do not count.
    /// </summary>
    public string Fingerprint
    {
        get
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{RecipeTasks.Version}\n{Json}\n{TokensScale:R}\n{string.Join('\n', Stages.Select(stage => stage.Name))}");
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        }
    }

    /// <summary>Reads a recipe. Paths in it are relative to its own folder.</summary>
    /// <exception cref="RecipeException">It is missing, no JSON, or says something that cannot be done.</exception>
    public static Recipe Read(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > LargestFile } file)
                throw new RecipeException(path, $"has {file.Length:N0} bytes, which is no recipe: name a JSON file that says what to train.");
            return Parse(File.ReadAllText(path), path, Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RecipeException(path, "there is no such file; name a recipe, such as one in the folder 'recipes'.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new RecipeException(path, $"cannot be read ({problem.Reason}); name a recipe.");
        }
    }

    /// <summary>Reads a recipe from its text.</summary>
    /// <param name="place">What to call it in messages.</param>
    /// <param name="folder">What paths in it are relative to.</param>
    /// <exception cref="RecipeException">It is no JSON, or says something that cannot be done.</exception>
    public static Recipe Parse(string json, string place, string folder)
    {
        var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };
        try
        {
            using var document = JsonDocument.Parse(json, options);
            return new RecipeReader(place, folder).Read(document.RootElement);
        }
        catch (JsonException problem)
        {
            var line = problem.LineNumber is { } number ? $" in line {number + 1}" : "";
            throw new RecipeException(place, $"is not valid JSON{line}, or names something twice ({problem.Message.Split(" LineNumber")[0].TrimEnd('.')}); mend it.");
        }
        catch (InvalidOperationException problem) when (problem.Source == "System.Text.Json")
        {
            throw new RecipeException(place, "holds half a character (an unpaired surrogate); mend it.");
        }
    }

    /// <summary>The same recipe with only some of its stages.</summary>
    /// <exception cref="RecipeException">There is no stage of a name.</exception>
    public Recipe Only(IReadOnlyCollection<string> stages)
    {
        var unknown = stages.FirstOrDefault(name => Stages.All(stage => stage.Name != name));
        return unknown is null
            ? this with { Stages = [.. Stages.Where(stage => stages.Contains(stage.Name))] }
            : throw new RecipeException($"there is no stage {unknown.Quoted} in this recipe; it has {string.Join(", ", Stages.Select(stage => stage.Name))}.");
    }

    /// <summary>The model's measures in each stage.</summary>
    /// <exception cref="RecipeException">A stage does not fit the model.</exception>
    public IReadOnlyList<OuroConfig> Configs(OuroConfig start)
    {
        var configs = new List<OuroConfig>();
        foreach (var stage in Stages)
            configs.Add(stage.Changed(configs.LastOrDefault() ?? start));
        return configs;
    }
}
