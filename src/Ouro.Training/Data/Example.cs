namespace Ouro.Training.Data;

/// <summary>One document to learn from: what the model sees, and what it is asked for.</summary>
/// <param name="Ids">Token ids, at least two.</param>
/// <param name="FirstTarget">
/// Place in <paramref name="Ids"/> of the first token that the model must predict, at least 1. Tokens before it are only read: the prompt of a
/// chat, for instance.
/// </param>
/// <param name="Asked">
/// By place in <paramref name="Ids"/>: whether that token is asked for; those before <paramref name="FirstTarget"/> never are. Null if all behind it
/// are. A chat of several turns has gaps.
/// </param>
public readonly record struct Example(int[] Ids, int FirstTarget = 1, bool[]? Asked = null)
{
    /// <summary>Rows that this example takes in a batch: each token but the last is an input.</summary>
    public int RowCount => Ids.Length - 1;

    /// <summary>Whether the model must predict the token at a place of <see cref="Ids"/>.</summary>
    public bool IsTarget(int place) => place >= FirstTarget && Asked?[place] != false;
}

/// <summary>Examples by number: the same number always gives the same example, so a run that resumes needs only to know how many it has seen.</summary>
/// <remarks>Implementations may be called from one thread at a time.</remarks>
public interface IExampleSource
{
    /// <summary>The example of a number, from 0; there is no largest.</summary>
    Example this[long number] { get; }
}
