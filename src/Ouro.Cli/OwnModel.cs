namespace Ouro.Cli;

/// <summary>The small looped model that comes with the program: trained by this repository's own recipe, so that there is something to talk to.</summary>
static class OwnModel
{
    /// <summary>What it is called in commands that compute with a model.</summary>
    public const string Name = "nano";

    const string FileName = "ouro-nano.gguf";

    /// <summary>The path of a model that a person named; no name means this one, and so does <see cref="Name"/> unless something lies there.</summary>
    /// <exception cref="UserErrorException">Its file is not beside the program.</exception>
    public static string PathOf(string? model)
    {
        if (model is not null && (model != Name || Path.Exists(model)))
            return model;

        var path = Path.Combine(AppContext.BaseDirectory, FileName);
        return File.Exists(path) ? path : throw new UserErrorException(
            $"{path}: the model that comes with this program is not beside it. Name another model, or install the program again.");
    }
}
