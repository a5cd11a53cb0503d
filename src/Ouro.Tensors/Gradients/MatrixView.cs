namespace Ouro.Tensors.Gradients;

/// <summary>Numbers in memory read as a matrix, perhaps turned on its side: element [i, j] is at i * RowStride + j * ColumnStride.</summary>
readonly unsafe struct MatrixView(float* start, nint rowStride, nint columnStride)
{
    public MatrixView(Matrix matrix)
        : this(matrix.Pointer, matrix.Stride, 1)
    {
    }

    public float* Start { get; } = start;

    public nint RowStride { get; } = rowStride;

    public nint ColumnStride { get; } = columnStride;

    /// <summary>The same numbers with rows and columns exchanged.</summary>
    public MatrixView Transposed => new(Start, ColumnStride, RowStride);

    /// <summary>The part that begins at a row and a column.</summary>
    public MatrixView From(nint row, nint column) => new(Start + row * RowStride + column * ColumnStride, RowStride, ColumnStride);
}
