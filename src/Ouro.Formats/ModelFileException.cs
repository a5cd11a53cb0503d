namespace Ouro.Formats;

/// <summary>A model file cannot be used. The message is one line for a person: place, finding, expectation, next step.</summary>
public sealed class ModelFileException : Exception
{
    /// <param name="path">The file or folder at fault.</param>
    /// <param name="problem">What was found, what was expected and what to do about it.</param>
    public ModelFileException(string path, string problem)
        : base($"{path}: {problem}")
        => Path = path;

    /// <param name="path">The file or folder at fault.</param>
    /// <param name="problem">What was found, what was expected and what to do about it.</param>
    /// <param name="cause">The system's own report, kept for whoever debugs.</param>
    public ModelFileException(string path, string problem, Exception cause)
        : base($"{path}: {problem}", cause)
        => Path = path;

    /// <summary>The file or folder at fault.</summary>
    public string Path { get; }
}
