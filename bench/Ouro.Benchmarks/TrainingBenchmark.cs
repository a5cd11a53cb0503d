namespace Ouro.Benchmarks;

/// <summary>Steps of training at several sizes, in several ways, beside an equal model in PyTorch; all take turns.</summary>
/// <param name="pytorch">The command that runs Python with PyTorch; null leaves it out.</param>
/// <param name="time">For each way and size.</param>
sealed class TrainingBenchmark(IReadOnlyList<string>? pytorch, int threads, TimeSpan time, CancellationToken cancel)
{
    const int Rounds = 4;
    const double LongStep = 2;
    const int MostStepsInTurn = 64;
    const string Peer = "PyTorch";
    const string CheckpointedPeer = "PyTorch, checkpointed";

    static readonly (string Name, bool Recompute, bool BF16)[] Ours =
    [
        ("ours", false, false), ("ours, BF16 activations", false, true), ("ours, recomputing", true, false), ("ours, recomputing, BF16 activations", true, true),
    ];

    static readonly (string Name, bool Recompute)[] Theirs = [(Peer, false), (CheckpointedPeer, true)];

    readonly Report _report = new("training");
    readonly List<string> _versions = [];
    double _peak, _difference;

    readonly Table _sizes = new(
        new("size"), new("parameters", "N0"), new("width", "0"), new("layers", "0"), new("vocabulary", "0"), new("tokens a step", "0"), new("M multiply-adds a token", "0"));

    readonly Table _table = new(
        new("size"), new("way"), new("steps", "0"), new("best s", "0.000"), new("median s", "0.000"), new("processor s", "0.000"), new("best tok/s", "0"), new("median tok/s", "0"),
        new("speed / PyTorch", "0.00"), new("speed / PyTorch, checkpointed", "0.00"), new("processor time / PyTorch", "0.00"), new("share of the peak", "P0"),
        new("peak GB", "0.000"), new("of it before the model", "0.000"), new("memory / PyTorch", "0.00"), new("memory / PyTorch, checkpointed", "0.00"));

    public void Run(IEnumerable<TrainingSize> sizes, bool write)
    {
        var folder = Directory.CreateTempSubdirectory("ouro-training-");
        try
        {
            _peak = MultiplyAddRate.Best(threads, TimeSpan.FromSeconds(1));
            foreach (var size in sizes)
                Measure(size, folder.FullName);
        }
        catch (OperationCanceledException)
        {
            write = false;   // what is there is shown, but a part of a table is not put in place of a whole one
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        _report.Add("sizes", _sizes);
        _report.Add("training", _table);
        _report.Note(
            $"One step is the whole of it: forwards, the loss over all four loops, backwards, clipping and AdamW, in single precision with {(threads == 1 ? "one thread" : $"{threads} threads")}, documents of {TrainingSize.All[0].Tokens} tokens. "
            + "Each way is a process of its own; they take turns of a few steps. Speeds are compared by the best steps. Processor seconds are those of all threads in the step that took fewest; unlike time, they do not grow when others take the cores. "
            + "The floor is the multiply-adds of all products forwards, and twice as many backwards; what is computed again does not count for the share, which divides by the best that "
            + FormattableString.Invariant($"multiply-adds without memory reached here, {_peak / 1e9:0} G/s."));
        _report.Note(pytorch is null
            ? "There was no PyTorch to compare with."
            : $"PyTorch is {string.Join(", ", _versions.Distinct())}, run as `{string.Join(' ', pytorch)}`; its script is bench/peers/train_looped.py. It begins with the same weights and sees the same tokens: the losses of all steps that "
                + FormattableString.Invariant($"both sides did differ by at most {_difference:0.0e+0} of themselves between the plain ways."));
        _report.Finish(write);
    }

    void Measure(TrainingSize size, string folder)
    {
        var sides = new List<TrainingSide>();
        try
        {
            var weights = pytorch is null ? "" : size.WriteWeights(folder);
            foreach (var (name, recompute, bf16) in Ours)
                sides.Add(Start(name, ["dotnet", typeof(TrainingBenchmark).Assembly.Location, "training-worker"], size, weights, recompute, bf16, folder));
            foreach (var (name, recompute) in pytorch is null ? [] : Theirs)
                sides.Add(Start(name, [.. pytorch!, Repository.Path("bench", "peers", "train_looped.py")], size, weights, recompute, bf16: false, folder));

            TakeTurns(size, sides);
            Tell(size, sides);
        }
        finally
        {
            sides.ForEach(side => side.Dispose());
        }
    }

    TrainingSide Start(string name, string[] command, TrainingSize size, string weights, bool recompute, bool bf16, string folder)
    {
        var measures = size.Measures(weights, threads);
        (measures["recompute"], measures["bf16"]) = (recompute, bf16);
        var file = Path.Combine(folder, $"{size.Name}, {name}.json");
        File.WriteAllText(file, measures.ToJsonString());
        return new TrainingSide(name, command, file);
    }

    void TakeTurns(TrainingSize size, List<TrainingSide> sides)
    {
        int[] steps = [.. sides.Select(side => (int)Math.Clamp(Math.Round(time.TotalSeconds / Rounds / WarmUp(side)), 1, MostStepsInTurn))];
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < sides.Count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                sides[i].Measure(steps[i]);
            }

            _peak = Math.Max(_peak, MultiplyAddRate.Best(threads, TimeSpan.FromSeconds(0.2)));
        }

        double WarmUp(TrainingSide side)
        {
            cancel.ThrowIfCancellationRequested();
            var seconds = side.WarmUp();
            if (seconds < LongStep)
                seconds = side.WarmUp();
            Console.Error.WriteLine(FormattableString.Invariant($"{size.Name}, {side.Name}: {seconds:0.000} s a step when warm"));
            return seconds;
        }
    }

    void Tell(TrainingSize size, List<TrainingSide> sides)
    {
        var config = size.Config;
        _sizes.Add(size.Name, config.ParameterCount, config.Width, config.Layers, config.Vocabulary, size.TokensInStep, size.MultiplyAddsPerToken / 1e6);
        var (plain, checkpointed) = (sides.Find(side => side.Name == Peer), sides.Find(side => side.Name == CheckpointedPeer));
        foreach (var side in sides)
        {
            var (best, median) = (side.Seconds.Best, side.Seconds.Median);
            _table.Add(
                size.Name, side.Name, side.Seconds.Count, best, median, side.ProcessorSeconds.Best, size.TokensInStep / best, size.TokensInStep / median,
                plain?.Seconds.Best / best, checkpointed?.Seconds.Best / best, side.ProcessorSeconds.Best / plain?.ProcessorSeconds.Best, size.MultiplyAddsPerToken * size.TokensInStep / best / _peak,
                side.Peak / 1e9, side.Before / 1e9, (double?)side.Peak / plain?.Peak, (double?)side.Peak / checkpointed?.Peak);
            Console.Error.WriteLine(FormattableString.Invariant($"{size.Name}, {side.Name}: {best:0.000} s, median {median:0.000}, {side.Peak / 1e9:0.00} GB"));
        }

        if (plain is null)
            return;

        _versions.Add(plain.About["torch"]!.GetValue<string>());
        if (plain.About["parameters"]!.GetValue<long>() != config.ParameterCount)
            throw new BenchmarkException($"PyTorch's model has {plain.About["parameters"]} parameters, ours {config.ParameterCount}: they are not equal.");
        _difference = Math.Max(_difference, sides[0].Losses.Zip(plain.Losses, (ours, theirs) => Math.Abs(ours / theirs - 1)).Max());
    }
}
