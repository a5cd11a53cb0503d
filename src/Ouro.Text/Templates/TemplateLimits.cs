namespace Ouro.Text.Templates;

/// <summary>How much one rendering may take; a template is a program from a file that nobody has read.</summary>
public sealed record TemplateLimits
{
    /// <summary>Longest source of a template, in UTF-16 units.</summary>
    public const int LongestSource = 256 * 1024;

    /// <summary>Deepest nesting of blocks and brackets in a source, and of lists and dictionaries in values.</summary>
    public const int DeepestNesting = 100;

    /// <summary>Most numbers that <c>range</c> gives.</summary>
    public const int LongestRange = 100_000;

    /// <summary>Most macros that may be under way inside each other.</summary>
    public const int DeepestMacro = 100;

    /// <summary>Longest text that may be made, the output included, in UTF-16 units; 16 Mi by default.</summary>
    public int Characters { get; init; } = 16 * 1024 * 1024;

    /// <summary>Most steps: one for each part of the template each time it is evaluated, for each item of a list made, and for sixteen characters of text made.</summary>
    public long Steps { get; init; } = 10_000_000;

    /// <summary>What a template may take unless something else is said.</summary>
    public static TemplateLimits Default { get; } = new();
}
