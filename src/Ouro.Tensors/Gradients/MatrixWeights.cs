using Ouro.Formats;

namespace Ouro.Tensors.Gradients;

/// <summary>Weights that may change between products: a matrix in memory, as training holds it.</summary>
/// <param name="values">[outputs, inputs]; kept, not copied.</param>
public sealed unsafe class MatrixWeights(Matrix values) : WeightMatrix(values.Rows, values.Columns)
{
    /// <summary>The numbers.</summary>
    public Matrix Values { get; } = values;

    /// <inheritdoc/>
    public override ElementType Type => ElementType.F32;

    /// <inheritdoc/>
    public override void DecodeRow(int row, Span<float> values) => Values[row].CopyTo(values);

    private protected override void Product(Activations rows, Matrix result, WorkerPool pool)
        => Gemm.Multiply(
            pool, new MatrixView(rows.Values), new MatrixView(Values).Transposed, result.Pointer, result.Stride, rows.Values.Rows, Outputs, Inputs, add: false);
}
