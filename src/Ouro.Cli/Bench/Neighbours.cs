using System.Globalization;

namespace Ouro.Cli.Bench;

/// <summary>What else the machine did while something was measured, from Linux's own counters; elsewhere nothing is known.</summary>
/// <remarks>Counts between <see cref="Resume"/> and <see cref="Pause"/>, as often as these are called.</remarks>
sealed class Neighbours
{
    const double TicksPerSecond = 100;

    (double Busy, double Stolen, double Own)? _start;
    long _began;
    double _others, _stolen, _capacity;

    /// <summary>The share of all cores that other programs used, 0 to 1; null where it is not known.</summary>
    public double? Others => _capacity > 0 ? Math.Min(1, _others / _capacity) : null;   // the counters tick in hundredths of a second

    /// <summary>The share of all cores that the host gave to other machines.</summary>
    public double? Stolen => _capacity > 0 ? _stolen / _capacity : null;

    public void Resume() => (_start, _began) = (Read(), Environment.TickCount64);

    public void Pause()
    {
        if (_start is not { } start || Read() is not { } end)
            return;

        _capacity += Math.Max(0.01, (Environment.TickCount64 - _began) / 1000.0 * Environment.ProcessorCount);
        _others += Math.Max(0, end.Busy - start.Busy - (end.Own - start.Own));
        _stolen += end.Stolen - start.Stolen;
    }

    /// <summary>One clause: the two shares, and the load average now.</summary>
    public string Describe() => _capacity > 0
        ? string.Create(
            CultureInfo.InvariantCulture, $"meanwhile other programs used {Others:P0} of all cores, the host took {Stolen:P0}; load average at the end {LoadAverage():0.0}")
        : "what the neighbours did is not known on this system";

    static double LoadAverage() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>Seconds of all cores busy, of all cores stolen by the host, and of this process with the children it has waited for.</summary>
    static (double Busy, double Stolen, double Own)? Read()
    {
        if (!File.Exists("/proc/stat"))
            return null;

        // cpu user nice system idle iowait irq softirq steal ...
        var all = Numbers(File.ReadLines("/proc/stat").First()["cpu".Length..]);
        // pid (name) state, then from the parent on numbers: the eleventh to fourteenth are utime stime cutime cstime.
        var stat = File.ReadAllText("/proc/self/stat");
        var own = Numbers(stat[(stat.LastIndexOf(')') + ") S ".Length)..]).Skip(10).Take(4).Sum();
        return ((all[0] + all[1] + all[2] + all[5] + all[6]) / TicksPerSecond, all[7] / TicksPerSecond, own / TicksPerSecond);
    }

    static double[] Numbers(string text)
        => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => double.Parse(part, CultureInfo.InvariantCulture))];
}
