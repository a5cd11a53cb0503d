using Ouro.Formats;
using Ouro.Tensors;

namespace Ouro.Model.Conversion;

/// <summary>Accounts for every parameter of a source in a file that was made from it.</summary>
/// <remarks>
/// Reads both whole, in chunks and on several threads, with bounded memory. Tensors must be exact where the file's type can hold the source's numbers, and within a
/// bound per type elsewhere (relative root mean square error). Known ways of losing parts of an Ouro model are recognised and said in words.
/// </remarks>
public static class ModelVerification
{
    /// <summary>Compares a file with its source.</summary>
    /// <param name="path">A .gguf file or a published checkpoint; may be damaged, incomplete or relabelled, which the report then says.</param>
    /// <param name="threads">0 takes one per processor; the report does not depend on it.</param>
    /// <param name="progress">Called from several threads.</param>
    /// <param name="sourceIsPart">Whether the source may lack tensors; the file's are then only looked at for being there.</param>
    /// <exception cref="ModelFileException">The source itself cannot be read, is not a whole model, or holds NaN or infinities.</exception>
    /// <exception cref="OperationCanceledException">Asked for.</exception>
    public static VerificationReport Run(
        OuroCheckpoint source, string path, int threads = 0, IProgress<TensorProgress>? progress = null, bool sourceIsPart = false,
        CancellationToken cancel = default)
    {
        OuroCheckpoint file;
        try
        {
            file = OuroCheckpoint.OpenAs(path, source.Config);
        }
        catch (ModelFileException problem)
        {
            return new VerificationReport(source.Path, path, [], [new Loss("unreadable", $"The file cannot be read, so all of it is lost: "
                + $"{problem.Message}")], []);
        }

        using (file)
            return Compare(source, file, sourceIsPart, threads, progress, cancel);
    }

    static VerificationReport Compare(
        OuroCheckpoint source, OuroCheckpoint file, bool sourceIsPart, int threads, IProgress<TensorProgress>? progress, CancellationToken cancel)
    {
        var checks = new List<TensorCheck>();
        var pairs = new List<(TensorPair Pair, int Check)>();
        if (!sourceIsPart)
            SourceInventory.FindAll(source);   // throws if one is missing
        foreach (var part in source.Tensors.Where(part => !part.IsGate))
        {
            if (source.Find(part) is { } stored)
                Add(source, file, part, stored, checks, pairs);
            else
                checks.Add(NotCompared(file, part));
        }

        foreach (var stored in source.Unclaimed())
            AddUnclaimed(file, stored, checks, pairs);

        var differences = TensorComparison.Compare([.. pairs.Select(entry => entry.Pair)], threads, progress, cancel);
        for (var i = 0; i < pairs.Count; i++)
            checks[pairs[i].Check] = Judge(checks[pairs[i].Check], pairs[i].Pair, differences[i], source);

        if (sourceIsPart)
            JudgeRows(checks);
        checks.AddRange(GateChecks(source, file));
        var findings = new LossFindings(source, file, checks);
        return new VerificationReport(source.Path, file.Path, checks, findings.Losses, findings.Remarks);
    }

    static void Add(
        OuroCheckpoint source, OuroCheckpoint file, ModelTensor part, StoredTensor stored, List<TensorCheck> checks, List<(TensorPair, int)> pairs)
    {
        StoredTensor? found;
        try
        {
            found = file.Find(part);
        }
        catch (ModelFileException)
        {
            var shape = file.StoredTensors.First(tensor => tensor.Name == file.NameOf(part)).Shape;
            checks.Add(Unfound(stored, part, TensorState.Damaged, $"its shape is [{string.Join(", ", shape)}] instead of "
                + $"[{string.Join(", ", part.Shape)}]"));
            return;
        }

        if (found is null)
        {
            checks.Add(Unfound(stored, part, TensorState.Lost, null));
            return;
        }

        var headSize = source.Config.HeadSize;
        var other = file.RopeLayout == RopeLayout.Halves ? RopeLayout.Interleaved : RopeLayout.Halves;
        var expected = new StoredRows(stored, RowOrder.Between(part, headSize, source.RopeLayout, file.RopeLayout));
        var misplaced = part.IsRotated ? new StoredRows(stored, RowOrder.Between(part, headSize, source.RopeLayout, other)) : null;
        pairs.Add((new TensorPair(found, expected, misplaced), checks.Count));
        checks.Add(Unjudged(stored, part, found));
    }

    /// <summary>What can be said of a tensor whose numbers are not at hand: whether it is there, with the right shape.</summary>
    static TensorCheck NotCompared(OuroCheckpoint file, ModelTensor part)
    {
        try
        {
            var found = file.Find(part);
            var state = found is null ? TensorState.Lost : TensorState.NotCompared;
            return new TensorCheck(part.HuggingFaceName, part, part.ElementCount, found?.Type ?? ElementType.F32, found?.Type, state, null, 0, null);
        }
        catch (ModelFileException problem)
        {
            return new TensorCheck(part.HuggingFaceName, part, part.ElementCount, ElementType.F32, null, TensorState.Damaged, null, 0, problem.Message);
        }
    }

    /// <summary>A converter that forgets to reorder rows forgets it everywhere, so one query or key tensor that was compared speaks for those that were not.</summary>
    static void JudgeRows(List<TensorCheck> checks)
    {
        if (!checks.Exists(check => check.State == TensorState.RowsMisplaced))
            return;

        for (var i = 0; i < checks.Count; i++)
        {
            if (checks[i] is { State: TensorState.NotCompared, Part.IsRotated: true })
                checks[i] = checks[i] with { State = TensorState.RowsMisplaced };
        }
    }

    static void AddUnclaimed(OuroCheckpoint file, StoredTensor stored, List<TensorCheck> checks, List<(TensorPair, int)> pairs)
    {
        var found = file.StoredTensors.FirstOrDefault(tensor => tensor.Name == stored.Name);
        if (found is null || !found.Shape.AsSpan().SequenceEqual(stored.Shape.AsSpan()))
        {
            checks.Add(Unfound(stored, null, found is null ? TensorState.Lost : TensorState.Damaged, "no part of the model"));
            return;
        }

        pairs.Add((new TensorPair(found, new StoredRows(stored, RowOrder.AsStored), null), checks.Count));
        checks.Add(Unjudged(stored, null, found));
    }

    static TensorCheck Unfound(StoredTensor stored, ModelTensor? part, TensorState state, string? remark)
        => new(stored.Name, part, stored.ElementCount, stored.Type, null, state, null, 0, remark);

    static TensorCheck Unjudged(StoredTensor stored, ModelTensor? part, StoredTensor found) => new(
        stored.Name, part, stored.ElementCount, stored.Type, found.Type, TensorState.Exact, null, RoundingBounds.Of(stored.Type, found.Type), null);

    static TensorCheck Judge(TensorCheck check, TensorPair pair, Differences differences, OuroCheckpoint source)
    {
        if (differences.NotFinite > 0)
        {
            return check with
            {
                State = TensorState.Damaged,
                Remark = $"{differences.NotFinite:N0} of its numbers are NaN or infinite, the first at index {differences.FirstNotFinite:N0}",
            };
        }

        check = check with { RelativeError = differences.Relative };
        if (differences.IsExact)
            return check;
        if (differences.Relative <= check.Bound)
            return check with { State = TensorState.Rounded };
        if (pair.Misplaced is not null && differences.RelativeMisplaced <= check.Bound)
            return check with { State = TensorState.RowsMisplaced, RelativeError = differences.RelativeMisplaced };
        if (check.Part is { IsNorm: true, Layer: >= 0 } norm && SwappedWith(pair.Found, norm, source) is { } other)
            return check with { State = TensorState.Swapped, Remark = $"it holds the numbers of {other}" };
        return check with { State = TensorState.Damaged };
    }

    static IEnumerable<TensorCheck> GateChecks(OuroCheckpoint source, OuroCheckpoint file)
    {
        if (EarlyExitGate.Read(source) is not { } gate)
            yield break;

        EarlyExitGate? found = null;
        string? problem = null;
        try
        {
            found = EarlyExitGate.Read(file);
        }
        catch (ModelFileException unreadable)
        {
            problem = unreadable.Message;
        }

        foreach (var part in source.Tensors.Where(tensor => tensor.IsGate))
        {
            var isWeight = part.Role == TensorRole.GateWeight;
            var sourceType = source.Find(part)?.Type ?? ElementType.F32;
            ElementType? type = found is null ? null : file.Find(part)?.Type ?? ElementType.F32;
            var same = found is not null && (isWeight ? found.Weight.AsSpan().SequenceEqual(gate.Weight) : found.Bias.Equals(gate.Bias));
            var state = same ? TensorState.Exact : found is null && problem is null ? TensorState.Lost : TensorState.Damaged;
            yield return new TensorCheck(source.NameOf(part), part, part.ElementCount, sourceType, type, state, same ? 0 : null, 0, problem);
        }
    }

    /// <summary>The published name of the norm of the same layer whose numbers these are; null if they are none's.</summary>
    static string? SwappedWith(StoredTensor found, ModelTensor model, OuroCheckpoint source)
    {
        var numbers = StoredNumbers.Read(found);
        foreach (var other in source.Tensors.Where(tensor => tensor.IsNorm && tensor.Layer == model.Layer && tensor.Role != model.Role))
        {
            if (source.Find(other) is { } stored && stored.ElementCount == numbers.Length && StoredNumbers.Read(stored).AsSpan().SequenceEqual(numbers))
                return other.HuggingFaceName;
        }

        return null;
    }
}
