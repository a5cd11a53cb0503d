using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Tensors.Packed;

/// <summary>The products of <see cref="PackedProducts"/> where there are no 512-bit registers.</summary>
/// <remarks>
/// Scales and minima of a block are widened into the cache once for all rows; codes are taken apart in registers. Every element is
/// computed in the order of the definition.
/// </remarks>
static unsafe class NarrowProducts
{
    /// <summary>Rows that are multiplied at once.</summary>
    public const int TileRows = 4;

    /// <summary>Groups whose scales are widened at once.</summary>
    const int ChunkGroups = 8;

    const int GroupFloats = 4 * PackedLayout.Outputs;

    /// <summary>Multiplies a strip by the processor's own way of summing products of bytes.</summary>
    public static void Multiply<TFormat>(byte* weights, int blocks, Activations rows, float* result, nint stride)
        where TFormat : struct, IPackedFormat<TFormat>
    {
        if (AvxVnni.IsSupported)
            Multiply<TFormat, VnniDot>(weights, blocks, rows, result, stride);
        else if (Avx2.IsSupported)
            Multiply<TFormat, Avx2Dot>(weights, blocks, rows, result, stride);
        else if (Dp.IsSupported)
            Multiply<TFormat, ArmDot>(weights, blocks, rows, result, stride);
        else
            Multiply<TFormat, PortableDot>(weights, blocks, rows, result, stride);
    }

    /// <param name="weights">The strip: blocks of sixteen outputs, one after another.</param>
    /// <param name="result">Where the first row's sixteen results go; the next row's are <paramref name="stride"/> numbers on.</param>
    public static void Multiply<TFormat, TDot>(byte* weights, int blocks, Activations rows, float* result, nint stride)
        where TFormat : struct, IPackedFormat<TFormat>
        where TDot : struct, IDotProduct
    {
        var floats = stackalloc float[ChunkGroups * GroupFloats];
        for (var row = 0; row < rows.Values.Rows; row++)
            new Span<float>(result + row * stride, PackedLayout.Outputs).Clear();

        for (var block = 0; block < blocks; block += ChunkGroups / TFormat.Groups)
        {
            var count = Math.Min(ChunkGroups / TFormat.Groups, blocks - block);
            PackedProducts.Prefetch(weights, count * TFormat.BlockBytes);
            WidenScales<TFormat>(weights, count, floats);
            for (var row = 0; row < rows.Values.Rows;)
            {
                var tile = rows.TileAt(row);
                var records = rows.Records(row) + (nint)block * TFormat.Groups * ActivationRecord.Bytes * tile;
                if (tile == TileRows)
                    AddBlocks<TFormat, TDot, FourNarrowRows>(weights, count, floats, records, result + row * stride, stride);
                else
                    AddBlocks<TFormat, TDot, NarrowRow>(weights, count, floats, records, result + row * stride, stride);
                row += tile;
            }

            weights += count * TFormat.BlockBytes;
        }
    }

    /// <summary>Of each group: scales of both parts [2][16], minima of both parts [2][16].</summary>
    static void WidenScales<TFormat>(byte* block, int count, float* floats)
        where TFormat : struct, IPackedFormat<TFormat>
    {
        for (; count > 0; count--, block += TFormat.BlockBytes)
        {
            var format = TFormat.Open(block);
            for (var group = 0; group < TFormat.Groups; group++, floats += GroupFloats)
            {
                format.Select(group);
                format.Scale(0).Store(floats);
                format.Minimum(0).Store(floats + 2 * PackedLayout.Outputs);
                if (TFormat.Parts == 2 && !TFormat.PartsAreDigits)
                {
                    format.Scale(1).Store(floats + PackedLayout.Outputs);
                    format.Minimum(1).Store(floats + 3 * PackedLayout.Outputs);
                }
            }
        }
    }

    static void AddBlocks<TFormat, TDot, TTile>(byte* weights, int count, float* widened, sbyte* records, float* result, nint stride)
        where TFormat : struct, IPackedFormat<TFormat>
        where TDot : struct, IDotProduct
        where TTile : struct, INarrowTile
    {
        for (var first = 0; first < PackedLayout.Outputs; first += TTile.Outputs)
        {
            var codes = weights + 4 * first;
            var scales = widened + first;
            var activations = records;
            var tile = new TTile();
            tile.Load(result + first, stride);
            for (var block = 0; block < count; block++)
            {
                for (var group = 0; group < TFormat.Groups; group++)
                {
                    if (TFormat.PartsAreDigits && TDot.TakesBytes)
                    {
                        tile.AddHalf<TFormat, TDot>(codes, PackedLayout.AllDigits, 0, activations);
                        tile.AddHalf<TFormat, TDot>(codes, PackedLayout.AllDigits, 4, activations + 16);
                    }
                    else
                    {
                        if (TFormat.PartsAreDigits)
                        {
                            tile.AddHalf<TFormat, TDot>(codes, 1, 0, activations);
                            tile.AddHalf<TFormat, TDot>(codes, 1, 4, activations + 16);
                            tile.ShiftDigit();
                        }

                        tile.AddHalf<TFormat, TDot>(codes, 0, 0, activations);
                        if (TFormat.Parts == 2 && !TFormat.PartsAreDigits)
                            tile.Scale(scales, first: true);
                        tile.AddHalf<TFormat, TDot>(codes, 0, 4, activations + 16);
                    }

                    if (TFormat.Parts == 2 && !TFormat.PartsAreDigits)
                        tile.Scale(scales + PackedLayout.Outputs, first: false);
                    else
                        tile.Scale(scales, first: true);

                    var floats = (float*)(activations + PackedLayout.GroupSize * TTile.Rows);
                    tile.AddGroup(floats);
                    tile.AddMinimum(scales + 2 * PackedLayout.Outputs, floats + (TFormat.MinimumPerPart ? 2 : 1) * TTile.Rows);
                    if (TFormat.MinimumPerPart)
                        tile.AddMinimum(scales + 3 * PackedLayout.Outputs, floats + 3 * TTile.Rows);
                    codes += TFormat.GroupBytes;
                    activations += ActivationRecord.Bytes * TTile.Rows;
                    scales += GroupFloats;
                }

                codes += TFormat.BlockBytes - TFormat.Groups * TFormat.GroupBytes;
            }

            tile.Store(result + first, stride);
        }
    }
}
