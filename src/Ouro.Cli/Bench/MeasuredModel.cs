using System.Diagnostics;
using Ouro.Formats;
using Ouro.Generation;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Cli.Bench;

/// <summary>A loaded model on which workloads are run.</summary>
sealed class MeasuredModel : IDisposable
{
    readonly OuroCheckpoint _checkpoint;
    readonly OuroWeights _weights;
    readonly Dictionary<int, (CpuBackend Backend, OuroModel Model)> _byThreads = [];
    KvSequence? _context;   // one for all workloads: each writes behind its own depth, and nothing that it overwrites matters
    int _filled;

    MeasuredModel(OuroCheckpoint checkpoint, ActivationType activations, ElementType kvType)
    {
        ProcessMemory.ResetPeak();
        var started = Stopwatch.GetTimestamp();
        _checkpoint = checkpoint;
        using (var loader = new CpuBackend())
            _weights = OuroWeights.Load(checkpoint, loader, activations, cancel: Interrupts.Token);
        LoadTime = Stopwatch.GetElapsedTime(started);
        WeightBytes = checkpoint.StoredTensors.Sum(tensor => tensor.ByteLength);
        var matrices = checkpoint.Tensors.Where(tensor => tensor.Shape.Length == 2 && !tensor.IsGate).ToArray();
        StackBytes = matrices.Where(tensor => tensor.Layer >= 0).Sum(tensor => checkpoint.Require(tensor).ByteLength);
        HeadBytes = checkpoint.Require(matrices.Last(tensor => tensor.Layer < 0)).ByteLength;
        KvType = On(1).Model.KvTypeFor(kvType);
    }

    public OuroConfig Config => _weights.Config;

    public ActivationType Activations => _weights.Activations;

    /// <summary>What keys and values are stored as.</summary>
    public ElementType KvType { get; }

    /// <summary>From the open file to weights that can be computed with.</summary>
    public TimeSpan LoadTime { get; }

    /// <summary>Bytes of all stored tensors.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of the matrices of the stack, as stored: what a pass must read.</summary>
    public long StackBytes { get; }

    /// <summary>Bytes of the head, as stored; of the embedding where that is the head.</summary>
    public long HeadBytes { get; }

    public static MeasuredModel Open(string path, ActivationType activations, ElementType kvType)
    {
        var checkpoint = OuroCheckpoint.Open(path);
        try
        {
            return new MeasuredModel(checkpoint, activations, kvType);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that the workload must read at least: weights once a pass (a prompt's passes share them), and the cache of its context.</summary>
    public long BytesRead(Workload work)
        => work.Loops * StackBytes + HeadBytes + (long)work.Depth * work.Loops * Shape(loops: 1).BytesPerPositionAndLoop;

    /// <summary>Refuses contexts that this machine cannot hold.</summary>
    /// <exception cref="UserErrorException">With the arithmetic.</exception>
    public void CheckMemory(IReadOnlyList<Workload> plan)
    {
        var (depth, loops) = (plan.Max(work => work.Depth + work.Rows), plan.Max(work => work.Loops));
        var cache = Shape(loops).BytesFor(depth);
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (cache > available - WeightBytes)
        {
            throw new UserErrorException(
                $"{depth:N0} tokens at {loops} loops need {Sizes.Text(cache)} for keys and values beside {Sizes.Text(WeightBytes)} of weights, "
                    + $"but this machine has {Sizes.Text(available)}. Lower --depth or take --kv-type q8_0.");
        }
    }

    /// <summary>Makes ready for the workload, and gives what does it once.</summary>
    /// <param name="mostLoops">Loops that any workload will run that is prepared at the same time; what was prepared for fewer is no longer valid.</param>
    public Action<CancellationToken> Prepare(Workload work, int mostLoops)
    {
        var (backend, model) = On(work.Threads);
        var tokens = Enumerable.Range(0, work.Rows).Select(i => (int)(i * 7919L % Config.Vocabulary)).ToArray();
        if (work.Work == Work.Prefill)
        {
            return cancel =>
            {
                using var session = new Session(model, new ExitRule(work.Loops), work.Rows, KvType);
                session.Feed(tokens, cancel);
            };
        }

        if (_context is null || _context.Shape.Loops < mostLoops)
        {
            _context?.Dispose();
            (_context, _filled) = (model.NewSequence(mostLoops, KvType), 0);
        }

        Fill(backend, work.Depth, mostLoops);
        var rows = Enumerable.Range(0, work.Loops)
            .Select(loop => Enumerable.Range(0, work.Rows).Select(i => new Row(_context, work.Depth + i, loop)).ToArray()).ToArray();
        var (states, logits) = (new Matrix(work.Rows, Config.Width), new Matrix(work.Rows, Config.Vocabulary));
        return _ =>
        {
            model.Embed(tokens, states);
            foreach (var pass in rows)
                model.Pass(pass, states);
            model.Read(states, logits);
        };
    }

    /// <summary>Texts that write replies on so many threads.</summary>
    public ReplyRun Reply(int threads, ReplyPlan plan, int sequences, int context) => new(On(threads).Model, plan, sequences, context, KvType);

    public void Dispose()
    {
        _context?.Dispose();
        foreach (var (backend, _) in _byThreads.Values)
            backend.Dispose();
        _weights.Dispose();
        _checkpoint.Dispose();
    }

    KvShape Shape(int loops) => new(Config.Layers, loops, Config.KvHeads, Config.HeadSize, KvType);

    (CpuBackend Backend, OuroModel Model) On(int threads)
    {
        if (!_byThreads.TryGetValue(threads, out var pair))
        {
            var backend = new CpuBackend(threads);
            _byThreads[threads] = pair = (backend, new OuroModel(_weights, backend));
        }

        return pair;
    }

    /// <summary>Stores random keys and values, since attention takes as long whatever it sees, and computing a long context takes minutes.</summary>
    void Fill(CpuBackend backend, int depth, int loops)
    {
        var random = new Random(1);
        var (keys, values) = (new Matrix(KvPage.Positions, Config.KvWidth), new Matrix(KvPage.Positions, Config.KvWidth));
        for (var i = 0; i < KvPage.Positions; i++)
            foreach (ref var number in keys[i])
                number = random.NextSingle() - 0.5f;
        for (var i = 0; i < KvPage.Positions; i++)
            keys[i].CopyTo(values[i]);

        for (; _filled < depth; _filled += KvPage.Positions)
            for (var loop = 0; loop < loops; loop++)
            {
                var places = Enumerable.Range(_filled, KvPage.Positions).Select(position => _context!.Place(position, loop)).ToArray();
                for (var layer = 0; layer < Config.Layers; layer++)
                    backend.Store(places, layer, keys, values);
            }
    }
}
