namespace Ouro.Training.Recipes;

/// <summary>A recipe, or what a run of it finds, cannot be used. The message is one line for a person: place, finding, expectation, next step.</summary>
public sealed class RecipeException : Exception
{
    /// <param name="problem">What was found, what was expected and what to do about it.</param>
    public RecipeException(string problem)
        : base(problem)
    {
    }

    /// <param name="place">The file, and the part of it that is at fault.</param>
    /// <param name="problem">What was found, what was expected and what to do about it.</param>
    public RecipeException(string place, string problem)
        : base($"{place}: {problem}")
        => HasPlace = true;

    /// <summary>True if the message names the part at fault; a value that is checked by itself does not know where it stands.</summary>
    internal bool HasPlace { get; }
}
