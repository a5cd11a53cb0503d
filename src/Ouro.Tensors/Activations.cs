using System.Runtime.Intrinsics;

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
/// </remarks>
public sealed unsafe class Activations
{
    /// <summary>Numbers that share a scale.</summary>
    internal const int GroupSize = 32;

    byte[] _bytes = [];
    int _codedRows = -1;
    sbyte* _codes;
    float* _scales;
    float* _sumsBy16;
    float* _sumsBy32;

    /// <param name="rows">Rows at first.</param>
    /// <param name="columns">Numbers in a row.</param>
    /// <param name="type">What quantised weights see of these rows.</param>
    public Activations(int rows, int columns, ActivationType type)
    {
        Values = new Matrix(rows, columns);
        Type = type;
        Groups = (columns + GroupSize - 1) / GroupSize;
    }

    /// <summary>What quantised weights see of these rows.</summary>
    public ActivationType Type { get; }

    /// <summary>The numbers. Call <see cref="Changed"/> after writing to them.</summary>
    public Matrix Values { get; }

    /// <summary>Groups of 32 in a row, the last perhaps padded.</summary>
    internal int Groups { get; }

    /// <summary>Says that <see cref="Values"/> changed, so that an 8-bit form made before is not used again.</summary>
    public void Changed() => _codedRows = -1;

    internal sbyte* Codes(int row) => _codes + (long)row * Groups * GroupSize;

    internal float* Scales(int row) => _scales + (long)row * Groups;

    /// <summary>scale * (sum of codes) for each 16 or 32 columns: what minima are multiplied with. Padded with zeros as a <see cref="Matrix"/> is.</summary>
    internal float* Sums(int row, int groupSize)
        => groupSize == 16 ? _sumsBy16 + row * Matrix.Padded(2 * Groups) : _sumsBy32 + row * Matrix.Padded(Groups);

    /// <summary>Makes the 8-bit form unless it is there.</summary>
    internal void EnsureCodes(WorkerPool pool)
    {
        if (_codedRows == Values.Rows)
            return;

        Reserve(Values.Rows);
        pool.Run(new Coding(this), Values.Rows, grain: 4);
        _codedRows = Values.Rows;
    }

    void Reserve(int rows)
    {
        var codes = (long)rows * Groups * GroupSize;
        var scales = Matrix.Padded((long)rows * Groups);
        var sumsBy32 = rows * Matrix.Padded(Groups);
        var sumsBy16 = rows * Matrix.Padded(2 * Groups);
        var needed = codes + sizeof(float) * (scales + sumsBy32 + sumsBy16) + 64;
        if (needed > Array.MaxLength)
            throw new InsufficientMemoryException($"The 8-bit form of {rows:N0} x {Values.Columns:N0} numbers is larger than one buffer can be.");
        if (_bytes.Length < needed)
            _bytes = GC.AllocateArray<byte>((int)needed, pinned: true);

        _codes = (sbyte*)(((nuint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _bytes[0]) + 63) & ~(nuint)63);
        _scales = (float*)(_codes + codes);
        _sumsBy32 = _scales + scales;
        _sumsBy16 = _sumsBy32 + sumsBy32;
    }

    void CodeRow(int row)
    {
        var values = Values.RowPointer(row);
        var codes = Codes(row);
        var by16 = new Span<float>(Sums(row, 16), (int)Matrix.Padded(2 * Groups));
        var by32 = new Span<float>(Sums(row, 32), (int)Matrix.Padded(Groups));
        for (var group = 0; group < Groups; group++)
        {
            var available = Math.Min(GroupSize, Values.Stride - group * GroupSize);
            var scale = CodeGroup(values + group * GroupSize, available, codes + group * GroupSize, out var low, out var high);
            Scales(row)[group] = scale;
            by16[2 * group] = scale * low;
            by16[2 * group + 1] = scale * high;
            by32[group] = scale * (low + high);
        }

        by16[(2 * Groups)..].Clear();
        by32[Groups..].Clear();
    }

    /// <summary>Codes 16 or 32 numbers; 16 only at the end of a row whose padded length is not a multiple of 32.</summary>
    static float CodeGroup(float* values, int count, sbyte* codes, out int lowSum, out int highSum)
    {
        var v0 = Vector256.Load(values);
        var v1 = Vector256.Load(values + 8);
        var v2 = count == GroupSize ? Vector256.Load(values + 16) : default;
        var v3 = count == GroupSize ? Vector256.Load(values + 24) : default;
        var largest = Vector256.Max(
            Vector256.Max(Vector256.Abs(v0), Vector256.Abs(v1)), Vector256.Max(Vector256.Abs(v2), Vector256.Abs(v3)));
        var peak = 0f;
        for (var i = 0; i < Vector256<float>.Count; i++)
            peak = MathF.Max(peak, largest[i]);

        var scale = peak / 127;
        var inverse = scale > 0 ? 127 / peak : 0;   // a group of zeros has scale 0 and must stay zeros
        if (!float.IsFinite(inverse))
            (scale, inverse) = (0, 0);              // below 2^-121 or so: nothing that a sum would notice

        var (c0, c1, c2, c3) = (Code(v0, inverse), Code(v1, inverse), Code(v2, inverse), Code(v3, inverse));
        lowSum = Vector256.Sum(c0 + c1);
        highSum = Vector256.Sum(c2 + c3);
        Vector256.Narrow(Vector256.Narrow(c0, c1), Vector256.Narrow(c2, c3)).Store(codes);
        return scale;
    }

    static Vector256<int> Code(Vector256<float> values, float inverse)
        => Vector256.ConvertToInt32(Vector256.Round(values * inverse));

    readonly struct Coding(Activations rows) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
                rows.CodeRow(row);
        }
    }
}
