using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Where one row of a pass finds and leaves its keys and values.</summary>
/// <param name="Pages">The pages of its sequence, in order of position.</param>
/// <param name="Loop">The loop, counted from 0.</param>
/// <param name="Position">The row's own position; it sees the positions up to and including this one.</param>
public readonly record struct KvPlace(IReadOnlyList<KvPage> Pages, int Loop, int Position)
{
    internal KvShape Shape => Pages[0].Shape;

    /// <summary>True if both look at the same keys and values, each up to its own position.</summary>
    internal bool SharesCacheWith(KvPlace other) => ReferenceEquals(Pages, other.Pages) && Loop == other.Loop;
}

/// <summary>Attention over stored keys and values.</summary>
/// <remarks>
/// softmax(q K^T / sqrt(headSize)) V, summed in blocks of <see cref="KvPage.Positions"/> positions from position 0: within a block the
/// largest score is taken off before the exponential, and blocks are merged from left to right by rescaling to the larger maximum
/// (online softmax, arXiv:1805.02867). Scores and the sum of a block's weights are added in sixteen lanes, as <see cref="FloatProducts"/>
/// says; values from left to right. The order depends on the row's position alone. A row's own key and value are read back after
/// rounding to the stored type.
/// </remarks>
static class Attention
{
    /// <summary>Query heads that go through the blocks of keys and values together, at most: their sums stay in the second-level cache.</summary>
    public const int MostQueries = 32;

    /// <summary>Stores the key and value heads of one row.</summary>
    /// <exception cref="InvalidDataException">A number is not finite.</exception>
    public static void Store(KvPlace place, int layer, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        switch (place.Shape.Type)
        {
            case ElementType.F32: KvStore<F32>.Store(place, layer, keys, values); break;
            case ElementType.F16: KvStore<F16>.Store(place, layer, keys, values); break;
            case ElementType.Q8_0: KvStore<Q8_0>.Store(place, layer, keys, values); break;
            default: throw Unsupported(place);
        }
    }

    /// <summary>All query heads of some rows that read some of the key/value heads.</summary>
    /// <param name="places">One a row.</param>
    /// <param name="firstRow">The row of <paramref name="queries"/> and <paramref name="result"/> that the first place belongs to.</param>
    /// <param name="keyHeads">From the first to behind the last, both counted from the start.</param>
    /// <param name="queries">[R, heads * headSize].</param>
    /// <param name="heads">Query heads, a multiple of the stored heads; neighbours share a stored head.</param>
    /// <param name="result">[R, heads * headSize]; what belongs to these heads is overwritten.</param>
    public static void Attend(ReadOnlySpan<KvPlace> places, int layer, Range keyHeads, Matrix queries, int firstRow, int heads, Matrix result)
    {
        while (!places.IsEmpty)
        {
            var count = 1;
            while (count < places.Length && places[count].SharesCacheWith(places[0]))
                count++;

            var tile = new AttentionTile(places[..count], layer, keyHeads, queries, firstRow, heads, result);
            switch (places[0].Shape.Type)
            {
                case ElementType.F32: tile.Attend<F32>(); break;
                case ElementType.F16: tile.Attend<FiniteF16>(); break;
                case ElementType.Q8_0: tile.Attend<Q8_0>(); break;
                default: throw Unsupported(places[0]);
            }

            places = places[count..];
            firstRow += count;
        }
    }

    /// <summary>The definition for one head, one number at a time. Every other path is tested against this one.</summary>
    /// <param name="query">[headSize].</param>
    /// <param name="keys">[positions, headSize], as read back from the store.</param>
    /// <param name="values">[positions, headSize], as read back from the store.</param>
    /// <param name="result">[headSize], overwritten.</param>
    public static void Definition(ReadOnlySpan<float> query, ReadOnlySpan<float[]> keys, ReadOnlySpan<float[]> values, Span<float> result)
    {
        result.Clear();
        var scaled = new float[query.Length];
        for (var i = 0; i < query.Length; i++)
            scaled[i] = query[i] * (1 / MathF.Sqrt(query.Length));

        var (largest, total) = (float.NegativeInfinity, 0f);
        for (var first = 0; first < keys.Length; first += KvPage.Positions)
        {
            var scores = new float[Math.Min(KvPage.Positions, keys.Length - first)];
            for (var p = 0; p < scores.Length; p++)
                scores[p] = FloatProducts.Definition(scaled, keys[first + p]);
            var newLargest = MathF.Max(largest, scores.Max());
            var rescale = Exponential.Of(largest - newLargest);
            for (var i = 0; i < result.Length; i++)
                result[i] *= rescale;

            var ones = new float[scores.Length];
            Array.Fill(ones, 1f);
            for (var p = 0; p < scores.Length; p++)
            {
                scores[p] = Exponential.Of(scores[p] - newLargest);
                for (var i = 0; i < result.Length; i++)
                    result[i] = Lanes.MultiplyAdd(scores[p], values[first + p][i], result[i]);
            }

            total = total * rescale + FloatProducts.Definition(scores, ones);
            largest = newLargest;
        }

        for (var i = 0; i < result.Length; i++)
            result[i] /= total;
    }

    static NotSupportedException Unsupported(KvPlace place)
        => new($"Keys and values cannot be stored as {place.Shape.Type}; supported: F32, F16, Q8_0.");
}

static unsafe class KvStore<TFormat>
    where TFormat : struct, IElementFormat
{
    public static void Store(KvPlace place, int layer, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        if (!AreFinite(keys) || !AreFinite(values))
            throw new InvalidDataException("the model computes numbers that are not finite; its weights are damaged.");

        var page = place.Pages[place.Position / KvPage.Positions];
        var shape = page.Shape;
        var rowBytes = checked(shape.Heads * shape.HeadBytes);
        var encoded = new Span<byte>(Scratch.Bytes(2L * rowBytes), checked(2 * rowBytes));
        TFormat.Encode(keys, encoded[..rowBytes]);
        TFormat.Encode(values, encoded[rowBytes..]);

        var offset = (long)(place.Position % KvPage.Positions) * shape.HeadBytes;
        for (var head = 0; head < shape.Heads; head++)
        {
            var from = head * shape.HeadBytes;
            encoded.Slice(from, shape.HeadBytes).CopyTo(new Span<byte>(page.Keys(place.Loop, layer, head) + offset, shape.HeadBytes));
            encoded.Slice(rowBytes + from, shape.HeadBytes).CopyTo(new Span<byte>(page.Values(place.Loop, layer, head) + offset, shape.HeadBytes));
        }
    }

    static bool AreFinite(ReadOnlySpan<float> numbers)
    {
        // Zero times a number is zero, and NaN for what is not finite.
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i + 16 <= numbers.Length; i += 16)
            sum += Vector512.LoadUnsafe(in numbers[i]) * 0f;
        var rest = 0f;
        for (; i < numbers.Length; i++)
            rest += numbers[i] * 0f;
        return Vector512.Sum(sum) + rest == 0;
    }
}
