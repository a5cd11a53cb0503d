using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ouro.Cli.Bench;

namespace Ouro.Benchmarks;

/// <summary>One way to train, in a process of its own that does as many steps at a time as it is asked for.</summary>
sealed class TrainingSide : IDisposable
{
    readonly Process _process;
    readonly Queue<string> _errors = [];
    readonly List<double> _losses = [];

    /// <param name="name">How tables call it.</param>
    /// <param name="command">The program and what comes before the file of measures.</param>
    public TrainingSide(string name, IReadOnlyList<string> command, string measures)
    {
        Name = name;
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), measures, "--turns"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => Remember(line.Data);
        _process.BeginErrorReadLine();
        About = Read();
    }

    public string Name { get; }

    /// <summary>What it said of itself.</summary>
    public JsonNode About { get; }

    /// <summary>Seconds of its steps, but for the first ones.</summary>
    public Samples Seconds { get; } = new();

    /// <summary>Processor time of these steps, of all threads together: what neighbours change little.</summary>
    public Samples ProcessorSeconds { get; } = new();

    /// <summary>Loss of every step.</summary>
    public IReadOnlyList<double> Losses => _losses;

    /// <summary>The most memory that was ever resident, in bytes; null where the system does not tell.</summary>
    public long? Peak { get; private set; }

    /// <summary>What was resident before there was a model: the runtime and its libraries.</summary>
    public long? Before => About["bytes_before"]?.GetValue<long>();

    /// <summary>A step that is only to be done: kernels get compiled and memory taken.</summary>
    /// <returns>Its seconds.</returns>
    public double WarmUp() => Do(1)[0].Wall;

    public void Measure(int steps)
    {
        foreach (var (wall, processor) in Do(steps))
        {
            Seconds.Add(wall);
            ProcessorSeconds.Add(processor);
        }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    (double Wall, double Processor)[] Do(int steps)
    {
        _process.StandardInput.WriteLine(steps.ToString(CultureInfo.InvariantCulture));
        _process.StandardInput.Flush();
        var seconds = new (double, double)[steps];
        for (var i = 0; i < steps; i++)
        {
            var answer = Read();
            seconds[i] = (answer["seconds"]!.GetValue<double>(), answer["processor_seconds"]!.GetValue<double>());
            _losses.Add(answer["loss"]!.GetValue<double>());
            Peak = answer["peak_bytes"]?.GetValue<long>();
        }

        return seconds;
    }

    JsonNode Read()
    {
        if (_process.StandardOutput.ReadLine() is { } line)
            return JsonNode.Parse(line)!;

        _process.WaitForExit();
        lock (_errors)
            throw new BenchmarkException($"The process of '{Name}' has ended: {string.Join('\n', _errors)}");
    }

    void Remember(string? line)
    {
        const int Last = 8;
        lock (_errors)
        {
            if (line is not null)
                _errors.Enqueue(line);
            if (_errors.Count > Last)
                _errors.Dequeue();
        }
    }
}
