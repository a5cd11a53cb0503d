using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Tensors.Packed;

/// <summary>Sixteen outputs of one to eight rows, on processors with AVX-512: the loop that reads the weights.</summary>
static unsafe class PackedProducts
{
    /// <summary>How far ahead memory is asked for.</summary>
    const int PrefetchBytes = 8192;

    /// <summary>The processor fetches ahead within a page of this size.</summary>
    const int PageBytes = 4096;

    /// <summary>The definition: one output of one row, one group after another.</summary>
    /// <remarks>
    /// Of each group: the exact integer sum of each part, times the part's scale, added up; times the activations' scale, added to the total; then
    /// the minima, each times the negative sum of the activations, added to the total. Every addition of a product is one
    /// <see cref="Lanes.MultiplyAdd(float, float, float)"/>.
    /// </remarks>
    /// <param name="codes">Unsigned, one an input.</param>
    /// <param name="scales">One for each 16 or 32 inputs.</param>
    /// <param name="minima">One for each scale.</param>
    public static float Definition(
        ReadOnlySpan<int> codes, ReadOnlySpan<float> scales, ReadOnlySpan<float> minima,
        ReadOnlySpan<sbyte> activations, ReadOnlySpan<float> activationScales)
    {
        var total = 0f;
        var perScale = codes.Length / scales.Length;
        for (var group = 0; group < activationScales.Length; group++)
        {
            var at = group * PackedLayout.GroupSize;
            var numbers = 0f;
            for (var first = at; first < at + PackedLayout.GroupSize; first += perScale)
            {
                var sum = 0;
                for (var i = first; i < first + perScale; i++)
                    sum += codes[i] * activations[i];
                numbers = first == at ? sum * scales[first / perScale] : Lanes.MultiplyAdd(sum, scales[first / perScale], numbers);
            }

            total = Lanes.MultiplyAdd(numbers, activationScales[group], total);
            for (var first = at; first < at + PackedLayout.GroupSize; first += perScale)
            {
                var sum = 0;
                foreach (var activation in activations.Slice(first, perScale))
                    sum += activation;
                total = Lanes.MultiplyAdd(minima[first / perScale], -activationScales[group] * sum, total);
            }
        }

        return total;
    }

    /// <param name="weights">The strip: blocks of sixteen outputs, one after another.</param>
    /// <param name="activations">The tile's records, a group after another (see <see cref="Activations"/>).</param>
    /// <param name="result">Where the first row's sixteen results go; the next row's are <paramref name="stride"/> numbers on.</param>
    /// <param name="ahead">Whether the memory behind is to be asked for.</param>
    public static void Multiply<TFormat, TTile>(byte* weights, int blocks, sbyte* activations, float* result, nint stride, bool ahead)
        where TFormat : struct, IPackedFormat<TFormat>
        where TTile : struct, IRowTile
    {
        var tile = new TTile();
        for (var block = 0; block < blocks; block++)
        {
            if (ahead && TFormat.IsReadInOrder)
                PrefetchPage(weights, TFormat.BlockBytes);
            else if (ahead)
                Prefetch(weights, TFormat.BlockBytes);

            var format = TFormat.Open(weights);
            for (var group = 0; group < TFormat.Groups; group++)
            {
                format.Select(group);
                tile.Add(format.Codes(0, 0), format.Codes(0, 1), activations, starts: true);
                if (TFormat.StepsIn16Bits == 2)
                    tile.Fold(first: true);
                tile.Add(format.Codes(0, 2), format.Codes(0, 3), activations + 8, starts: TFormat.StepsIn16Bits == 2);
                if (TFormat.StepsIn16Bits <= 4)
                    tile.Fold(first: TFormat.StepsIn16Bits == 4);
                if (TFormat.Parts == 1 || TFormat.PartsAreDigits)
                {
                    tile.Add(format.Codes(0, 4), format.Codes(0, 5), activations + 16, starts: TFormat.StepsIn16Bits == 4);
                    tile.Add(format.Codes(0, 6), format.Codes(0, 7), activations + 24, starts: false);
                    tile.Fold(first: TFormat.StepsIn16Bits == 8);
                }

                if (TFormat.PartsAreDigits)
                {
                    tile.Add(format.Codes(1, 0), format.Codes(1, 1), activations, starts: true);
                    tile.Add(format.Codes(1, 2), format.Codes(1, 3), activations + 8, starts: false);
                    tile.Add(format.Codes(1, 4), format.Codes(1, 5), activations + 16, starts: false);
                    tile.Add(format.Codes(1, 6), format.Codes(1, 7), activations + 24, starts: false);
                    tile.Fold(first: false, weight: 16);
                }

                tile.Scale(format.Scale(0), first: true);
                if (TFormat.Parts == 2 && !TFormat.PartsAreDigits)
                {
                    tile.Add(format.Codes(1, 4), format.Codes(1, 5), activations + 16, starts: true);
                    if (TFormat.StepsIn16Bits == 2)
                        tile.Fold(first: true);
                    tile.Add(format.Codes(1, 6), format.Codes(1, 7), activations + 24, starts: TFormat.StepsIn16Bits == 2);
                    tile.Fold(first: TFormat.StepsIn16Bits > 2);
                    tile.Scale(format.Scale(1), first: false);
                }

                var floats = (float*)(activations + PackedLayout.GroupSize * TTile.Rows);
                tile.AddGroup(floats);
                tile.AddMinimum(format.Minimum(0), floats + (TFormat.MinimumPerPart ? 2 : 1) * TTile.Rows);
                if (TFormat.MinimumPerPart)
                    tile.AddMinimum(format.Minimum(1), floats + 3 * TTile.Rows);
                activations += ActivationRecord.Bytes * TTile.Rows;
            }

            weights += TFormat.BlockBytes;
        }

        tile.Store(result, stride);
    }

    /// <summary>Asks for what lies a few kilobytes behind these bytes; what lies behind the weights may be asked for in vain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* from, int bytes)
    {
        if (!Sse.IsSupported)
            return;

        for (var line = 0; line < bytes; line += 64)
            Sse.Prefetch0(from + PrefetchBytes + line);
    }

    /// <summary>The same for memory that is read line by line: the processor goes through a page by itself, faster than it can be asked for lines, and must only be told of the next page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void PrefetchPage(byte* from, int bytes)
    {
        var page = (byte*)((nuint)(from + PrefetchBytes + bytes) / PageBytes * PageBytes);
        if (Sse.IsSupported && page > from + PrefetchBytes)
            Sse.Prefetch0(page);
    }
}

/// <summary>What a kernel needs of 32 numbers of one row; the records of a tile's rows are merged field by field.</summary>
/// <remarks>
/// <code>
/// tile of T rows, group g:   codes [T][32] | scale [T] | -sum of 32 [T] | -sum of the first 16 [T] | -sum of the last 16 [T]
/// </code>
/// Sums are scale * (sum of codes), negative because minima are taken off.
/// </remarks>
static class ActivationRecord
{
    /// <summary>Bytes of one group of one row.</summary>
    public const int Bytes = PackedLayout.GroupSize + 4 * sizeof(float);
}
