using Ouro.Formats;

namespace Ouro.Model.Conversion;

/// <summary>Makes the tensors of open writers, chunk by chunk on several threads.</summary>
static class TensorFiles
{
    /// <summary>Writes every planned tensor; commits nothing.</summary>
    /// <param name="places">For each tensor its writer and its index there.</param>
    public static void Write(
        IReadOnlyList<PlannedTensor> tensors, IReadOnlyList<(TensorFileWriter Writer, int Index)> places, int threads,
        IProgress<TensorProgress>? progress, CancellationToken cancel)
    {
        var chunks = ChunkRun.Cut(tensors.Select(tensor => tensor.Target.ElementCount));
        var meter = new ProgressMeter(progress, tensors.Sum(tensor => tensor.Source.Bytes));
        ChunkRun.Run(chunks, threads, (index, buffers) =>
        {
            var chunk = chunks[index];
            var (target, source) = tensors[chunk.Tensor];
            var encoded = buffers.Encoded((int)target.Type.BytesFor(chunk.Count));
            source.Make(chunk.First, chunk.Count, encoded, buffers);
            var (writer, place) = places[chunk.Tensor];
            writer.Write(place, target.Type.BytesFor(chunk.First), encoded);
            meter.Add((long)((double)source.Bytes * chunk.Count / target.ElementCount), target.Name);
        }, cancel);
    }

    /// <summary>One sentence for each tensor that lost numbers to the range of F16.</summary>
    public static IEnumerable<string> ClampNotes(IEnumerable<PlannedTensor> tensors)
    {
        foreach (var (target, source) in tensors)
        {
            if (source is StoredSource { Clamped: > 0 and var clamped })
                yield return $"{clamped:N0} number{(clamped == 1 ? "" : "s")} of {target.Name.Quoted} lay beyond the range of F16 and became "
                    + $"±65504; choose bf16 to keep them.";
        }
    }
}

/// <summary>Adds up work done on several threads and reports it.</summary>
sealed class ProgressMeter(IProgress<TensorProgress>? progress, long total)
{
    long _done;

    public void Add(long bytes, string tensor)
    {
        var done = Interlocked.Add(ref _done, bytes);
        progress?.Report(new TensorProgress(Math.Min(done, total), Math.Max(1, total), tensor));
    }
}
