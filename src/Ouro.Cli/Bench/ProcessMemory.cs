using System.Globalization;

namespace Ouro.Cli.Bench;

/// <summary>The memory of a process, in bytes, from Linux's own counters.</summary>
/// <param name="Resident">Pages in memory now, those of mapped files included.</param>
/// <param name="Peak">The most that was ever resident, or since <see cref="ResetPeak"/>.</param>
/// <param name="Own">Of the resident ones, those that are no file's: what other programs cannot have.</param>
readonly record struct ProcessMemory(long Resident, long Peak, long Own)
{
    /// <summary>Null where it is not known, or when the process has ended.</summary>
    /// <param name="process">Its id; this process by default.</param>
    public static ProcessMemory? Read(int? process = null)
    {
        var path = $"/proc/{process?.ToString(CultureInfo.InvariantCulture) ?? "self"}/status";
        try
        {
            if (!File.Exists(path))
                return null;

            var lines = File.ReadAllLines(path);
            return Find(lines, "VmRSS:") is { } resident && Find(lines, "VmHWM:") is { } peak && Find(lines, "RssAnon:") is { } own
                ? new(resident, peak, own)
                : null;
        }
        catch (IOException)
        {
            return null;   // it has ended meanwhile
        }
    }

    /// <summary>Counts the peak of this process from now on, where the system lets it.</summary>
    public static void ResetPeak()
    {
        try
        {
            if (OperatingSystem.IsLinux())
                File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Then the peak is that of the whole process.
        }
    }

    static long? Find(string[] lines, string name)
        => Array.Find(lines, line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? 1024 * long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture)
            : null;
}
