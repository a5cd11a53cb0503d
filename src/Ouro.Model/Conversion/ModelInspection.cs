using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Model.Conversion;

/// <summary>The tensors of one element type.</summary>
/// <param name="Elements">Numbers in them.</param>
public sealed record TypeTotal(ElementType Type, int Tensors, long Elements, long Bytes);

/// <summary>The bytes that running a model takes, weights and key/value store; activations are small beside them.</summary>
/// <param name="WeightBytes">All tensors, read once.</param>
/// <param name="CacheBytesPerToken">2 (keys and values) x layers x loops x key/value heads x head size x 2 bytes (F16).</param>
public sealed record MemoryNeed(long WeightBytes, long CacheBytesPerToken, int ContextTokens)
{
    /// <summary>Bytes of the whole key/value store; 2^63 - 1 if there are more.</summary>
    public long CacheBytes => Saturated((Int128)CacheBytesPerToken * ContextTokens);

    /// <summary>Both together; 2^63 - 1 if there are more.</summary>
    public long TotalBytes => Saturated((Int128)WeightBytes + CacheBytes);

    static long Saturated(Int128 bytes) => (long)Int128.Min(bytes, long.MaxValue);
}

/// <summary>What a model file holds, as far as it can be told: also of files that are incomplete, damaged or relabelled.</summary>
public sealed record ModelInspection
{
    /// <summary>The file or folder.</summary>
    public required string Path { get; init; }

    /// <summary><c>gguf</c> or <c>safetensors</c>.</summary>
    public required string Format { get; init; }

    /// <summary>What the file calls its architecture; null if it does not say.</summary>
    public required string? Architecture { get; init; }

    /// <summary>The model's name; null if the file does not say.</summary>
    public required string? Name { get; init; }

    /// <summary>The measures; null if the file does not give them. Loops are 1 where <see cref="StatesLoops"/> is false.</summary>
    public required OuroConfig? Config { get; init; }

    /// <summary>True if the file says how often the stack runs.</summary>
    public required bool StatesLoops { get; init; }

    /// <summary>True if the early-exit gate is there and whole.</summary>
    public required bool HasGate { get; init; }

    /// <summary>Every tensor.</summary>
    public required IReadOnlyList<TensorSpec> Tensors { get; init; }

    /// <summary>Parts of the model that are not there, as this kind of file names them; the gate is not among them.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Tensors that are no part of the model.</summary>
    public required IReadOnlyList<string> Unknown { get; init; }

    /// <summary>What is wrong, one sentence each; empty if nothing is.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>Trained numbers: those of the tensors, and of a gate that lies in metadata.</summary>
    public required long Parameters { get; init; }

    /// <summary>Tensors by type, the most bytes first.</summary>
    public IReadOnlyList<TypeTotal> Types => [.. Tensors.GroupBy(tensor => tensor.Type)
        .Select(group => new TypeTotal(group.Key, group.Count(), group.Sum(tensor => tensor.ElementCount), group.Sum(tensor => tensor.ByteLength)))
        .OrderByDescending(total => total.Bytes)];

    /// <summary>True if any weights are quantised, so that they are multiplied with 8-bit activations unless asked otherwise.</summary>
    public bool IsQuantized => Types.Any(total => total.Type.IsQuantized);

    /// <summary>Bytes of all tensors.</summary>
    public long WeightBytes => Tensors.Sum(tensor => tensor.ByteLength);

    /// <summary>Bits that a stored number takes on average, norms included.</summary>
    public double BitsPerWeight => Tensors.Sum(tensor => tensor.ElementCount) is > 0 and var count ? WeightBytes * 8.0 / count : 0;

    /// <summary>What running the model takes with this many tokens; null if its measures are unknown.</summary>
    public MemoryNeed? Memory(int contextTokens)
        => Config is { } config ? new MemoryNeed(WeightBytes, 4L * config.Layers * config.Loops * config.KvWidth, contextTokens) : null;

    /// <summary>Looks into a file or folder; reads its description and small parts only.</summary>
    /// <exception cref="ModelFileException">It is no model file, is cut off, or a folder without a usable configuration.</exception>
    public static ModelInspection Of(string path)
    {
        if (Directory.Exists(path) || path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            using var published = OuroCheckpoint.Open(path);
            return Describe(published, "safetensors", "ouro", null, statesLoops: true, []);
        }

        using var gguf = GgufFile.Open(path);
        var architecture = gguf.Metadata.GetString("general.architecture");
        var name = gguf.Metadata.GetString("general.name");
        var prefix = GgufConfig.PrefixOf(gguf);
        var statesLoops = gguf.Metadata.Find($"{prefix}.num_loops") is not null;
        var problems = LabelProblems(gguf, architecture, statesLoops).ToList();
        OuroConfig config;
        try
        {
            config = GgufConfig.ReadAs(gguf, prefix, loopsOrElse: 1);
        }
        catch (ModelFileException problem)
        {
            problems.Add(problem.Message);
            return Bare(gguf, architecture, name, statesLoops, problems);
        }

        using var file = OuroCheckpoint.OpenAs(path, config);
        return Describe(file, "gguf", architecture, name, statesLoops, problems);
    }

    static IEnumerable<string> LabelProblems(GgufFile gguf, string? architecture, bool statesLoops)
    {
        if (architecture is null)
            yield return "The file does not name its architecture, so no program knows how to compute it.";
        else if (architecture != GgufConfig.Architecture)
        {
            yield return GgufConfig.LooksLikeOuro(gguf)
                ? $"This is an Ouro model relabelled as '{FileText.Short(architecture)}': programs run its layers once and print fluent "
                    + $"garbage. 'ouro repair' can put it right if the original checkpoint is at hand."
                : $"This is a model of architecture '{FileText.Short(architecture)}' and not an Ouro model, so it cannot be run here.";
        }

        if (!statesLoops)
            yield return "The file does not say how often the stack runs (num_loops), so it cannot be run as a looped model.";
    }

    static ModelInspection Bare(GgufFile gguf, string? architecture, string? name, bool statesLoops, List<string> problems) => new()
    {
        Path = gguf.Path,
        Format = "gguf",
        Architecture = architecture,
        Name = name,
        Config = null,
        StatesLoops = statesLoops,
        HasGate = GgufConfig.GateKeys.Any(keys => gguf.Metadata.Find(keys.Weight) is not null),
        Tensors = gguf.Tensors,
        Missing = [],
        Unknown = [],
        Problems = problems,
        Parameters = gguf.Tensors.Sum(tensor => tensor.ElementCount),
    };

    static ModelInspection Describe(OuroCheckpoint file, string format, string? architecture, string? name, bool statesLoops, List<string> problems)
    {
        var missing = new List<string>();
        foreach (var part in file.Tensors.Where(part => !part.IsGate))
        {
            try
            {
                if (file.Find(part) is null)
                    missing.Add(file.NameOf(part));
            }
            catch (ModelFileException problem)
            {
                problems.Add(problem.Message);
            }
        }

        var gate = Gate(file, problems);
        NoteMissing(file, missing, problems);
        var inMetadata = gate is not null && file.Tensors.Where(part => part.IsGate).All(part => file.Find(part) is null);
        return new ModelInspection
        {
            Path = file.Path,
            Format = format,
            Architecture = architecture,
            Name = name,
            Config = file.Config,
            StatesLoops = statesLoops,
            HasGate = gate is not null,
            Tensors = file.StoredTensors,
            Missing = missing,
            Unknown = [.. file.Unclaimed().Select(tensor => tensor.Name)],
            Problems = problems,
            Parameters = file.StoredTensors.Sum(tensor => tensor.ElementCount) + (inMetadata ? file.Config.Width + 1 : 0),
        };
    }

    static EarlyExitGate? Gate(OuroCheckpoint file, List<string> problems)
    {
        try
        {
            if (EarlyExitGate.Read(file) is { } gate)
                return gate;

            problems.Add("The early-exit gate is not there: every token runs all loops, and no exit threshold has an effect. 'ouro repair' "
                + "puts it back from the original checkpoint.");
        }
        catch (ModelFileException problem)
        {
            problems.Add(problem.Message);
        }

        return null;
    }

    static void NoteMissing(OuroCheckpoint file, List<string> missing, List<string> problems)
    {
        if (missing.Count == 0)
            return;

        var second = file.Tensors.Where(part => part.IsSecondNorm).Select(file.NameOf).ToHashSet();
        problems.Add(missing.TrueForAll(second.Contains)
            ? $"{missing.Count:N0} of {second.Count:N0} second norms are missing, and without them the model prints garbage. 'ouro repair' "
                + $"puts them back from the original checkpoint."
            : $"{missing.Count:N0} tensors are missing, the first of them '{missing[0]}', so the model cannot be computed.");
    }
}
