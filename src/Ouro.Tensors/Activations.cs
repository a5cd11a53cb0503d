using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Ouro.Tensors.Packed;

namespace Ouro.Tensors;

/// <summary>What quantised weights are multiplied with.</summary>
public enum ActivationType
{
    /// <summary>8-bit codes with one scale per 32 numbers: the default, fast.</summary>
    Int8,

    /// <summary>Single precision: the weights are widened; slower, exact but for rounding of sums.</summary>
    F32,
}

/// <summary>The rows that go into a matrix product: the numbers, and on demand their 8-bit form.</summary>
/// <remarks>
/// 8-bit form, per row and group of 32 numbers x: scale = max|x| / 127, code = x / scale rounded to the nearest integer (ties to even), so
/// x is within scale / 2 of scale * code. The last group is padded with zeros. A row is coded from its own numbers alone.
/// <para>
/// The 8-bit form of several rows is laid out for the kernels of <see cref="PackedMatrix{TFormat}"/>: rows are gathered into tiles of
/// <see cref="MostTileRows"/>, the rest into ever smaller powers of two, and a tile holds one <see cref="ActivationRecord"/> a group.
/// </para>
/// </remarks>
public sealed unsafe class Activations
{
    /// <summary>Numbers that share a scale.</summary>
    internal const int GroupSize = PackedLayout.GroupSize;

    byte[] _bytes = [];
    int _codedRows = -1;
    sbyte* _records;

    /// <param name="rows">Rows at first.</param>
    /// <param name="columns">Numbers in a row.</param>
    public Activations(int rows, int columns)
    {
        Values = new Matrix(rows, columns);
        Groups = (columns + GroupSize - 1) / GroupSize;
    }

    /// <summary>The numbers. Call <see cref="Changed"/> after writing to them.</summary>
    public Matrix Values { get; }

    /// <summary>Groups of 32 in a row, the last perhaps padded.</summary>
    internal int Groups { get; }

    /// <summary>Rows that a kernel takes at once: as many as the processor has registers for.</summary>
    internal static int MostTileRows => Avx512BW.IsSupported ? 8 : NarrowProducts.TileRows;

    /// <summary>Says that <see cref="Values"/> changed, so that an 8-bit form made before is not used again.</summary>
    public void Changed() => _codedRows = -1;

    /// <summary>Rows of the tile that starts at <paramref name="row"/>: 8, 4, 2 or 1; without AVX-512 4 or 1.</summary>
    internal int TileAt(int row)
    {
        var left = Values.Rows - row;
        return Avx512BW.IsSupported ? Math.Min(MostTileRows, 1 << BitOperations.Log2((uint)left)) : left >= MostTileRows ? MostTileRows : 1;
    }

    /// <summary>The records of the tile that starts at <paramref name="row"/>.</summary>
    internal sbyte* Records(int row) => _records + (long)row * Groups * ActivationRecord.Bytes;

    /// <summary>Makes the 8-bit form unless it is there.</summary>
    internal void EnsureCodes(WorkerPool pool)
    {
        if (_codedRows == Values.Rows)
            return;

        Reserve(Values.Rows);
        pool.Run(new Coding(this), Values.Rows, grain: MostTileRows);
        _codedRows = Values.Rows;
    }

    void Reserve(int rows)
    {
        var needed = (long)rows * Groups * ActivationRecord.Bytes + 64;
        if (needed > Array.MaxLength)
            throw new InsufficientMemoryException($"The 8-bit form of {rows:N0} x {Values.Columns:N0} numbers is larger than one buffer can be.");
        if (_bytes.Length < needed)
            _bytes = GC.AllocateArray<byte>((int)needed, pinned: true);

        _records = (sbyte*)(((nuint)Unsafe.AsPointer(ref _bytes[0]) + 63) & ~(nuint)63);
    }

    /// <param name="first">The first row of the tile.</param>
    void CodeTile(int first, int rows)
    {
        for (var row = 0; row < rows; row++)
        {
            var values = Values.RowPointer(first + row);
            var codes = Records(first) + row * GroupSize;
            var floats = (float*)(Records(first) + rows * GroupSize) + row;
            for (var group = 0; group < Groups; group++)
            {
                var available = Math.Min(GroupSize, Values.Stride - group * GroupSize);
                var scale = CodeGroup(values + group * GroupSize, available, codes, out var low, out var high);
                floats[0] = scale;
                floats[rows] = -scale * (low + high);
                floats[2 * rows] = -scale * low;
                floats[3 * rows] = -scale * high;
                codes += rows * ActivationRecord.Bytes;
                floats += rows * (ActivationRecord.Bytes / sizeof(float));
            }
        }
    }

    /// <summary>Codes 16 or 32 numbers; 16 only at the end of a row whose padded length is not a multiple of 32.</summary>
    static float CodeGroup(float* values, int count, sbyte* codes, out int lowSum, out int highSum)
    {
        var low = Vector512.Load(values);
        var high = count == GroupSize ? Vector512.Load(values + 16) : default;
        var peak = Lanes.MaxOrNaN(Vector512.Max(Vector512.Abs(low), Vector512.Abs(high)));

        var scale = peak / 127;
        var inverse = scale > 0 ? 127 / peak : 0;   // a group of zeros has scale 0 and must stay zeros
        if (!float.IsFinite(inverse))
            (scale, inverse) = (0, 0);              // below 2^-121 or so: nothing that a sum would notice

        var lowCodes = Vector512.ConvertToInt32(Vector512.Round(low * inverse));
        var highCodes = Vector512.ConvertToInt32(Vector512.Round(high * inverse));
        lowSum = Vector512.Sum(lowCodes);
        highSum = Vector512.Sum(highCodes);
        var shorts = Vector512.Narrow(lowCodes, highCodes);
        Vector256.Narrow(shorts.GetLower(), shorts.GetUpper()).Store(codes);
        return scale;
    }

    readonly struct Coding(Activations rows) : IRangeWork
    {
        // Chunks are whole tiles of the largest size; what is left at the end is in the last chunk.
        public void Do(int from, int to)
        {
            for (var row = from; row < to;)
            {
                var tile = rows.TileAt(row);
                rows.CodeTile(row, tile);
                row += tile;
            }
        }
    }
}
