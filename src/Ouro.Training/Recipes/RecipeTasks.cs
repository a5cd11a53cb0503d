using Ouro.Training.Data;
using Ouro.Training.Tasks;
using Ouro.Training.Tasks.Nano;

namespace Ouro.Training.Recipes;

/// <summary>What a generator gives.</summary>
abstract record TaskExamples
{
    TaskExamples()
    {
    }

    /// <summary>Questions and answers, to be asked as chats of at most so many turns.</summary>
    public sealed record Questions(Func<long, TaskItem> Item, int Turns) : TaskExamples;

    /// <summary>Texts to be read.</summary>
    public sealed record Documents(Func<long, string> Text) : TaskExamples;

    /// <summary>Examples that are ids already, from 0 to one less than <paramref name="Vocabulary"/>.</summary>
    public sealed record Ids(IExampleSource Source, int Vocabulary) : TaskExamples;
}

/// <summary>The generators that a recipe can name, with their settings.</summary>
public static class RecipeTasks
{
    /// <summary>Raised whenever an example of any generator changes: then a run that began before cannot go on, since it would end as neither.</summary>
    internal const int Version = 1;

    const string Kinds = "kinds";

    static readonly RecipeNumber LeastLevel = new("least_level", 1, 1, 1000, IsWhole: true);
    static readonly RecipeNumber MostLevel = new("most_level", 1000, 1, 1000, IsWhole: true);
    static readonly RecipeNumber Prime = new("prime", 23, 2, 100_003, IsWhole: true);
    static readonly RecipeNumber Operators = new("operators", 10, 1, 1000, IsWhole: true);
    static readonly RecipeNumber Turns = new("turns", 1, 1, 100, IsWhole: true);
    static readonly RecipeNumber People = new("people", 20_000, 1, 1e8, IsWhole: true);
    static readonly RecipeNumber World = new("world", 1, 0, 1L << 53, IsWhole: true);
    static readonly RecipeNumber Layers = new("layers", 5, 2, 1000, IsWhole: true);
    static readonly RecipeNumber LayerSize = new("layer_size", 100, 1, 1 << 20, IsWhole: true);
    static readonly RecipeNumber Relations = new("relations", 20, 1, 1 << 20, IsWhole: true);
    static readonly RecipeNumber Hops = new("hops", 3, 1, 999, IsWhole: true);

    static readonly RecipeTask[] All =
    [
        new("nano", [LeastLevel, MostLevel, Turns], (source, seed, split) => Nano(source, seed, split) is var nano
            ? new TaskExamples.Questions(number => nano[number], Whole(source, Turns)) : null!),
        new("nano_text", [MostLevel], (source, seed, _) => new NanoText(seed) { MostLevel = Whole(source, MostLevel) } is var text
            ? new TaskExamples.Documents(number => text[number]) : null!),
        new("mano", [Prime, Operators, Turns], (source, seed, split) => new TaskExamples.Questions(Mano(source, seed, split).InWords, Whole(source, Turns))),
        new("mano_ids", [Prime, Operators], (source, seed, split) => Mano(source, seed, split) is var mano ? new TaskExamples.Ids(mano, mano.VocabularySize) : null!),
        new("capo", [World, People], (source, _, _) => Capo(source) is var capo
            ? new TaskExamples.Documents(number => capo[number].Text) : null!),
        new("multi_hop_facts", [World, Layers, LayerSize, Relations, Hops],
            (source, seed, _) => Hopping(source) is var world ? new TaskExamples.Ids(world.Facts(seed), world.VocabularySize) : null!),
        new("multi_hop_questions", [World, Layers, LayerSize, Relations, Hops],
            (source, seed, split) => Hopping(source) is var world ? new TaskExamples.Ids(world.Questions(seed, split), world.VocabularySize) : null!),
    ];

    /// <summary>The generators' names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(task => task.Name)];

    internal static DataSource.Generated Read(RecipeFields fields)
    {
        var name = fields.Text("task");
        var task = Array.Find(All, task => task.Name == name) ?? throw fields.Wrong("task", $"one of {string.Join(", ", Names)}");
        var settings = task.Numbers.ToDictionary(number => number.Name, number => fields.Number(number), StringComparer.Ordinal);
        var source = new DataSource.Generated(name, settings, name == "nano" ? fields.Texts(Kinds) : []);
        try
        {
            _ = Open(source, seed: 0) is TaskExamples.Questions { Item: var item } ? item(0) : null;
            return source;
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException)
        {
            throw new RecipeException(fields.Place, $"the settings of '{name}' do not go together ({problem.Message.ReplaceLineEndings(" ").TrimEnd('.')}); change one of them.");
        }
    }

    /// <summary>Opens a generator.</summary>
    /// <param name="split">Which questions it gives; what is no question is the same in both.</param>
    internal static TaskExamples Open(DataSource.Generated source, ulong seed, Split split = Split.Train)
        => Array.Find(All, task => task.Name == source.Task)!.Open(source, seed, split);

    /// <summary>The people of a source of biographies.</summary>
    internal static Capo Capo(DataSource.Generated source) => new((ulong)source.Settings[World.Name], Whole(source, People));

    static NanoTasks Nano(DataSource.Generated source, ulong seed, Split split) => new(seed, split)
    {
        LeastLevel = Whole(source, LeastLevel),
        MostLevel = Whole(source, MostLevel),
        Kinds = source.Kinds.Count > 0 ? source.Kinds : NanoTasks.AllKinds,
    };

    static Mano Mano(DataSource.Generated source, ulong seed, Split split) => new(seed, split, Whole(source, Prime), Whole(source, Operators));

    static MultiHop Hopping(DataSource.Generated source)
        => new((ulong)source.Settings[World.Name], Whole(source, Layers), Whole(source, LayerSize), Whole(source, Relations), Whole(source, Hops));

    static int Whole(DataSource.Generated source, RecipeNumber number) => (int)source.Settings[number.Name];

    sealed record RecipeTask(string Name, RecipeNumber[] Numbers, Func<DataSource.Generated, ulong, Split, TaskExamples> Open);
}
