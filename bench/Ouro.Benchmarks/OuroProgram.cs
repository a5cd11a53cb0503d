using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ouro.Cli.Bench;

namespace Ouro.Benchmarks;

/// <summary>What one run of the program took. Memory is in bytes and at its peak; null where the system does not tell.</summary>
/// <param name="FirstText">Seconds from the start of the process to the first character on standard output; null if there was none.</param>
/// <param name="Resident">All pages in memory, those of mapped files included.</param>
/// <param name="Own">Only the pages that are no file's: what other programs could not have had.</param>
sealed record ProgramRun(double Seconds, double? FirstText, int ExitCode, long? Resident, long? Own, string Output);

/// <summary>Runs the real program as a process and watches its memory.</summary>
static class OuroProgram
{
    const string GnuTime = "/usr/bin/time";

    static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>Where it lies.</summary>
    /// <exception cref="BenchmarkException">It has not been built.</exception>
    public static string Location => Repository.Path("artifacts", "bin", "Ouro.Cli", "release", "ouro.dll") is var program && File.Exists(program)
        ? program
        : throw new BenchmarkException("The program has not been built; run ./ouro --help once.");

    public static ProgramRun Run(CancellationToken cancel, params string[] arguments)
    {
        var program = Location;
        var timeReport = File.Exists(GnuTime) ? Path.GetTempFileName() : null;
        try
        {
            var start = timeReport is null ? new ProcessStartInfo("dotnet") : new ProcessStartInfo(GnuTime, ["-q", "-f", "%M", "-o", timeReport, "dotnet"]);
            start.ArgumentList.Add(program);
            foreach (var argument in arguments)
                start.ArgumentList.Add(argument);
            start.RedirectStandardOutput = start.RedirectStandardError = true;
            var run = Watch(start, isWrapped: timeReport is not null, cancel);
            return timeReport is not null && long.TryParse(File.ReadAllText(timeReport).Trim(), CultureInfo.InvariantCulture, out var kibibytes)
                ? run with { Resident = Math.Max(run.Resident ?? 0, kibibytes * 1024) }
                : run;
        }
        finally
        {
            if (timeReport is not null)
                File.Delete(timeReport);
        }
    }

    static ProgramRun Watch(ProcessStartInfo start, bool isWrapped, CancellationToken cancel)
    {
        var (resident, own) = ((long?)null, (long?)null);
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = ReadAsync(process.StandardOutput, started);
        while (!process.WaitForExit(PollInterval))
        {
            if (cancel.IsCancellationRequested)
                process.Kill(entireProcessTree: true);
            Look(isWrapped ? ChildOf(process.Id) : process.Id, ref resident, ref own);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        cancel.ThrowIfCancellationRequested();
        var (text, firstText) = output.GetAwaiter().GetResult();
        return new ProgramRun(seconds, firstText, process.ExitCode, resident, own, (text + errors.GetAwaiter().GetResult()).Trim());
    }

    static async Task<(string Text, double? First)> ReadAsync(StreamReader output, long started)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        double? first = null;
        while (await output.ReadAsync(buffer) is > 0 and var count)
        {
            first ??= Stopwatch.GetElapsedTime(started).TotalSeconds;
            text.Append(buffer, 0, count);
        }

        return (text.ToString(), first);
    }

    static int? ChildOf(int process)
    {
        try
        {
            return int.TryParse(File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ')[0], CultureInfo.InvariantCulture, out var child) ? child : null;
        }
        catch (IOException)
        {
            return null;   // It has ended meanwhile.
        }
    }

    static void Look(int? process, ref long? resident, ref long? own)
    {
        if (process is { } id && ProcessMemory.Read(id) is { } memory)
            (resident, own) = (Math.Max(resident ?? 0, memory.Peak), Math.Max(own ?? 0, memory.Own));
    }
}
