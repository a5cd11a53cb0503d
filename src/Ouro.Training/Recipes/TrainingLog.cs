using System.Text.Json;
using Ouro.Formats;

namespace Ouro.Training.Recipes;

/// <summary>A run's log: one JSON object a line.</summary>
sealed class TrainingLog : IDisposable
{
    readonly FileStream _file;

    TrainingLog(FileStream file) => _file = file;

    /// <summary>Bytes so far.</summary>
    public long Length => _file.Length;

    /// <summary>Opens a log and cuts off what was written after a checkpoint.</summary>
    /// <param name="length">Bytes that belong to the checkpoint; 0 starts again.</param>
    /// <exception cref="ModelFileException">The file cannot be written.</exception>
    public static TrainingLog Open(string path, long length)
    {
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            file.SetLength(Math.Min(length, file.Length));   // a log that somebody shortened is no reason to stop training
            file.Seek(0, SeekOrigin.End);
            return new TrainingLog(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"the log cannot be written ({problem.Reason}); check permissions and free space.", problem);
        }
    }

    public void Add(LogLine line)
    {
        _file.Write(JsonSerializer.SerializeToUtf8Bytes(line, RunJson.Default.LogLine));
        _file.WriteByte((byte)'\n');
        _file.Flush();
    }

    /// <summary>Waits until the disk has everything.</summary>
    public void Settle() => _file.Flush(flushToDisk: true);

    /// <summary>The lines of a log, but for one that is not whole.</summary>
    public static List<LogLine> Read(string path)
    {
        var lines = new List<LogLine>();
        if (!File.Exists(path))
            return lines;

        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (file.ReadLine() is { } text)
        {
            try
            {
                if (JsonSerializer.Deserialize(text, RunJson.Default.LogLine) is { } line)
                    lines.Add(line);
            }
            catch (JsonException)
            {
                // A line that is being written, or that somebody edited.
            }
        }

        return lines;
    }

    public void Dispose() => _file.Dispose();
}
