using Ouro.Serving.Store;

namespace Ouro.Cli;

/// <summary>The small looped model that comes with the program: trained by this repository's own recipe, so that there is something to talk to.</summary>
static class OwnModel
{
    /// <summary>What it is called in commands that compute with a model.</summary>
    public const string Name = ModelName.BuiltIn;

    const string FileName = "ouro-nano.gguf";

    /// <summary>The path of a model that a person named; no name means this one.</summary>
    /// <exception cref="UserErrorException">There is no such model.</exception>
    public static string PathOf(string? model) => Find(model).Path;

    /// <summary>The model that a person named: a file or folder if there is one, else this model by its <see cref="Name"/>, else one of the store.</summary>
    /// <exception cref="UserErrorException">There is no such model.</exception>
    public static (string Path, StoredModel? Stored) Find(string? model)
    {
        if (model is null || (model == Name && !ModelStore.IsModelPath(model)))
            return (Own(), null);
        if (ModelStore.IsModelPath(model) || !ModelName.TryParse(model, out var name))
            return (model, null);
        if (new ModelStore().Find(name) is { } stored)
            return (stored.Path, stored);
        if (name.IsBuiltIn)
            return (Own(), null);

        if (Path.Exists(model))
            return (model, null);   // what is there has a sentence of its own

        throw new UserErrorException($"{model}: there is no such file or folder, and no model of that name in the store. 'ouro list' shows those that there are, 'ouro pull' fetches others.");
    }

    /// <summary>Where this model lies; null if it is not there.</summary>
    public static string? PathIfAny => Path.Combine(AppContext.BaseDirectory, FileName) is var path && File.Exists(path) ? path : null;

    static string Own() => PathIfAny ?? throw new UserErrorException(
        $"{Path.Combine(AppContext.BaseDirectory, FileName)}: the model that comes with this program is not beside it. Name another model, or install the program again.");
}
