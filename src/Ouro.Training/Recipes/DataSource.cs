namespace Ouro.Training.Recipes;

/// <summary>Where examples come from.</summary>
public abstract record DataSource
{
    DataSource()
    {
    }

    /// <summary>A generator of examples without end.</summary>
    /// <param name="Task">One of <see cref="RecipeTasks.Names"/>.</param>
    /// <param name="Settings">Every number that the task takes, by name.</param>
    /// <param name="Kinds">Kinds of questions, where the task has several; empty for all.</param>
    public sealed record Generated(string Task, IReadOnlyDictionary<string, double> Settings, IReadOnlyList<string> Kinds) : DataSource;

    /// <summary>Files of text or of JSON lines with <c>text</c> or <c>messages</c>; of chats, only the assistant's tokens are targets.</summary>
    public sealed record Files(IReadOnlyList<string> Paths) : DataSource;

    /// <summary>A folder of token shards that were made with the run's tokenizer.</summary>
    public sealed record Shards(string Folder) : DataSource;
}
