namespace Ouro.Text.Templates;

/// <summary>Why a chat template gave no prompt.</summary>
public enum TemplateFault
{
    /// <summary>The source is not the language of templates, or not the part of it that is known here.</summary>
    Syntax,

    /// <summary>The template did something impossible with its values, such as adding a text to a number.</summary>
    Evaluation,

    /// <summary>The template asked for more output, steps or nesting than is allowed.</summary>
    Limit,

    /// <summary>The template itself refuses the conversation, by <c>raise_exception</c>.</summary>
    Refusal,
}

/// <summary>A chat template cannot be read or rendered. The message is one line for a person: place, finding, expectation.</summary>
public sealed class TemplateException : Exception
{
    internal TemplateException(TemplateFault fault, int line, int column, string problem)
        : base($"The chat template, line {line}, column {column}: {problem}")
        => (Fault, Line, Column) = (fault, line, column);

    /// <summary>Whose mistake it is.</summary>
    public TemplateFault Fault { get; }

    /// <summary>Where in the source, from 1.</summary>
    public int Line { get; }

    /// <summary>Where in the line, in UTF-16 units from 1.</summary>
    public int Column { get; }
}
