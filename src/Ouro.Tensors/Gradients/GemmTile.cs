using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Gradients;

/// <summary>The innermost part of <see cref="Gemm"/>: a few rows of A with one panel of B, summed in registers.</summary>
/// <remarks>
/// With 32 registers of 512 bits, 8 rows by 48 columns: 24 sums, three vectors of B and one number of A; where a matrix ends, 32 or 16 columns.
/// With 16 registers of 256 bits, 6 rows by 16 columns. Fields of a struct would be left in memory by the runtime's compiler, so the sums are plain locals.
/// </remarks>
static unsafe class GemmTile
{
    static readonly bool IsWide = Vector512.IsHardwareAccelerated;

    /// <summary>Columns of a panel.</summary>
    public static int Columns => IsWide ? 48 : 16;

    /// <summary>Rows of a tile.</summary>
    public static int Rows => IsWide ? 8 : 6;

    /// <summary>c[rows, columns] = or += a[rows, k] panel[k, columns].</summary>
    /// <param name="rows">At most <see cref="Rows"/>.</param>
    /// <param name="columns">At most <see cref="Columns"/>.</param>
    public static void Multiply(MatrixView a, int rows, float* panel, int columns, int k, float* c, nint cStride, bool add)
    {
        var width = (columns + 15) / 16 * 16;
        if (rows == Rows && columns == width)
            Tile(a, rows, panel, width, k, c, cStride, add);
        else
            Edge(a, rows, panel, columns, width, k, c, cStride, add);
    }

    /// <param name="width">Columns to compute: 16, 32 or 48.</param>
    static void Tile(MatrixView a, int rows, float* panel, int width, int k, float* c, nint cStride, bool add)
    {
        if (!IsWide)
            SixBy16(a, rows, panel, k, c, cStride, add);
        else if (width == 48)
            EightBy48(a, rows, panel, k, c, cStride, add);
        else if (width == 32)
            EightBy32(a, rows, panel, k, c, cStride, add);
        else
            EightBy16(a, rows, panel, k, c, cStride, add);
    }

    /// <summary>At an edge the whole tile is computed aside, and what belongs to C is copied.</summary>
    [SkipLocalsInit]
    static void Edge(MatrixView a, int rows, float* panel, int columns, int width, int k, float* c, nint cStride, bool add)
    {
        var aside = stackalloc float[8 * 48];
        Tile(a, rows, panel, width, k, aside, width, add: false);
        for (var row = 0; row < rows; row++)
        {
            float* from = aside + row * width, to = c + row * cStride;
            var column = 0;
            for (; column + 16 <= columns; column += 16)
                (Vector512.Load(from + column) + (add ? Vector512.Load(to + column) : default)).Store(to + column);
            for (; column < columns; column++)
                to[column] = from[column] + (add ? to[column] : 0);
        }
    }

    /// <param name="rows">Rows of A that are there; for the others the last one is read again, so that nothing foreign is touched.</param>
    static void EightBy48(MatrixView a, int rows, float* panel, int k, float* c, nint cStride, bool add)
    {
        Vector512<float> c00 = default, c01 = default, c02 = default, c10 = default, c11 = default, c12 = default;
        Vector512<float> c20 = default, c21 = default, c22 = default, c30 = default, c31 = default, c32 = default;
        Vector512<float> c40 = default, c41 = default, c42 = default, c50 = default, c51 = default, c52 = default;
        Vector512<float> c60 = default, c61 = default, c62 = default, c70 = default, c71 = default, c72 = default;
        float* a0 = a.Start, a1 = Row(a, 1, rows), a2 = Row(a, 2, rows), a3 = Row(a, 3, rows);
        float* a4 = Row(a, 4, rows), a5 = Row(a, 5, rows), a6 = Row(a, 6, rows), a7 = Row(a, 7, rows);
        for (nint i = 0; k > 0; k--, i += a.ColumnStride, panel += 48)
        {
            var b0 = Vector512.Load(panel);
            var b1 = Vector512.Load(panel + 16);
            var b2 = Vector512.Load(panel + 32);
            var x = Vector512.Create(a0[i]);
            (c00, c01, c02) = (Lanes.MultiplyAdd(x, b0, c00), Lanes.MultiplyAdd(x, b1, c01), Lanes.MultiplyAdd(x, b2, c02));
            x = Vector512.Create(a1[i]);
            (c10, c11, c12) = (Lanes.MultiplyAdd(x, b0, c10), Lanes.MultiplyAdd(x, b1, c11), Lanes.MultiplyAdd(x, b2, c12));
            x = Vector512.Create(a2[i]);
            (c20, c21, c22) = (Lanes.MultiplyAdd(x, b0, c20), Lanes.MultiplyAdd(x, b1, c21), Lanes.MultiplyAdd(x, b2, c22));
            x = Vector512.Create(a3[i]);
            (c30, c31, c32) = (Lanes.MultiplyAdd(x, b0, c30), Lanes.MultiplyAdd(x, b1, c31), Lanes.MultiplyAdd(x, b2, c32));
            x = Vector512.Create(a4[i]);
            (c40, c41, c42) = (Lanes.MultiplyAdd(x, b0, c40), Lanes.MultiplyAdd(x, b1, c41), Lanes.MultiplyAdd(x, b2, c42));
            x = Vector512.Create(a5[i]);
            (c50, c51, c52) = (Lanes.MultiplyAdd(x, b0, c50), Lanes.MultiplyAdd(x, b1, c51), Lanes.MultiplyAdd(x, b2, c52));
            x = Vector512.Create(a6[i]);
            (c60, c61, c62) = (Lanes.MultiplyAdd(x, b0, c60), Lanes.MultiplyAdd(x, b1, c61), Lanes.MultiplyAdd(x, b2, c62));
            x = Vector512.Create(a7[i]);
            (c70, c71, c72) = (Lanes.MultiplyAdd(x, b0, c70), Lanes.MultiplyAdd(x, b1, c71), Lanes.MultiplyAdd(x, b2, c72));
        }

        Put(c00, c01, c02, c, add);
        Put(c10, c11, c12, c + cStride, add);
        Put(c20, c21, c22, c + 2 * cStride, add);
        Put(c30, c31, c32, c + 3 * cStride, add);
        Put(c40, c41, c42, c + 4 * cStride, add);
        Put(c50, c51, c52, c + 5 * cStride, add);
        Put(c60, c61, c62, c + 6 * cStride, add);
        Put(c70, c71, c72, c + 7 * cStride, add);
    }

    /// <inheritdoc cref="EightBy48"/>
    static void EightBy32(MatrixView a, int rows, float* panel, int k, float* c, nint cStride, bool add)
    {
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        Vector512<float> c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        float* a0 = a.Start, a1 = Row(a, 1, rows), a2 = Row(a, 2, rows), a3 = Row(a, 3, rows);
        float* a4 = Row(a, 4, rows), a5 = Row(a, 5, rows), a6 = Row(a, 6, rows), a7 = Row(a, 7, rows);
        for (nint i = 0; k > 0; k--, i += a.ColumnStride, panel += 48)
        {
            var b0 = Vector512.Load(panel);
            var b1 = Vector512.Load(panel + 16);
            var x = Vector512.Create(a0[i]);
            (c00, c01) = (Lanes.MultiplyAdd(x, b0, c00), Lanes.MultiplyAdd(x, b1, c01));
            x = Vector512.Create(a1[i]);
            (c10, c11) = (Lanes.MultiplyAdd(x, b0, c10), Lanes.MultiplyAdd(x, b1, c11));
            x = Vector512.Create(a2[i]);
            (c20, c21) = (Lanes.MultiplyAdd(x, b0, c20), Lanes.MultiplyAdd(x, b1, c21));
            x = Vector512.Create(a3[i]);
            (c30, c31) = (Lanes.MultiplyAdd(x, b0, c30), Lanes.MultiplyAdd(x, b1, c31));
            x = Vector512.Create(a4[i]);
            (c40, c41) = (Lanes.MultiplyAdd(x, b0, c40), Lanes.MultiplyAdd(x, b1, c41));
            x = Vector512.Create(a5[i]);
            (c50, c51) = (Lanes.MultiplyAdd(x, b0, c50), Lanes.MultiplyAdd(x, b1, c51));
            x = Vector512.Create(a6[i]);
            (c60, c61) = (Lanes.MultiplyAdd(x, b0, c60), Lanes.MultiplyAdd(x, b1, c61));
            x = Vector512.Create(a7[i]);
            (c70, c71) = (Lanes.MultiplyAdd(x, b0, c70), Lanes.MultiplyAdd(x, b1, c71));
        }

        Put(c00, c01, c, add);
        Put(c10, c11, c + cStride, add);
        Put(c20, c21, c + 2 * cStride, add);
        Put(c30, c31, c + 3 * cStride, add);
        Put(c40, c41, c + 4 * cStride, add);
        Put(c50, c51, c + 5 * cStride, add);
        Put(c60, c61, c + 6 * cStride, add);
        Put(c70, c71, c + 7 * cStride, add);
    }

    /// <inheritdoc cref="EightBy48"/>
    static void EightBy16(MatrixView a, int rows, float* panel, int k, float* c, nint cStride, bool add)
    {
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        float* a0 = a.Start, a1 = Row(a, 1, rows), a2 = Row(a, 2, rows), a3 = Row(a, 3, rows);
        float* a4 = Row(a, 4, rows), a5 = Row(a, 5, rows), a6 = Row(a, 6, rows), a7 = Row(a, 7, rows);
        for (nint i = 0; k > 0; k--, i += a.ColumnStride, panel += 48)
        {
            var b = Vector512.Load(panel);
            (c0, c1) = (Lanes.MultiplyAdd(Vector512.Create(a0[i]), b, c0), Lanes.MultiplyAdd(Vector512.Create(a1[i]), b, c1));
            (c2, c3) = (Lanes.MultiplyAdd(Vector512.Create(a2[i]), b, c2), Lanes.MultiplyAdd(Vector512.Create(a3[i]), b, c3));
            (c4, c5) = (Lanes.MultiplyAdd(Vector512.Create(a4[i]), b, c4), Lanes.MultiplyAdd(Vector512.Create(a5[i]), b, c5));
            (c6, c7) = (Lanes.MultiplyAdd(Vector512.Create(a6[i]), b, c6), Lanes.MultiplyAdd(Vector512.Create(a7[i]), b, c7));
        }

        Put(c0, c, add);
        Put(c1, c + cStride, add);
        Put(c2, c + 2 * cStride, add);
        Put(c3, c + 3 * cStride, add);
        Put(c4, c + 4 * cStride, add);
        Put(c5, c + 5 * cStride, add);
        Put(c6, c + 6 * cStride, add);
        Put(c7, c + 7 * cStride, add);
    }

    /// <inheritdoc cref="EightBy48"/>
    static void SixBy16(MatrixView a, int rows, float* panel, int k, float* c, nint cStride, bool add)
    {
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        Vector256<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        float* a0 = a.Start, a1 = Row(a, 1, rows), a2 = Row(a, 2, rows);
        float* a3 = Row(a, 3, rows), a4 = Row(a, 4, rows), a5 = Row(a, 5, rows);
        for (nint i = 0; k > 0; k--, i += a.ColumnStride, panel += 16)
        {
            var b0 = Vector256.Load(panel);
            var b1 = Vector256.Load(panel + 8);
            var x = Vector256.Create(a0[i]);
            (c00, c01) = (Lanes.MultiplyAdd(x, b0, c00), Lanes.MultiplyAdd(x, b1, c01));
            x = Vector256.Create(a1[i]);
            (c10, c11) = (Lanes.MultiplyAdd(x, b0, c10), Lanes.MultiplyAdd(x, b1, c11));
            x = Vector256.Create(a2[i]);
            (c20, c21) = (Lanes.MultiplyAdd(x, b0, c20), Lanes.MultiplyAdd(x, b1, c21));
            x = Vector256.Create(a3[i]);
            (c30, c31) = (Lanes.MultiplyAdd(x, b0, c30), Lanes.MultiplyAdd(x, b1, c31));
            x = Vector256.Create(a4[i]);
            (c40, c41) = (Lanes.MultiplyAdd(x, b0, c40), Lanes.MultiplyAdd(x, b1, c41));
            x = Vector256.Create(a5[i]);
            (c50, c51) = (Lanes.MultiplyAdd(x, b0, c50), Lanes.MultiplyAdd(x, b1, c51));
        }

        Put(c00, c01, c, add);
        Put(c10, c11, c + cStride, add);
        Put(c20, c21, c + 2 * cStride, add);
        Put(c30, c31, c + 3 * cStride, add);
        Put(c40, c41, c + 4 * cStride, add);
        Put(c50, c51, c + 5 * cStride, add);
    }

    static float* Row(MatrixView a, int row, int rows) => a.Start + Math.Min(row, rows - 1) * a.RowStride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(Vector512<float> x, Vector512<float> y, Vector512<float> z, float* c, bool add)
    {
        if (add)
            (x, y, z) = (Vector512.Load(c) + x, Vector512.Load(c + 16) + y, Vector512.Load(c + 32) + z);
        x.Store(c);
        y.Store(c + 16);
        z.Store(c + 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(Vector512<float> x, Vector512<float> y, float* c, bool add)
    {
        Put(x, c, add);
        Put(y, c + 16, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(Vector512<float> x, float* c, bool add) => (add ? Vector512.Load(c) + x : x).Store(c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(Vector256<float> x, Vector256<float> y, float* c, bool add)
    {
        if (add)
            (x, y) = (Vector256.Load(c) + x, Vector256.Load(c + 8) + y);
        x.Store(c);
        y.Store(c + 8);
    }
}
