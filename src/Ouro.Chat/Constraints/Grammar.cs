using System.Text.Json;

namespace Ouro.Chat;

/// <summary>What a reply may look like: a set of texts, followed byte by byte. Immutable and safe for any number of threads.</summary>
/// <remarks>
/// Every text that has begun can be completed. Objects and lists nest at most <see cref="MostNesting"/> levels, white space is bounded (a blank
/// behind a colon; a blank, or a new line and up to 20 blanks, behind a bracket or comma and before a closing bracket), numbers have at most 15 digits before
/// the point and 12 behind it unless bounds say otherwise, and strings are valid Unicode. <see cref="ConstrainedChooser"/> keeps a model to it.
/// </remarks>
public sealed class Grammar
{
    /// <summary>Most objects and lists, one inside the other; readers of JSON take 64 by default.</summary>
    public const int MostNesting = 32;

    static readonly Grammar AnyObject = new(JsonParts.Object, []);

    internal Grammar(Node root, IReadOnlyList<string> warnings) => (Root, Warnings) = (root, warnings);

    /// <summary>What was not followed to the letter, one sentence each; usually empty.</summary>
    public IReadOnlyList<string> Warnings { get; }

    internal Node Root { get; }

    /// <summary>What may stand between reasoning and answer: nothing, a blank, or one or two new lines.</summary>
    public static Grammar Gap { get; } = new(JsonParts.Gap, []);

    /// <summary>Any JSON object.</summary>
    public static Grammar AnyJson() => AnyObject;

    /// <summary>Values that fit a JSON schema.</summary>
    /// <remarks>
    /// Everything that is written fits the schema; not everything that fits it is written. Members come in the order in which they are declared, others behind them,
    /// and only where <c>additionalProperties</c> is there and not false, or nothing is declared at all; names and values of <c>const</c> and <c>enum</c> are spelled with as few escapes as can be.
    /// Followed: <c>type</c>, <c>nullable</c>, <c>properties</c>, <c>required</c>, <c>additionalProperties</c>, <c>items</c>, <c>prefixItems</c>, <c>minItems</c>, <c>maxItems</c>, <c>enum</c>, <c>const</c>,
    /// <c>anyOf</c>, <c>oneOf</c> (as <c>anyOf</c>, with a warning), <c>allOf</c> of what can be put together, <c>$ref</c> inside the schema, <c>minLength</c>, <c>maxLength</c>, <c>pattern</c> (see <see cref="Pattern"/>),
    /// <c>format</c> (date, time, date-time, uuid, email, ipv4; others with a warning) and exact bounds of numbers. Unknown keywords are ignored with a warning, other known ones refused.
    /// </remarks>
    /// <exception cref="SchemaException">It cannot be used; the message is one sentence for a person.</exception>
    public static Grammar FromSchema(JsonElement schema) => SchemaReader.Read(schema);

    /// <summary>Just this text.</summary>
    public static Grammar Literal(string text) => new(JsonParts.Literal(text), []);

    /// <summary>One after the other.</summary>
    public static Grammar Sequence(params ReadOnlySpan<Grammar> parts) => Composed(nodes => new SequenceNode(nodes), parts);

    /// <summary>Any one of several.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Grammar OneOf(params ReadOnlySpan<Grammar> alternatives)
        => alternatives.IsEmpty
            ? throw new ArgumentException("A choice needs an alternative.", nameof(alternatives))
            : Composed(nodes => new ChoiceNode(nodes), alternatives);

    /// <summary>Whether a text, in UTF-8, is one of the grammar's.</summary>
    public bool Matches(ReadOnlySpan<byte> text)
    {
        var states = new GrammarStates(this);
        return states.Next(states.Start, text).IsComplete;
    }

    static Grammar Composed(Func<Node[], Node> compose, ReadOnlySpan<Grammar> parts)
    {
        var nodes = new Node[parts.Length];
        var warnings = new List<string>();
        for (var i = 0; i < nodes.Length; i++)
        {
            nodes[i] = parts[i].Root;
            warnings.AddRange(parts[i].Warnings);
        }

        var root = compose(nodes);
        root.Measure();
        return new Grammar(root, [.. warnings.Distinct()]);
    }
}
