namespace Ouro.Cli.Bench;

/// <summary>The workloads of one model, measured in rounds, so that a busy minute of the machine does not fall on one line of the table alone.</summary>
sealed class BenchRun(string name, string? type, MeasuredModel model, IReadOnlyList<Workload> plan)
{
    /// <summary>Turns that every workload gets.</summary>
    public const int Rounds = 3;

    static readonly TimeSpan TimePerReadLoop = TimeSpan.FromSeconds(0.1);

    readonly Measurement[] _measurements = [.. plan.Select(work => new Measurement(work, model.BytesRead(work)))];
    readonly SortedDictionary<int, double> _readRates = [];

    /// <summary>What people call the model.</summary>
    public string Name => name;

    /// <summary>The mix of types that was asked for; null for a file, which has its own.</summary>
    public string? Type => type;

    public MeasuredModel Model => model;

    /// <summary>Everything that has been measured at least once.</summary>
    public IEnumerable<Measurement> Measured => _measurements.Where(measurement => measurement.Seconds.Count > 0);

    /// <summary>Bytes a second that plain loops read in this run, by the number of threads.</summary>
    public IReadOnlyDictionary<int, double> ReadRates => _readRates;

    /// <summary>When every workload had run once; null where it is not known.</summary>
    public ProcessMemory? Memory { get; private set; }

    /// <summary>Turns with a report for each: the warm-up, then the rounds.</summary>
    public int Turns => (1 + Rounds) * plan.Count;

    /// <param name="time">For each workload, in all rounds together.</param>
    /// <param name="next">Told what comes before every turn.</param>
    /// <returns>False if it was cancelled; what was measured by then stands.</returns>
    public bool Run(TimeSpan time, Action<Workload> next, CancellationToken cancel)
    {
        try
        {
            model.CheckMemory(plan);
            var mostLoops = plan.Max(work => work.Loops);
            var actions = plan.Select(work => model.Prepare(work, mostLoops)).ToArray();
            for (var i = 0; i < plan.Count; i++)
                Turn(i, work => actions[i](cancel));
            Memory = ProcessMemory.Read();
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var threads in plan.Select(work => work.Threads).Distinct())
                    _readRates[threads] = Math.Max(_readRates.GetValueOrDefault(threads), ReadRate.Best(threads, TimePerReadLoop));
                for (var i = 0; i < plan.Count; i++)
                    Turn(i, measurement => measurement.Repeat(actions[i], time / Rounds, cancel));
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        void Turn(int i, Action<Measurement> work)
        {
            cancel.ThrowIfCancellationRequested();
            next(plan[i]);
            work(_measurements[i]);
        }
    }
}
