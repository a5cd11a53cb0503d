using System.Globalization;

namespace Ouro.Training.Recipes;

/// <summary>A number that a recipe can give, described once: its name, what holds if nobody says anything, and its limits.</summary>
/// <param name="Name">As in the recipe.</param>
/// <param name="Default">NaN if the recipe must give it.</param>
/// <param name="Low">The least allowed value.</param>
/// <param name="High">The greatest allowed value.</param>
/// <param name="IsWhole">True if only whole numbers make sense.</param>
public sealed record RecipeNumber(string Name, double Default, double Low, double High, bool IsWhole = false)
{
    /// <summary>Returns a value that is allowed.</summary>
    /// <exception cref="RecipeException">It is not.</exception>
    public double Check(double value) => value >= Low && value <= High && (!IsWhole || double.IsInteger(value))
        ? value
        : throw new RecipeException(string.Create(
            CultureInfo.InvariantCulture, $"'{Name}' is {value}, but it must be a {(IsWhole ? "whole number" : "number")} from {Low} to {High}."));

    /// <inheritdoc cref="Check(double)"/>
    public int Check(int value) => (int)Check((double)value);

    /// <inheritdoc cref="Check(double)"/>
    public long Check(long value) => (long)Check((double)value);
}
