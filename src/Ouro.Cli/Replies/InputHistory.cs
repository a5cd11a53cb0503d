using System.Text.Json;
using Ouro.Serving.Store;

namespace Ouro.Cli.Replies;

/// <summary>What was typed, oldest first; it lives on in a file of the store's folder, which only its owner can read.</summary>
/// <remarks>A JSON string a line. What cannot be read or written there is left out: a conversation does not end for that. <c>OURO_NO_HISTORY=1</c> keeps no file.</remarks>
sealed class InputHistory
{
    const int Most = 1_000;
    const int Longest = 20_000;   // characters of an entry

    readonly List<string> _entries = [];
    readonly string? _file;

    InputHistory(string? file) => _file = file;

    public IReadOnlyList<string> Entries => _entries;

    /// <summary>The person's.</summary>
    public static InputHistory Open()
        => Environment.GetEnvironmentVariable("OURO_NO_HISTORY") is { Length: > 0 } ? new InputHistory(null) : Open(Path.Combine(ModelStore.DefaultRoot(), "history.jsonl"));

    /// <summary>The one in a file, or a new one.</summary>
    public static InputHistory Open(string file)
    {
        var history = new InputHistory(file);
        try
        {
            if (File.Exists(file) && new FileInfo(file).Length < 2L * Most * Longest)
                history._entries.AddRange(File.ReadLines(file).Select(Entry).OfType<string>());
            if (history._entries.Count > 2 * Most)
                history.Shorten(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // It begins empty.
        }

        return history;
    }

    /// <summary>One more, unless it is the one before again.</summary>
    public void Add(string text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > Longest || (_entries.Count > 0 && _entries[^1] == text))
            return;

        _entries.Add(text);
        if (_entries.Count > 2 * Most)
            _entries.RemoveRange(0, Most);
        if (_file is not null)
            Append(_file, text);
    }

    static void Append(string file, string text)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var isTorn = IsTorn(file);
            using var writer = Writer(file, FileMode.Append);
            if (isTorn)
                writer.WriteLine();
            writer.WriteLine(JsonSerializer.Serialize(text, PlainJson.Text.String));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // It is known until the program ends.
        }
    }

    /// <summary>True if the last line has no end, as after a crash: what is written next must not be glued to it.</summary>
    static bool IsTorn(string file)
    {
        if (!File.Exists(file))
            return false;

        using var bytes = File.OpenRead(file);
        if (bytes.Length == 0)
            return false;

        bytes.Seek(-1, SeekOrigin.End);
        return bytes.ReadByte() != '\n';
    }

    void Shorten(string file)
    {
        _entries.RemoveRange(0, _entries.Count - Most);
        using var writer = Writer(file, FileMode.Create);
        foreach (var entry in _entries)
            writer.WriteLine(JsonSerializer.Serialize(entry, PlainJson.Text.String));
    }

    static StreamWriter Writer(string file, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new StreamWriter(file, options);
    }

    static string? Entry(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, PlainJson.Default.String);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
