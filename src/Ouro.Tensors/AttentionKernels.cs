using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>The three steps of attention over one block of positions; <see cref="Attention.Definition"/> says in which order they add.</summary>
static unsafe class AttentionKernels
{
    /// <summary>How far ahead of the position being read memory is asked for.</summary>
    const int PrefetchBytes = 8192;

    /// <summary>scores[p] = query . keys[p] for the first <paramref name="count"/> positions; up to three more may be overwritten.</summary>
    /// <param name="bytes">From one key to the next.</param>
    /// <param name="next">What will be read after these keys, or null.</param>
    /// <param name="length">Numbers in the query, a multiple of 16.</param>
    public static void Score<TStored>(byte* keys, int bytes, int count, byte* next, float* query, int length, float* scores)
        where TStored : struct, IStoredNumbers
    {
        for (var p = 0; p < count; p += 4)
        {
            var four = keys + (nint)p * bytes;
            var ahead = next is null ? 0 : (nint)(Ahead(keys, bytes, p, count, next) - four);
            FloatProducts.Four<TStored>(query, four, bytes, length, ahead).Store(scores + p);
        }
    }

    /// <summary>Turns the first <paramref name="count"/> scores of a block, at least one, into weights, and the rest of the block into zeros.</summary>
    /// <param name="largest">The largest score so far; raised to that of this block.</param>
    /// <param name="total">The sum of all weights; rescaled and added to.</param>
    /// <returns>What everything that was summed before is to be multiplied with.</returns>
    public static float Weigh(float* scores, int count, ref float largest, ref float total)
    {
        if (count < KvPage.Positions)
            new Span<float>(scores + count, KvPage.Positions - count).Fill(float.NegativeInfinity);
        var (s0, s1) = (Vector512.Load(scores), Vector512.Load(scores + 16));
        var (s2, s3) = (Vector512.Load(scores + 32), Vector512.Load(scores + 48));
        var before = largest;
        largest = MathF.Max(before, Lanes.Max(Vector512.MaxNative(Vector512.MaxNative(s0, s1), Vector512.MaxNative(s2, s3))));

        var rescale = Exponential.Of(Vector512.Create(before - largest)).ToScalar();
        var subtracted = Vector512.Create(largest);
        (s0, s1) = (Exponential.Of(s0 - subtracted), Exponential.Of(s1 - subtracted));
        (s2, s3) = (Exponential.Of(s2 - subtracted), Exponential.Of(s3 - subtracted));
        Store(scores, s0, s1, s2, s3);
        total = total * rescale + Lanes.SumSixteen(s0 + s1 + s2 + s3);
        return rescale;
    }

    /// <summary>sum[i] += weights[p] * values[p][i] for positions <paramref name="from"/> to <paramref name="to"/>, one after the other.</summary>
    /// <param name="column">The first i, a multiple of 16.</param>
    /// <param name="length">The end of i, a multiple of 16.</param>
    /// <inheritdoc cref="Score"/>
    public static void AddValues<TStored>(
        byte* values, int bytes, int from, int to, byte* next, float* weights, float* sum, int column, int length)
        where TStored : struct, IStoredNumbers
    {
        // With 32 registers, eight of them hold 128 columns; with 16, four pairs hold 64.
        for (; Vector512.IsHardwareAccelerated && column + 128 <= length; column += 128)
        {
            Load(sum + column, out var s0, out var s1, out var s2, out var s3);
            Load(sum + column + 64, out var s4, out var s5, out var s6, out var s7);
            for (var p = from; p < to; p++)
            {
                if (column == 0)
                    Prefetch(values, bytes, p, to, next);
                var (value, weight) = ((nint)values + (nint)p * bytes, Vector512.Create(weights[p]));
                AddFour<TStored>((byte*)value, column, weight, ref s0, ref s1, ref s2, ref s3);
                AddFour<TStored>((byte*)value, column + 64, weight, ref s4, ref s5, ref s6, ref s7);
            }

            Store(sum + column, s0, s1, s2, s3);
            Store(sum + column + 64, s4, s5, s6, s7);
        }

        for (; column + 64 <= length; column += 64)
        {
            Load(sum + column, out var s0, out var s1, out var s2, out var s3);
            for (var p = from; p < to; p++)
            {
                if (column == 0)
                    Prefetch(values, bytes, p, to, next);
                AddFour<TStored>(values + (nint)p * bytes, column, Vector512.Create(weights[p]), ref s0, ref s1, ref s2, ref s3);
            }

            Store(sum + column, s0, s1, s2, s3);
        }

        for (; column < length; column += 16)
        {
            var s = Vector512.Load(sum + column);
            for (var p = from; p < to; p++)
                s = Lanes.MultiplyAdd(Vector512.Create(weights[p]), TStored.Load(values + (nint)p * bytes, column), s);
            s.Store(sum + column);
        }
    }

    /// <summary><see cref="AddValues"/> for four queries and positions 0 to <paramref name="to"/> with one reading of widened values. Meant for 32 registers.</summary>
    /// <param name="weights">Of the first query; <see cref="KvPage.Positions"/> numbers to that of the next.</param>
    /// <param name="sums">Of the first query; <paramref name="length"/> numbers to that of the next.</param>
    /// <returns>The column up to which this was done; less than 64 columns are left.</returns>
    public static int AddValuesToFour(float* values, int to, float* weights, float* sums, int length)
    {
        var column = 0;
        for (; column + 64 <= length; column += 64)
        {
            float* a = sums + column, b = a + length, c = b + length, d = c + length;
            Load(a, out var a0, out var a1, out var a2, out var a3);
            Load(b, out var b0, out var b1, out var b2, out var b3);
            Load(c, out var c0, out var c1, out var c2, out var c3);
            Load(d, out var d0, out var d1, out var d2, out var d3);
            for (var p = 0; p < to; p++)
            {
                Load(values + (nint)p * length + column, out var v0, out var v1, out var v2, out var v3);
                var weight = Vector512.Create(weights[p]);
                (a0, a1) = (Lanes.MultiplyAdd(weight, v0, a0), Lanes.MultiplyAdd(weight, v1, a1));
                (a2, a3) = (Lanes.MultiplyAdd(weight, v2, a2), Lanes.MultiplyAdd(weight, v3, a3));
                weight = Vector512.Create(weights[KvPage.Positions + p]);
                (b0, b1) = (Lanes.MultiplyAdd(weight, v0, b0), Lanes.MultiplyAdd(weight, v1, b1));
                (b2, b3) = (Lanes.MultiplyAdd(weight, v2, b2), Lanes.MultiplyAdd(weight, v3, b3));
                weight = Vector512.Create(weights[2 * KvPage.Positions + p]);
                (c0, c1) = (Lanes.MultiplyAdd(weight, v0, c0), Lanes.MultiplyAdd(weight, v1, c1));
                (c2, c3) = (Lanes.MultiplyAdd(weight, v2, c2), Lanes.MultiplyAdd(weight, v3, c3));
                weight = Vector512.Create(weights[3 * KvPage.Positions + p]);
                (d0, d1) = (Lanes.MultiplyAdd(weight, v0, d0), Lanes.MultiplyAdd(weight, v1, d1));
                (d2, d3) = (Lanes.MultiplyAdd(weight, v2, d2), Lanes.MultiplyAdd(weight, v3, d3));
            }

            Store(a, a0, a1, a2, a3);
            Store(b, b0, b1, b2, b3);
            Store(c, c0, c1, c2, c3);
            Store(d, d0, d1, d2, d3);
        }

        return column;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddFour<TStored>(
        byte* value, int column, Vector512<float> weight,
        ref Vector512<float> s0, ref Vector512<float> s1, ref Vector512<float> s2, ref Vector512<float> s3)
        where TStored : struct, IStoredNumbers
    {
        TStored.Load(value, column, out var v0, out var v1);
        TStored.Load(value, column + 32, out var v2, out var v3);
        (s0, s1) = (Lanes.MultiplyAdd(weight, v0, s0), Lanes.MultiplyAdd(weight, v1, s1));
        (s2, s3) = (Lanes.MultiplyAdd(weight, v2, s2), Lanes.MultiplyAdd(weight, v3, s3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Load(float* from, out Vector512<float> a, out Vector512<float> b, out Vector512<float> c, out Vector512<float> d)
        => (a, b, c, d) = (Vector512.Load(from), Vector512.Load(from + 16), Vector512.Load(from + 32), Vector512.Load(from + 48));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(float* to, Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
        d.Store(to + 48);
    }

    /// <summary>Asks for the position that is needed a few kilobytes from now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Prefetch(byte* block, int bytes, int position, int count, byte* next)
    {
        if (!Sse.IsSupported || next is null)
            return;

        var start = Ahead(block, bytes, position, count, next);
        for (var line = 0; line < bytes; line += 64)
            Sse.Prefetch0(start + line);
    }

    /// <summary>What is read a few kilobytes after a position: in this block, or in what comes after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static byte* Ahead(byte* block, int bytes, int position, int count, byte* next)
    {
        var (ahead, end) = ((nint)position * bytes + PrefetchBytes, (nint)count * bytes);
        return ahead < end ? block + ahead : next + (ahead - end);
    }
}
