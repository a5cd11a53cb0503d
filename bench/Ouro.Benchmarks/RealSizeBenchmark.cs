namespace Ouro.Benchmarks;

/// <summary>The whole road at the real size of a model: each step a run of the program, with its time, peak memory and file size.</summary>
sealed class RealSizeBenchmark(string shape, DirectoryInfo folder, CancellationToken cancel)
{
    const int TokensAfterFirst = 8;
    const int Repetitions = 3;
    const string Prompt = "The river was wide and very";

    /// <summary>Sizes of the files that llama.cpp writes for the same shape, in GB, by the type that they correspond to.</summary>
    static readonly Dictionary<(string Shape, string Type), double> PublishedGigabytes = new()
    {
        [("ouro-1.4b", "q3_k_l")] = 0.781,
        [("ouro-1.4b", "q4_k_m")] = 0.883,
        [("ouro-1.4b", "q5_k_m")] = 1.026,
        [("ouro-1.4b", "q8_0")] = 1.526,
        [("ouro-1.4b", "bf16")] = 2.871,
        [("ouro-2.6b", "q3_k_l")] = 1.434,
        [("ouro-2.6b", "q4_k_m")] = 1.626,
        [("ouro-2.6b", "q5_k_m")] = 1.900,
        [("ouro-2.6b", "q8_0")] = 2.836,
        [("ouro-2.6b", "bf16")] = 5.337,
    };

    readonly Report _report = new($"real-size-{shape}");

    readonly Table _steps = new(
        new("step"), new("seconds", "0.0"), new("peak resident GB", "0.00"), new("of it the program's own", "0.00"), new("exit code", "0"),
        new("file GB", "0.000"), new("llama.cpp's file GB", "0.000"), new("MB/s written", "0"));

    readonly Table _generation = new(
        new("file"), new("first text, best s", "0.00"), new("first text, median s", "0.00"), new("tokens/s after it", "0.00"), new("peak resident GB", "0.00"),
        new("of it the program's own", "0.00"), new("exit code", "0"));

    public static void Run(string[] shapes, DirectoryInfo? folder, bool keep, bool write, CancellationToken cancel)
    {
        var place = folder ?? Directory.CreateTempSubdirectory("ouro-real-size-");
        place.Create();
        try
        {
            foreach (var shape in shapes)
                new RealSizeBenchmark(shape, place, cancel).Run(keep, write);
        }
        finally
        {
            if (!keep && folder is null)
                place.Delete(recursive: true);
        }
    }

    void Run(bool keep, bool write)
    {
        // The folder, a GGUF file as large, and the quantised files together stay below three times the size of the weights.
        var needed = 3 * PublishedGigabytes[(shape, "bf16")];
        var free = new DriveInfo(folder.FullName).AvailableFreeSpace / 1e9;
        if (free < needed)
            throw new BenchmarkException($"{shape} needs {needed:0} GB in {folder}, where {free:0.0} GB are free; name a roomier place with --folder.");

        var made = new List<string>();
        try
        {
            Convert(shape == "ouro-1.4b" ? ["q8_0", "q5_k_m", "q4_k_m", "q3_k_l"] : ["q4_k_m"], made);
        }
        finally
        {
            if (!keep)
                foreach (var path in made)
                    Delete(path);
        }

        _report.Add("steps", _steps);
        _report.Note("Each step is a process of its own, started as a user would start it; its time is from start to exit, and what it wrote is on the disk by then. "
            + "Peak resident memory counts the pages of mapped files, which the system takes back when it needs them; the program's own memory does not.");
        _report.Add("generation", _generation);
        _report.Note($"A prompt of a few words ('{Prompt}'), all loops, greedy, all cores, the file in the page cache. First text: from the start of `ouro run` to "
            + $"the first character on its output, best of {Repetitions}. Rate: {TokensAfterFirst} tokens in the difference of two runs of `ouro generate`, the best of {Repetitions} each.");
        _report.Finish(write);
    }

    void Convert(string[] types, List<string> made)
    {
        var source = Place($"{shape}-hf", made);
        var full = Place($"{shape}-bf16.gguf", made);
        Step("synth a folder, bf16 safetensors", source, "bf16", "synth", "--shape", shape, "--type", "bf16", "--to", "safetensors", "-o", source);
        Step("convert it to GGUF, bf16", full, "bf16", "convert", source, "--to", "gguf", "-o", full);
        Step("verify folder against bf16", null, null, "verify", source, full);
        foreach (var type in types)
        {
            var file = Place($"{shape}-{type}.gguf", made);
            Step($"quantize to {type}", file, type, "quantize", full, "--type", type, "-o", file);
            Step($"inspect {type}", null, null, "inspect", file);
            Step($"verify folder against {type}", null, null, "verify", source, file);
            Generate(file);
        }

        Generate(full);
        var direct = Place($"{shape}-synth-q4_k_m.gguf", made);
        Step("synth q4_k_m directly", direct, "q4_k_m", "synth", "--shape", shape, "--type", "q4_k_m", "-o", direct);
    }

    string Place(string name, List<string> made)
    {
        var path = Path.Combine(folder.FullName, name);
        if (Path.Exists(path))
            throw new BenchmarkException($"{path} exists already; remove it or name another place with --folder.");

        made.Add(path);
        return path;
    }

    void Step(string name, string? output, string? type, params string[] arguments)
    {
        var run = OuroProgram.Run(cancel, arguments);
        var size = output is null || !Path.Exists(output) ? null : (double?)SizeOf(output) / 1e9;
        _steps.Add(
            name, run.Seconds, run.Resident / 1e9, run.Own / 1e9, run.ExitCode, size, type is null ? null : PublishedGigabytes[(shape, type)], size * 1e3 / run.Seconds);
        Say($"{name}: {run.Seconds:0.0} s, {run.Resident / 1e9:0.00} GB resident, exit code {run.ExitCode}{(run.ExitCode == 0 ? "" : $": {run.Output}")}");
    }

    void Generate(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        _ = Write(file, 1);
        var runs = Enumerable.Range(0, Repetitions).Select(_ => Run(file)).OrderBy(run => run.FirstText).ToArray();
        var (one, more) = (double.PositiveInfinity, double.PositiveInfinity);
        for (var i = 0; i < Repetitions; i++)
            (one, more) = (Math.Min(one, Write(file, 1).Seconds), Math.Min(more, Write(file, 1 + TokensAfterFirst).Seconds));

        var rate = TokensAfterFirst / (more - one);
        var (best, median) = (runs[0], runs[Repetitions / 2]);
        _generation.Add(name, best.FirstText, median.FirstText, rate, best.Resident / 1e9, best.Own / 1e9, best.ExitCode);
        Say($"{name}: first text after {best.FirstText:0.00} s, then {rate:0.00} tokens/s{(best.ExitCode == 0 ? "" : $": {best.Output}")}");
    }

    ProgramRun Run(string file)
        => OuroProgram.Run(cancel, "run", file, Prompt, "--raw", "--temperature", "0", "--num-predict", $"{1 + TokensAfterFirst}");

    ProgramRun Write(string file, int count) => OuroProgram.Run(cancel, "generate", file, "--prompt", Prompt, "-n", $"{count}");

    static long SizeOf(string path)
        => File.Exists(path) ? new FileInfo(path).Length : new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    static void Delete(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
    }

    static void Say(FormattableString text) => Console.Error.WriteLine(FormattableString.Invariant(text));
}
