namespace Ouro.Chat;

/// <summary>A JSON schema cannot be used to write by. The message is one sentence for a person: place, finding, next step.</summary>
public sealed class SchemaException : Exception
{
    /// <param name="pointer">The place in the schema, as a JSON pointer that begins with #.</param>
    /// <param name="problem">What was found there and what to do about it, without a full stop.</param>
    public SchemaException(string pointer, string problem)
        : base($"the JSON schema cannot be used, at {Formats.Quoting.Quote(pointer)}: {problem}.")
        => Pointer = pointer;

    /// <summary>The place in the schema, as a JSON pointer that begins with #.</summary>
    public string Pointer { get; }
}
