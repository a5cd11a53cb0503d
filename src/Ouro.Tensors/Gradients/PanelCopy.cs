using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Tensors.Gradients;

/// <summary>Copies columns of a matrix into a panel: <see cref="GemmTile.Columns"/> numbers a row, zeros where the matrix has fewer.</summary>
static unsafe class PanelCopy
{
    /// <param name="b">The first number; what lies beyond <paramref name="rows"/> and <paramref name="columns"/> is not read.</param>
    public static void Fill(MatrixView b, int rows, int columns, float* panel)
    {
        if (b.ColumnStride == 1)
            AlongRows(b, rows, columns, panel);
        else if (b.RowStride == 1)
            AcrossRows(b, rows, columns, panel);
        else
            throw new ArgumentException("Neither rows nor columns are contiguous.", nameof(b));
    }

    static void AlongRows(MatrixView b, int rows, int columns, float* panel)
    {
        for (var row = 0; row < rows; row++)
        {
            var from = b.Start + row * b.RowStride;
            var to = panel + row * GemmTile.Columns;
            var column = 0;
            for (; column + 16 <= columns; column += 16)
                Vector512.Load(from + column).Store(to + column);
            for (; column < columns; column++)
                to[column] = from[column];
            for (; column < GemmTile.Columns; column++)
                to[column] = 0;
        }
    }

    /// <summary>Four columns by four rows at a time: read along a column, written along rows.</summary>
    static void AcrossRows(MatrixView b, int rows, int columns, float* panel)
    {
        var column = 0;
        for (; column + 4 <= columns; column += 4)
        {
            var from = b.Start + column * b.ColumnStride;
            var row = 0;
            for (; Sse.IsSupported && row + 4 <= rows; row += 4)
                FourByFour(from + row, b.ColumnStride, panel + row * GemmTile.Columns + column);
            for (; row < rows; row++)
            {
                for (var i = 0; i < 4; i++)
                    panel[row * GemmTile.Columns + column + i] = from[i * b.ColumnStride + row];
            }
        }

        for (; column < GemmTile.Columns; column++)
        {
            for (var row = 0; row < rows; row++)
                panel[row * GemmTile.Columns + column] = column < columns ? b.Start[column * b.ColumnStride + row] : 0;
        }
    }

    static void FourByFour(float* from, nint stride, float* to)
    {
        var (a, b) = (Vector128.Load(from), Vector128.Load(from + stride));
        var (c, d) = (Vector128.Load(from + 2 * stride), Vector128.Load(from + 3 * stride));
        var (abLow, abHigh) = (Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b));
        var (cdLow, cdHigh) = (Sse.UnpackLow(c, d), Sse.UnpackHigh(c, d));
        Sse.MoveLowToHigh(abLow, cdLow).Store(to);
        Sse.MoveHighToLow(cdLow, abLow).Store(to + GemmTile.Columns);
        Sse.MoveLowToHigh(abHigh, cdHigh).Store(to + 2 * GemmTile.Columns);
        Sse.MoveHighToLow(cdHigh, abHigh).Store(to + 3 * GemmTile.Columns);
    }
}
