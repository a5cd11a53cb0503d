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

    /// <summary>Bytes are missing at the end, as after a download that broke off.</summary>
    /// <param name="finding">How many are needed and how many are there, without a full stop.</param>
    internal static ModelFileException Incomplete(string path, string finding)
        => new(path, $"{finding}. The download is probably incomplete; fetch the file again.");

    /// <summary>The bytes contradict the format or themselves, and only another copy can help.</summary>
    /// <param name="finding">What was found and what was expected, without a full stop.</param>
    internal static ModelFileException Damaged(string path, string finding)
        => new(path, $"{finding}; the file is damaged, so fetch it again.");
}
