namespace Ouro.Tensors.Gradients;

/// <summary>Products of single-precision matrices of any orientation: what training spends its time on.</summary>
/// <remarks>
/// C[i, j] is summed over k in blocks of <see cref="BlockLength"/>: within a block by one chain of multiply-adds from k upwards, then the blocks in
/// order. So an element depends on its row of A and its column of B alone, and is bit-identical for any number of threads and any neighbours.
/// Columns of B are copied into panels a block at a time; rows of A are read where they lie.
/// </remarks>
static unsafe class Gemm
{
    /// <summary>Products summed in registers before they join what is in memory: a panel of B of this length fits the first-level cache.</summary>
    public const int BlockLength = 256;

    /// <summary>Least rows of A for which it pays to copy a panel of B.</summary>
    const int LeastRows = 128;

    /// <summary>The definition of one element. Every other path is tested against this one.</summary>
    public static float Definition(ReadOnlySpan<float> a, ReadOnlySpan<float> b, float before)
    {
        var sum = before;
        for (var block = 0; block < a.Length; block += BlockLength)
        {
            var part = 0f;
            for (var k = block; k < Math.Min(a.Length, block + BlockLength); k++)
                part = Lanes.MultiplyAdd(a[k], b[k], part);
            sum += part;
        }

        return sum;
    }

    /// <summary>C = A B, or C += A B, with all threads of a pool.</summary>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C.</param>
    /// <param name="k">Columns of A, rows of B; with 0, C is zero or stays.</param>
    /// <param name="c">Row-major; overlaps neither A nor B.</param>
    /// <param name="cStride">Numbers from one row of C to the next.</param>
    /// <param name="add">Whether to add to what is in C.</param>
    public static void Multiply(WorkerPool pool, MatrixView a, MatrixView b, float* c, nint cStride, int m, int n, int k, bool add)
    {
        var work = new Work(a, b, c, cStride, m, n, k, add, pool.ThreadCount);
        pool.Run(work, work.Items, grain: 1);
    }

    /// <summary>The same on the calling thread.</summary>
    public static void Multiply(MatrixView a, MatrixView b, float* c, nint cStride, int m, int n, int k, bool add)
    {
        var work = new Work(a, b, c, cStride, m, n, k, add, threads: 1);
        work.Do(0, work.Items);
    }

    /// <summary>An item is one panel of columns for some rows.</summary>
    readonly struct Work : IRangeWork
    {
        readonly MatrixView _a, _b;
        readonly float* _c;
        readonly nint _cStride;
        readonly int _m, _n, _k, _rows, _rowBlocks;
        readonly bool _add;

        public Work(MatrixView a, MatrixView b, float* c, nint cStride, int m, int n, int k, bool add, int threads)
        {
            _c = c;
            (_a, _b, _cStride, _m, _n, _k, _add) = (a, b, cStride, m, n, k, add);
            var panels = (n + GemmTile.Columns - 1) / GemmTile.Columns;
            var wanted = threads == 1 ? 1 : Math.Max(1, 4 * threads / Math.Max(1, panels));
            _rows = Math.Max(LeastRows, ((m + wanted - 1) / wanted + GemmTile.Rows - 1) / GemmTile.Rows * GemmTile.Rows);
            _rowBlocks = (m + _rows - 1) / _rows;
            Items = panels * _rowBlocks;
        }

        public int Items { get; }

        public void Do(int from, int to)
        {
            var panel = Scratch.Panel(BlockLength * GemmTile.Columns);
            for (var item = from; item < to; item++)
                Panel(item / _rowBlocks * GemmTile.Columns, item % _rowBlocks * _rows, panel);
        }

        void Panel(int column, int firstRow, float* panel)
        {
            var columns = Math.Min(GemmTile.Columns, _n - column);
            var end = Math.Min(_m, firstRow + _rows);
            for (var block = 0; block < _k || block == 0; block += BlockLength)
            {
                var length = Math.Min(BlockLength, _k - block);
                PanelCopy.Fill(_b.From(block, column), length, columns, panel);
                for (var row = firstRow; row < end; row += GemmTile.Rows)
                {
                    var rows = Math.Min(GemmTile.Rows, end - row);
                    var place = _c + row * _cStride + column;
                    GemmTile.Multiply(_a.From(row, block), rows, panel, columns, length, place, _cStride, _add || block > 0);
                }
            }
        }
    }
}
