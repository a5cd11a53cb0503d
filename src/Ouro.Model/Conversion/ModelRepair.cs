using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Tensors;

namespace Ouro.Model.Conversion;

/// <summary>What a repair did.</summary>
/// <param name="Actions">One sentence for each thing that was put right.</param>
/// <param name="Verification">Of the repaired file against the source.</param>
public sealed record RepairResult(ConversionResult Written, IReadOnlyList<string> Actions, VerificationReport Verification);

/// <summary>Puts the small parts that a GGUF file has lost back from its source: gate, norms, measures, label, and the order of query and key rows.</summary>
/// <remarks>The bytes of weight matrices are copied as they are, quantised or not; at most whole rows change places, which loses nothing.</remarks>
public static class ModelRepair
{
    /// <summary>Writes a repaired copy of a file and verifies it.</summary>
    /// <param name="path">A GGUF file that was made from the source.</param>
    /// <param name="options">Only threads, overwriting, added metadata and whether the source is a part apply.</param>
    /// <exception cref="ModelFileException">There is nothing to repair, or what is lost is more than the small parts; nothing is written then.</exception>
    /// <exception cref="OperationCanceledException">Asked for; nothing is left behind.</exception>
    public static RepairResult Run(
        OuroCheckpoint source, string path, string output, ConversionOptions options, IProgress<TensorProgress>? progress = null, CancellationToken cancel = default)
    {
        using var file = OuroCheckpoint.OpenAs(path, source.Config);
        if (file.Gguf is not { } gguf)
            throw new ModelFileException(path, "is not a GGUF file, and only those lose parts in conversion. Convert the original again.");

        ModelConversion.CheckPlace(source, output, options.Overwrite);
        ModelConversion.CheckPlace(file, output, options.Overwrite);
        var before = ModelVerification.Run(source, path, options.Threads, progress, options.SourceIsPart, cancel);
        if (before.NothingLost)
            throw new ModelFileException(path, "has lost nothing of its source, so there is nothing to repair.");

        RefuseLargeLosses(path, before);
        var actions = new List<string>();
        var tensors = before.Tensors.Where(check => check.Part is { IsGate: false }).Select(check => Repaired(check, source, file)).ToList();
        var gateNames = source.Tensors.Where(tensor => tensor.IsGate).Select(tensor => file.Find(tensor)?.Name).ToHashSet();
        tensors.AddRange(file.Unclaimed().Where(stored => !gateNames.Contains(stored.Name))
            .Select(stored => new PlannedTensor(stored, new StoredSource(new StoredRows(stored, RowOrder.AsStored), stored.Type))));

        var plan = new OutputPlan(tensors, ModelConversion.PrevailingType(file));
        var metadata = Metadata(source, gguf, options);
        Describe(before, gguf, actions);
        var written = ModelConversion.WriteGguf(output, plan, metadata, options.Threads, [], [], progress, cancel);
        return new RepairResult(written, actions, ModelVerification.Run(source, output, options.Threads, progress, options.SourceIsPart, cancel));
    }

    static void RefuseLargeLosses(string path, VerificationReport report)
    {
        TensorCheck[] large = [.. report.Tensors.Where(check => check.Part is { IsNorm: false, IsGate: false } && check.State is TensorState.Lost or TensorState.Damaged)];
        if (large.Length == 0)
            return;

        var names = Quoting.QuoteFew([.. large.Select(check => check.Name)]);
        var lost = large.Count(check => check.State == TensorState.Lost);
        throw new ModelFileException(
            path, $"cannot be repaired: {large.Length:N0} weight tensor{(large.Length == 1 ? "" : "s")} "
                + $"{(lost == large.Length ? "missing" : "missing or different from the source's")} ({names}), "
                + "and only gate, norms and configuration can be put back. Convert the source again with 'ouro convert'.");
    }

    static PlannedTensor Repaired(TensorCheck check, OuroCheckpoint source, OuroCheckpoint file)
    {
        var part = check.Part!;
        if (part.IsNorm && !check.IsSound)
        {
            var rows = new StoredRows(source.Require(part), RowOrder.AsStored);
            return new PlannedTensor(new TensorSpec(part.GgufName, ElementType.F32, part.Shape), new StoredSource(rows, ElementType.F32));
        }

        var stored = file.Require(part);
        var order = check.State == TensorState.RowsMisplaced
            ? RowOrder.Between(part, source.Config.HeadSize, RopeLayout.Halves, RopeLayout.Interleaved)
            : RowOrder.AsStored;
        return new PlannedTensor(new TensorSpec(part.GgufName, stored.Type, part.Shape), new StoredSource(new StoredRows(stored, order), stored.Type));
    }

    static GgufMetadata Metadata(OuroCheckpoint source, GgufFile file, ConversionOptions options)
    {
        var label = GgufConfig.ArchitectureOf(file) ?? GgufConfig.Architecture;
        var metadata = new GgufMetadata();
        metadata.Set(GgufConfig.ArchitectureKey, GgufConfig.Architecture);
        foreach (var (key, value) in file.Metadata.Entries)
        {
            if (key != GgufConfig.ArchitectureKey && (label == GgufConfig.Architecture || !key.StartsWith($"{label}.", StringComparison.Ordinal)))
                metadata.Set(key, value);
        }

        GgufConfig.Write(source.Config, metadata);
        OutputPlan.SetGate(metadata, EarlyExitGate.Read(source));
        var gate = source.Tensors.Where(tensor => tensor.IsGate).SelectMany(tensor => new[] { tensor.HuggingFaceName, tensor.GgufName }).ToHashSet();
        if (metadata.GetStrings(SourceRecord.DroppedKey) is { } dropped)
        {
            metadata.Remove(SourceRecord.DroppedKey);
            if (dropped.Where(name => !gate.Contains(name)).ToArray() is { Length: > 0 } others)
                metadata.Set(SourceRecord.DroppedKey, others);
        }

        foreach (var (key, value) in options.Metadata?.Entries ?? [])
        {
            if (metadata.Find(key) is null)
                metadata.Set(key, value);
        }

        return metadata;
    }

    static void Describe(VerificationReport before, GgufFile file, List<string> actions)
    {
        if (GgufConfig.ArchitectureOf(file) is { } label && label != GgufConfig.Architecture)
            actions.Add($"Labelled the file '{GgufConfig.Architecture}' instead of "
                + $"{label.Quoted}.");
        var others = before.Losses.Where(loss => loss.IsInConfiguration).Select(loss => loss.Code).Order(StringComparer.Ordinal).ToArray();
        if (others.Length > 0)
            actions.Add($"Wrote the source's measures into the configuration ({string.Join(", ", others)}).");
        if (before.Tensors.Any(check => check.Part?.IsGate == true && !check.IsSound))
            actions.Add("Put the early-exit gate back.");
        var norms = before.Tensors.Count(check => check.Part?.IsNorm == true && !check.IsSound);
        if (norms > 0)
            actions.Add($"Put {norms:N0} norm{(norms == 1 ? "" : "s")} back.");
        var rows = before.Tensors.Count(check => check.State == TensorState.RowsMisplaced);
        if (rows > 0)
            actions.Add($"Put the rows of {rows:N0} query and key tensors in order.");
    }
}
