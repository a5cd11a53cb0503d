using System.Numerics;
using System.Runtime.InteropServices;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Model.Conversion;

/// <summary>A tensor of the source beside its counterpart in the file.</summary>
/// <param name="Expected">The source's rows in the order that the file should have.</param>
/// <param name="Misplaced">The source's rows in the order of the other file format; null where both are the same.</param>
sealed record TensorPair(StoredTensor Found, StoredRows Expected, StoredRows? Misplaced);

/// <summary>Sums over a part of a tensor, in single precision per run of 4,096 numbers and in double precision beyond.</summary>
readonly record struct Differences(double SquaredSource, double SquaredExpected, double SquaredMisplaced, bool IsExact, long NotFinite, long FirstNotFinite)
{
    public static Differences None => new(0, 0, 0, IsExact: true, 0, -1);

    /// <summary>Relative error against the order that there should be; infinite if the source is all zeros and the file is not.</summary>
    public double Relative => Ratio(SquaredExpected);

    public double RelativeMisplaced => Ratio(SquaredMisplaced);

    public Differences Plus(Differences next) => new(
        SquaredSource + next.SquaredSource, SquaredExpected + next.SquaredExpected, SquaredMisplaced + next.SquaredMisplaced,
        IsExact && next.IsExact, NotFinite + next.NotFinite, FirstNotFinite >= 0 ? FirstNotFinite : next.FirstNotFinite);

    double Ratio(double squared) => squared == 0 ? 0 : Math.Sqrt(squared / SquaredSource);
}

/// <summary>Compares tensors number by number, streaming, on several threads; the result does not depend on their number.</summary>
static class TensorComparison
{
    const int RunNumbers = 4096;

    public static Differences[] Compare(
        IReadOnlyList<TensorPair> pairs, int threads, IProgress<TensorProgress>? progress, CancellationToken cancel)
    {
        var chunks = ChunkRun.Cut(pairs.Select(pair => pair.Found.ElementCount));
        var parts = new Differences[chunks.Count];
        var meter = new ProgressMeter(progress, pairs.Sum(pair => pair.Expected.Stored.ByteLength));
        ChunkRun.Run(chunks, threads, (index, buffers) =>
        {
            var chunk = chunks[index];
            var pair = pairs[chunk.Tensor];
            parts[index] = Compare(pair, chunk, buffers);
            meter.Add(pair.Expected.Stored.Type.BytesFor(chunk.Count), pair.Expected.Stored.Name);
        }, cancel);

        var sums = new Differences[pairs.Count];
        Array.Fill(sums, Differences.None);
        for (var index = 0; index < parts.Length; index++)
            sums[chunks[index].Tensor] = sums[chunks[index].Tensor].Plus(parts[index]);
        return sums;
    }

    static Differences Compare(TensorPair pair, Chunk chunk, ChunkBuffers buffers)
    {
        var bytes = buffers.Encoded((int)pair.Found.Type.BytesFor(chunk.Count));
        pair.Found.Read(pair.Found.Type.BytesFor(chunk.First), bytes);
        var found = buffers.Others(chunk.Count);
        ElementFormats.Decode(pair.Found.Type, bytes, found);
        var (notFinite, firstNotFinite) = CountNotFinite(found, chunk.First);

        var expected = pair.Expected.Read(chunk.First, chunk.Count, buffers);
        var exact = MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(found));
        var squaredSource = SquaredDistance(expected, default);
        var squaredExpected = exact ? 0 : SquaredDistance(expected, found);
        var squaredMisplaced = 0.0;
        if (pair.Misplaced is { } misplaced)
            squaredMisplaced = SquaredDistance(misplaced.Read(chunk.First, chunk.Count, buffers), found);
        return new Differences(squaredSource, squaredExpected, squaredMisplaced, exact, notFinite, firstNotFinite);
    }

    static (long Count, long First) CountNotFinite(ReadOnlySpan<float> values, long offset)
    {
        var first = NonFinite.FirstIn(values);
        if (first < 0)
            return (0, -1);

        var count = 0L;
        foreach (var value in values[first..])
            count += float.IsFinite(value) ? 0 : 1;
        return (count, offset + first);
    }

    /// <summary>The sum of squared differences; with nothing to compare with, the sum of squares.</summary>
    static double SquaredDistance(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        var sum = 0.0;
        for (var from = 0; from < one.Length; from += RunNumbers)
        {
            var length = Math.Min(RunNumbers, one.Length - from);
            sum += SquaredRun(one.Slice(from, length), other.IsEmpty ? other : other.Slice(from, length));
        }

        return sum;
    }

    static double SquaredRun(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        var left = MemoryMarshal.Cast<float, Vector<float>>(one);
        var right = MemoryMarshal.Cast<float, Vector<float>>(other);
        var lanes = Vector<float>.Zero;
        for (var i = 0; i < left.Length; i++)
        {
            var difference = i < right.Length ? left[i] - right[i] : left[i];
            lanes += difference * difference;
        }

        var sum = (double)Vector.Sum(lanes);
        for (var i = left.Length * Vector<float>.Count; i < one.Length; i++)
        {
            var difference = (double)one[i] - (i < other.Length ? other[i] : 0);
            sum += difference * difference;
        }

        return sum;
    }
}
