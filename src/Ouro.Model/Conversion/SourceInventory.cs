using Ouro.Formats;

namespace Ouro.Model.Conversion;

/// <summary>A part of the model together with the tensor that holds it.</summary>
readonly record struct KnownTensor(ModelTensor Model, StoredTensor Stored);

/// <summary>Every tensor of a source accounted for: a part of the model, kept under its own name, or dropped on request. Nothing is left over.</summary>
sealed class SourceInventory
{
    SourceInventory(OuroCheckpoint source, List<KnownTensor> known, List<StoredTensor> kept, EarlyExitGate? gate)
        => (Source, Known, Kept, Gate) = (source, known, kept, gate);

    public OuroCheckpoint Source { get; }

    /// <summary>The parts of the model but for its gate, in the model's order.</summary>
    public IReadOnlyList<KnownTensor> Known { get; }

    /// <summary>Tensors that no part of the model claims, to be stored as they are.</summary>
    public IReadOnlyList<StoredTensor> Kept { get; }

    /// <summary>The gate; null if the source has none or it is to be left out.</summary>
    public EarlyExitGate? Gate { get; }

    /// <summary>Names of the tensors that are left out on request.</summary>
    public List<string> Dropped { get; } = [];

    /// <summary>Those, and before them the names that an earlier conversion left out.</summary>
    public IEnumerable<string> EverDropped => (Source.Gguf?.Metadata.GetStrings(SourceRecord.DroppedKey) ?? []).Union(Dropped);

    public List<string> Notes { get; } = [];

    /// <exception cref="ModelFileException">A tensor is unknown, missing or of the wrong shape, or one that is needed is to be dropped.</exception>
    public static SourceInventory Of(OuroCheckpoint source, ConversionOptions options)
    {
        var drop = options.Drop.ToHashSet(StringComparer.Ordinal);
        CheckDrops(source, drop);
        var unknown = source.Unclaimed().Where(tensor => !drop.Contains(tensor.Name)).ToList();
        if (unknown.Count > 0 && !options.KeepUnknown)
        {
            throw new ModelFileException(
                source.Path, $"tensor '{FileText.Short(unknown[0].Name)}' "
                    + $"{(unknown.Count > 1 ? $"and {unknown.Count - 1:N0} more are" : "is")} not part of any Ouro model, "
                    + "and nothing is left out without being asked. Use --keep-unknown to store such tensors under their own names, or --drop "
                    + "NAME to leave one out.");
        }

        var known = FindAll(source);
        var withoutGate = options.WithoutGate || GateNames(source).Any(drop.Contains);
        var gate = EarlyExitGate.Read(source);
        var inventory = new SourceInventory(source, known, unknown, withoutGate ? null : gate);
        inventory.Dropped.AddRange(options.Drop);
        if (withoutGate && gate is not null)
            inventory.Dropped.AddRange(source.Tensors.Where(tensor => tensor.IsGate).Select(tensor => tensor.HuggingFaceName).Except(inventory.Dropped).ToArray());
        if (gate is null)
            inventory.Notes.Add("The source has no early-exit gate, so neither has the result: every token runs all loops.");
        inventory.CheckTiedCopy();
        return inventory;
    }

    static List<KnownTensor> FindAll(OuroCheckpoint source)
    {
        var known = new List<KnownTensor>();
        var missing = new List<ModelTensor>();
        foreach (var tensor in source.Tensors.Where(tensor => !tensor.IsGate))
        {
            if (source.Find(tensor) is { } stored)
                known.Add(new KnownTensor(tensor, stored));
            else
                missing.Add(tensor);
        }

        if (missing is [var one])
            source.Require(one);
        if (missing is [var first, _, ..])
        {
            throw new ModelFileException(
                source.Path, $"{missing.Count:N0} tensors are missing, the first of them '{source.NameOf(first)}'"
                    + (missing.TrueForAll(tensor => tensor.IsNorm)
                        ? ". Only norms are missing: put them back with 'ouro repair FILE --from CHECKPOINT'."
                        : ", so this is only a part of a model. Fetch or convert all of it again."));
        }

        return known;
    }

    static void CheckDrops(OuroCheckpoint source, HashSet<string> drop)
    {
        var stored = source.StoredTensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var needed = source.Tensors.Where(tensor => !tensor.IsGate).Select(source.NameOf).ToHashSet(StringComparer.Ordinal);
        foreach (var name in drop)
        {
            if (!stored.Contains(name))
                throw new ModelFileException(source.Path, $"there is no tensor '{FileText.Short(name)}' to drop. 'ouro inspect --tensors' "
                    + $"lists them all.");
            if (needed.Contains(name))
                throw new ModelFileException(source.Path, $"tensor '{FileText.Short(name)}' cannot be dropped: the model cannot be computed "
                    + $"without it.");
        }
    }

    static IEnumerable<string> GateNames(OuroCheckpoint source)
        => source.Tensors.Where(tensor => tensor.IsGate).Select(source.Find).OfType<StoredTensor>().Select(stored => stored.Name);

    /// <summary>A tied head may be stored a second time; that copy goes, but only if it is one.</summary>
    void CheckTiedCopy()
    {
        var copy = Source.StoredTensors.FirstOrDefault(tensor => tensor.Name == "lm_head.weight");
        if (!Source.Config.TiedHead || Source.Gguf is not null || copy is null || Dropped.Contains(copy.Name))
            return;

        var embedding = Known.First(tensor => tensor.Model.Role == TensorRole.Embedding).Stored;
        if (!SameBytes(embedding, copy))
        {
            throw new ModelFileException(
                copy.Path, "the configuration says that the head is tied to the embedding, but 'lm_head.weight' differs from it, so one of "
                    + "the two would be lost. "
                    + "Set \"tie_word_embeddings\" to false in config.json if the head was trained, or drop it with --drop lm_head.weight.");
        }

        Notes.Add("'lm_head.weight' repeats the embedding, to which the head is tied, so it is stored once.");
    }

    static bool SameBytes(StoredTensor one, StoredTensor other)
    {
        if (one.Type != other.Type || !one.Shape.AsSpan().SequenceEqual(other.Shape.AsSpan()))
            return false;

        var (left, right) = (new byte[1 << 20], new byte[1 << 20]);
        for (var offset = 0L; offset < one.ByteLength; offset += left.Length)
        {
            var length = (int)Math.Min(left.Length, one.ByteLength - offset);
            one.Read(offset, left.AsSpan(0, length));
            other.Read(offset, right.AsSpan(0, length));
            if (!left.AsSpan(0, length).SequenceEqual(right.AsSpan(0, length)))
                return false;
        }

        return true;
    }
}
