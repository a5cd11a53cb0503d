namespace Ouro.Text.Templates;

/// <summary>A stretch of a rendered prompt.</summary>
/// <param name="Text">Not empty.</param>
/// <param name="IsData">Whether it comes from messages, tools or other values, so that nothing in it may become a special token.</param>
public readonly record struct TemplatePart(string Text, bool IsData);
