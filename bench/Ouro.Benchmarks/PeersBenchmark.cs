using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ouro.Cli.Bench;
using Ouro.Formats;
using Ouro.Model.Conversion;
using Ouro.Tensors;

namespace Ouro.Benchmarks;

/// <summary>Our passes beside llama.cpp's and beside the memory wall, at one shape: the two programs take turns on the same matrices.</summary>
sealed class PeersBenchmark(string shape, string peerFolder, string cacheFolder, TimeSpan time, CancellationToken cancel) : IDisposable
{
    const int ShortDepth = 16;
    const int LongDepth = 512;
    const int PromptTokens = 512;

    static readonly int[] RowCounts = [1, 2, 4, 8];
    static readonly int All = Environment.ProcessorCount;

    // Either side passes over its weights until that gets no faster: pages of a mapped file come one by one, and some hosts are slow with them for
    // many seconds after that.
    static readonly TimeSpan SettlingLook = TimeSpan.FromSeconds(3);
    static readonly TimeSpan ShortestSettling = TimeSpan.FromSeconds(9);
    static readonly TimeSpan LongestSettling = TimeSpan.FromMinutes(1);

    readonly MemoryRead _memoryRead = new(ReadRate.Bytes);
    readonly Report _report = new($"peers-{shape}");
    string _peer = "";

    readonly Table _decode = new(
        new("type"), new("threads", "0"), new("cores", "0.0"), new("read rate, GB/s", "0.0"),
        new("ours, best ms", "0.0"), new("ours, median ms", "0.0"), new("ours, tok/s", "0.0"), new("ours, share of the read rate", "P0"),
        new("llama.cpp, best ms", "0.0"), new("llama.cpp, median ms", "0.0"), new("llama.cpp, tok/s", "0.0"), new("llama.cpp, share of the read rate", "P0"),
        new("ours / llama.cpp", "0.00"), new("others", "P0"), new("bytes allocated a token", "0"));

    readonly Table _rows = new(
        new("type"), new("cores", "0.0"), new("1 row, ms", "0.0"), new("2 rows, ms", "0.0"), new("4 rows, ms", "0.0"), new("8 rows, ms", "0.0"),
        new("2 rows / 1 row", "0.00"), new("4 rows / 1 row", "0.00"), new("8 rows / 1 row", "0.00"));

    readonly Table _prefill = new(
        new("type"), new("cores", "0.0"), new("ours, best tok/s", "0.0"), new("ours, median tok/s", "0.0"), new("llama.cpp, best tok/s", "0.0"), new("llama.cpp, median tok/s", "0.0"),
        new("ours / llama.cpp", "0.00"), new("others", "P0"));

    readonly Table _context = new(
        new("type"), new("cache"), new("cores", "0.0"), new($"ours, 4 loops, {ShortDepth} tokens, best ms", "0.0"), new($"ours, {LongDepth} tokens", "0.0"), new("ours, slower by", "P0"),
        new($"llama.cpp, 1 pass, {ShortDepth} tokens, best ms", "0.0"), new($"llama.cpp, {LongDepth} tokens", "0.0"), new("llama.cpp, slower by", "P0"));

    readonly Table _busy = new(
        new("type"), new("threads", "0"), new("ours alone, mean tok/s", "0.0"), new("ours beside it", "0.0"), new("ours, of one thread alone", "P0"),
        new("llama.cpp alone, mean tok/s", "0.0"), new("llama.cpp beside it", "0.0"), new("llama.cpp, of one thread alone", "P0"), new("ours / llama.cpp, beside it", "0.00"));

    readonly Table _memory = new(
        new("type"), new("file GB", "0.000"), new("ours, load s", "0.00"), new("ours, peak GB", "0.000"), new("ours, steady GB", "0.000"), new("ours, own GB", "0.000"),
        new("llama.cpp, load s", "0.00"), new("llama.cpp, peak GB", "0.000"), new("llama.cpp, steady GB", "0.000"), new("llama.cpp, own GB", "0.000"));

    readonly Table _days = new(new("type"), new("day"));

    /// <param name="types">Measured now; with <paramref name="write"/>, the lines of other types stay as they were.</param>
    public void Run(IReadOnlyList<WeightMix> types, bool write)
    {
        var earlier = write ? _report.Earlier : null;
        try
        {
            foreach (var kept in TypesOf(earlier).Except(types.Select(type => type.Name)))
                Keep(kept, earlier!);
            foreach (var type in types)
                Measure(type);
        }
        catch (OperationCanceledException)
        {
            write = false;   // what is there is shown, but a part of a table is not put in place of a whole one
        }
        catch (BenchmarkException)
        {
            Finish(write: false);
            throw;
        }

        Finish(write);
    }

    void Finish(bool write)
    {
        Add("decode", _decode, "**One token, one pass of the stack and the head**, 16 tokens of context, f16 cache.");
        Add("rows", _rows, $"**Our passes with more rows** ({All} threads, head included for every row), best.");
        Add("prefill", _prefill, $"**A prompt of {PromptTokens} tokens, one pass each**, {All} threads.");
        Add("context", _context, $"**What {LongDepth} tokens of context cost**, {All} threads. We keep keys and values for every loop, and four loops read four times as many.");
        Add("busy", _busy, "**Beside one busy program** on the machine; one token, one pass. Means, since here the slow ones matter.");
        Add("memory", _memory, "**Loading from the page cache, and memory** of a process after its first tokens. Steady and peak count pages of mapped files; the program's own do not.");
        _report.Keep("days", _days);
        _report.Note("Measured on: " + string.Join("; ", _days.Json().GroupBy(row => row!["day"]!.ToString(), (day, rows) => $"{day} {string.Join(", ", rows.Select(row => row!["type"]))}")) + ".");
        _report.Note($"llama.cpp is the one packaged by node-llama-cpp, with {_peer}. Its file is of type Llama and has the same bytes for every matrix, but no second norms: one of its passes does the work of one loop. "
            + "It is called without sampling, and has the better of flash attention on and off in every line. Its memory includes that of Node, ours that of .NET. "
            + "Shares divide weights and keys and values, each read once, by the read rate: the best of five plain loops that took turns with the two programs in that very line, "
            + "since what the host lends changes from minute to minute. "
            + $"Cores: how many times as much {All} threads computed as one just before the line. A host with other guests sometimes runs two virtual processors on one core, "
            + "and the benchmark waits a minute at most for that to end.");
        _report.Finish(write);
    }

    public void Dispose() => _memoryRead.Dispose();

    /// <summary>The tables, by their names in the raw numbers.</summary>
    IEnumerable<(string Key, Table Table)> Tables => [("decode", _decode), ("rows", _rows), ("prefill", _prefill), ("context", _context), ("busy", _busy), ("memory", _memory), ("days", _days)];

    static IEnumerable<string> TypesOf(JsonNode? report) => (report?["tables"]?["decode"]?.AsArray() ?? []).Select(row => row!["type"]!.ToString()).Distinct();

    void Keep(string type, JsonNode earlier)
    {
        foreach (var (key, table) in Tables)
            table.AddEarlier(earlier["tables"]![key], type);
        if (earlier["tables"]!["days"] is null)
            _days.Add(type, earlier["machine"]!["date"]!.ToString()[.."yyyy-MM-dd".Length]);
    }

    void Add(string key, Table table, string caption)
    {
        _report.Note(caption);
        _report.Add(key, table);
    }

    void Measure(WeightMix type)
    {
        _days.Add(type.Name, _report.Day);
        using var files = new SyntheticFiles(cacheFolder);
        var ours = files.Make(shape, type, threads: 0, cancel);
        var twin = Path.Combine(cacheFolder, $"llama-{Path.GetFileName(ours)}");
        if (!File.Exists(twin))
            LlamaTwin.Write(ours, twin);

        Memory(type, ours, twin);
        using var peer = new LlamaServer(peerFolder);
        _peer = peer.About;
        peer.Open(twin);
        using (var model = MeasuredModel.Open(ours, ActivationType.Int8, ElementType.F16))
        {
            Settle(model, peer);
            Decode(type, model, peer);
            Rows(type, model);
            Prefill(type, model, peer);
            Context(type, model, peer);
        }

        using (var model = MeasuredModel.Open(ours, ActivationType.Int8, ElementType.Q8_0))
            Context(type, model, peer);
    }

    void Settle(MeasuredModel model, LlamaServer peer)
    {
        var work = new Workload(Work.Decode, All, 1, ShortDepth, 1);
        var ours = model.Prepare(work, mostLoops: 1);
        Settle(() =>
        {
            var samples = new Samples();
            samples.TakeFor(SettlingLook, ours, cancel);
            return samples.Best;
        });
        Settle(() => peer.Evaluate(work, flash: true, "f16", SettlingLook).Min());
    }

    void Settle(Func<double> look)
    {
        var started = Stopwatch.GetTimestamp();
        var (before, best) = (double.PositiveInfinity, look());
        while (Stopwatch.GetElapsedTime(started) < ShortestSettling || best < 0.9 * before && Stopwatch.GetElapsedTime(started) < LongestSettling)
        {
            cancel.ThrowIfCancellationRequested();
            (before, best) = (Math.Min(before, best), look());
        }
    }

    Duel Run(MeasuredModel model, LlamaServer peer, Workload work) => Duel.Run(model, peer, time, _memoryRead, cancel, work)[0];

    void Decode(WeightMix type, MeasuredModel model, LlamaServer peer)
    {
        var oneThread = (Ours: 0.0, Theirs: 0.0);
        foreach (var threads in new[] { 1, All }.Distinct())
        {
            var work = new Workload(Work.Decode, threads, 1, ShortDepth, 1);
            var cores = HostCores.Wait(threads, cancel);
            var duel = Run(model, peer, work);
            Duel busy;
            using (new BusyProcess())
                busy = Run(model, peer, work);

            var (mine, theirs) = (duel.Ours.Seconds, duel.Theirs);
            if (threads == 1)
                oneThread = (mine.Mean, theirs.Mean);
            _decode.Add(
                type.Name, threads, cores, duel.ReadRate / 1e9, mine.Best * 1e3, mine.Median * 1e3, 1 / mine.Best, duel.Ours.BytesRead / mine.Best / duel.ReadRate,
                theirs.Best * 1e3, theirs.Median * 1e3, 1 / theirs.Best, duel.Ours.BytesRead / theirs.Best / duel.ReadRate, duel.Ratio, duel.Ours.ForeignLoad, duel.Ours.AllocatedPerToken);
            _busy.Add(
                type.Name, threads, 1 / mine.Mean, 1 / busy.Ours.Seconds.Mean, oneThread.Ours / busy.Ours.Seconds.Mean,
                1 / theirs.Mean, 1 / busy.Theirs.Mean, oneThread.Theirs / busy.Theirs.Mean, busy.Theirs.Mean / busy.Ours.Seconds.Mean);
            Say($"{shape} {type.Name}, {threads} threads: {mine.Best * 1e3:0.0} ms, llama.cpp {theirs.Best * 1e3:0.0} ms, memory at {duel.ReadRate / 1e9:0.0} GB/s, {cores:0.0} cores");
        }
    }

    void Rows(WeightMix type, MeasuredModel model)
    {
        var runs = RowCounts.Select(rows => model.Prepare(new Workload(Work.Decode, All, rows, ShortDepth, 1), mostLoops: 1)).ToArray();
        var samples = RowCounts.Select(_ => new Samples()).ToArray();
        foreach (var run in runs)
            run(cancel);
        var cores = HostCores.Wait(All, cancel);
        for (var round = 0; round < Duel.Rounds; round++)
            for (var i = 0; i < runs.Length; i++)
                samples[i].TakeFor(time / Duel.Rounds, runs[i], cancel);
        _rows.Add([type.Name, cores, .. samples.Select(sample => (object)(sample.Best * 1e3)), .. samples.Skip(1).Select(sample => (object)(sample.Best / samples[0].Best))]);
    }

    void Prefill(WeightMix type, MeasuredModel model, LlamaServer peer)
    {
        var cores = HostCores.Wait(All, cancel);
        var duel = Run(model, peer, new Workload(Work.Prefill, All, PromptTokens, 0, 1));
        var (mine, theirs) = (duel.Ours.Seconds, duel.Theirs);
        _prefill.Add(
            type.Name, cores, PromptTokens / mine.Best, PromptTokens / mine.Median, PromptTokens / theirs.Best, PromptTokens / theirs.Median, duel.Ratio, duel.Ours.ForeignLoad);
        Say($"{shape} {type.Name}, prefill: {PromptTokens / mine.Best:0} tok/s, llama.cpp {PromptTokens / theirs.Best:0} tok/s, {cores:0.0} cores");
    }

    void Context(WeightMix type, MeasuredModel model, LlamaServer peer)
    {
        var loops = model.Config.Loops;
        var cores = HostCores.Wait(All, cancel);
        var duels = Duel.Run(model, peer, time, _memoryRead, cancel, new Workload(Work.Decode, All, 1, ShortDepth, loops), new Workload(Work.Decode, All, 1, LongDepth, loops));
        double[] ours = [.. duels.Select(duel => duel.Ours.Seconds.Best * 1e3)], theirs = [.. duels.Select(duel => duel.Theirs.Best * 1e3)];
        _context.Add(
            type.Name, model.KvType.ToString().ToLowerInvariant(), cores, ours[0], ours[1], ours[1] / ours[0] - 1, theirs[0], theirs[1], theirs[1] / theirs[0] - 1);
        Say($"{shape} {type.Name}, {model.KvType}: {ours[0]:0.0} ms, {ours[1]:0.0} after {LongDepth} tokens, llama.cpp {theirs[0]:0.0} and {theirs[1]:0.0}, {cores:0.0} cores");
    }

    /// <summary>Each side in a fresh process that loads the file and computes a few tokens.</summary>
    void Memory(WeightMix type, string ours, string twin)
    {
        ReadThrough(ours);
        var run = OuroProgram.Run(
            cancel, "bench", ours, "--json", "--rows", "1", "--prefill", "0", "--depth", Invariant(ShortDepth), "--loops", "4", "--seconds", "0");
        if (run.ExitCode != 0)
            throw new BenchmarkException($"ouro bench cannot measure {ours}: {run.Output}");

        var model = JsonNode.Parse(run.Output)!["models"]![0]!;
        using var peer = new LlamaServer(peerFolder);
        ReadThrough(twin);
        var load = peer.Open(twin);
        peer.Evaluate(new Workload(Work.Decode, All, 1, ShortDepth, 1), flash: true, "f16", TimeSpan.Zero);
        var memory = peer.Memory();
        _memory.Add(
            type.Name, new FileInfo(ours).Length / 1e9, model["load_seconds"]!.GetValue<double>(), Gigabytes("peak_bytes"), Gigabytes("resident_bytes"), Gigabytes("own_bytes"),
            load, memory.Peak / 1e9, memory.Resident / 1e9, memory.Own / 1e9);

        double? Gigabytes(string name) => model[name]?.GetValue<long>() / 1e9;
    }

    /// <summary>Brings a file into the page cache.</summary>
    static void ReadThrough(string path)
    {
        using var file = File.OpenRead(path);
        file.CopyTo(Stream.Null, 1 << 20);
    }

    static string Invariant(int number) => number.ToString(CultureInfo.InvariantCulture);

    static void Say(FormattableString text) => Console.Error.WriteLine(FormattableString.Invariant(text));
}
