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
}

/// <summary>Attention over stored keys and values, one row and head at a time.</summary>
/// <remarks>
/// softmax(q K^T / sqrt(headSize)) V, summed in blocks of <see cref="KvPage.Positions"/> positions from position 0: within a block the
/// largest score is taken off before the exponential, and blocks are merged from left to right by rescaling to the larger maximum
/// (online softmax, arXiv:1805.02867). The order depends on the row's position alone. A row's own key and value are read back after
/// rounding to the stored type.
/// </remarks>
static class Attention
{
    /// <summary>Stores the key and value heads of one row.</summary>
    /// <exception cref="InvalidDataException">A number is not finite and the type is a block format, whose scale could not hold it.</exception>
    public static void Store(KvPlace place, int layer, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        switch (place.Shape.Type)
        {
            case ElementType.F32: Attention<F32>.Store(place, layer, keys, values); break;
            case ElementType.F16: Attention<F16>.Store(place, layer, keys, values); break;
            case ElementType.Q8_0: Attention<Q8_0>.Store(place, layer, keys, values); break;
            default: throw Unsupported(place);
        }
    }

    /// <summary>One head of one row.</summary>
    /// <param name="query">[headSize].</param>
    /// <param name="keyHead">The key/value head that this query head reads.</param>
    /// <param name="result">[headSize], overwritten.</param>
    public static void Attend(KvPlace place, int layer, int keyHead, ReadOnlySpan<float> query, Span<float> result)
    {
        switch (place.Shape.Type)
        {
            case ElementType.F32: Attention<F32>.Attend(place, layer, keyHead, query, result); break;
            case ElementType.F16: Attention<F16>.Attend(place, layer, keyHead, query, result); break;
            case ElementType.Q8_0: Attention<Q8_0>.Attend(place, layer, keyHead, query, result); break;
            default: throw Unsupported(place);
        }
    }

    static NotSupportedException Unsupported(KvPlace place)
        => new($"Keys and values cannot be stored as {place.Shape.Type}; supported: F32, F16, Q8_0.");
}

static unsafe class Attention<TFormat>
    where TFormat : struct, IElementFormat
{
    public static void Store(KvPlace place, int layer, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        if (TFormat.Type.IsQuantized && !(AreFinite(keys) && AreFinite(values)))
            throw new InvalidDataException("the model computes numbers that are not finite, which cannot be stored in few bits; its weights are damaged.");

        var page = place.Pages[place.Position / KvPage.Positions];
        var shape = page.Shape;
        var offset = (long)(place.Position % KvPage.Positions) * shape.HeadBytes;
        for (var head = 0; head < shape.Heads; head++)
        {
            var numbers = head * shape.HeadSize;
            TFormat.Encode(keys.Slice(numbers, shape.HeadSize), new Span<byte>(page.Keys(place.Loop, layer, head) + offset, shape.HeadBytes));
            TFormat.Encode(values.Slice(numbers, shape.HeadSize), new Span<byte>(page.Values(place.Loop, layer, head) + offset, shape.HeadBytes));
        }
    }

    public static void Attend(KvPlace place, int layer, int keyHead, ReadOnlySpan<float> query, Span<float> result)
    {
        var size = query.Length;
        var padded = (int)Matrix.Padded(size);
        var memory = (float*)Scratch.Bytes(sizeof(float) * (3L * padded + KvPage.Positions));
        new Span<float>(memory, 3 * padded).Clear();
        var scaled = memory;
        var widened = memory + padded;
        var sum = memory + 2 * padded;
        var scores = memory + 3 * padded;

        var scale = 1 / MathF.Sqrt(size);
        for (var i = 0; i < size; i++)
            scaled[i] = query[i] * scale;

        var largest = float.NegativeInfinity;
        var total = 0f;
        for (var first = 0; first <= place.Position; first += KvPage.Positions)
        {
            var page = place.Pages[first / KvPage.Positions];
            var count = Math.Min(KvPage.Positions, place.Position + 1 - first);
            var blockLargest = Score(page.Keys(place.Loop, layer, keyHead), page.Shape.HeadBytes, count, scaled, widened, size, padded, scores);
            var newLargest = MathF.Max(largest, blockLargest);
            var rescale = first == 0 ? 0 : Exp(largest - newLargest);
            for (var i = 0; i < padded; i += 8)
                (Vector256.Load(sum + i) * rescale).Store(sum + i);

            total = total * rescale
                + AddValues(page.Values(place.Loop, layer, keyHead), page.Shape.HeadBytes, count, scores, newLargest, widened, size, padded, sum);
            largest = newLargest;
        }

        for (var i = 0; i < size; i++)
            result[i] = sum[i] / total;
    }

    static float Score(byte* keys, int headBytes, int count, float* query, float* widened, int size, int padded, float* scores)
    {
        var largest = float.NegativeInfinity;
        for (var position = 0; position < count; position++)
        {
            TFormat.Decode(new ReadOnlySpan<byte>(keys + (long)position * headBytes, headBytes), new Span<float>(widened, size));
            scores[position] = FloatProducts.One(query, widened, padded);
            largest = MathF.Max(largest, scores[position]);
        }

        return largest;
    }

    /// <summary>Turns scores into weights, adds the weighted values to <paramref name="sum"/>, and returns the sum of the weights.</summary>
    static float AddValues(
        byte* values, int headBytes, int count, float* scores, float largest, float* widened, int size, int padded, float* sum)
    {
        new Span<float>(scores + count, KvPage.Positions - count).Fill(float.NegativeInfinity);
        for (var i = 0; i < KvPage.Positions; i += 8)
            Exponential.Of(Vector256.Load(scores + i) - Vector256.Create(largest)).Store(scores + i);

        var total = 0f;
        for (var position = 0; position < count; position++)
        {
            total += scores[position];
            TFormat.Decode(new ReadOnlySpan<byte>(values + (long)position * headBytes, headBytes), new Span<float>(widened, size));
            var weight = Vector256.Create(scores[position]);
            for (var i = 0; i < padded; i += 8)
                Lanes.MultiplyAdd(weight, Vector256.Load(widened + i), Vector256.Load(sum + i)).Store(sum + i);
        }

        return total;
    }

    static bool AreFinite(ReadOnlySpan<float> numbers)
    {
        foreach (var number in numbers)
        {
            if (!float.IsFinite(number))
                return false;
        }

        return true;
    }

    static float Exp(float x) => Exponential.Of(Vector256.Create(x))[0];
}
