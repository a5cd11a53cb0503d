using System.Runtime.Intrinsics;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Weights that vectors read as they are stored: a few activation rows are multiplied without widening the weights first.</summary>
class PlainMatrix<TFormat>(int outputs, int inputs, ReadOnlyMemory<byte> bytes) : FloatMatrix<TFormat>(outputs, inputs, bytes)
    where TFormat : struct, IStoredNumbers
{
    /// <summary>Fewer rows than are worth a widening.</summary>
    static int FewRows => Vector512.IsHardwareAccelerated ? 4 : 3;

    private protected override void Product(Activations rows, Matrix result, WorkerPool pool)
    {
        if (rows.Values.Rows <= FewRows && Inputs % Matrix.Padding == 0)
            FewRowsProduct(rows.Values, result, pool);
        else
            base.Product(rows, result, pool);
    }

    private protected virtual void FewRowsProduct(Matrix rows, Matrix result, WorkerPool pool) => FewRowsProduct<TFormat>(rows, result, pool);

    /// <typeparam name="TStored">How the stored numbers are read: the same numbers as the matrix's own format gives.</typeparam>
    private protected void FewRowsProduct<TStored>(Matrix rows, Matrix result, WorkerPool pool)
        where TStored : struct, IStoredNumbers
        => pool.Run(new FewRowsWork<TStored>(this, rows, result), Outputs, Grain(rows.Rows, pool.ThreadCount));

    readonly unsafe struct FewRowsWork<TStored>(PlainMatrix<TFormat> weights, Matrix rows, Matrix result) : IRangeWork
        where TStored : struct, IStoredNumbers
    {
        public void Do(int from, int to)
        {
            // The last rows are done again rather than singly: the same numbers are stored twice.
            for (var output = from; output < to; output += 4)
            {
                var first = Math.Max(from, Math.Min(output, to - 4));
                if (to - first < 4)
                    Singly(first, to);
                else
                    Four(first);
            }
        }

        void Four(int output)
        {
            var four = weights.Pointer + (long)output * weights.RowBytes;
            var row = 0;
            for (; Vector512.IsHardwareAccelerated && row + 2 <= rows.Rows; row += 2)
            {
                FloatProducts.Eight<TStored>(
                    rows.RowPointer(row), rows.Stride, four, weights.RowBytes, weights.Inputs, row == 0 ? 4 * weights.RowBytes : 0,
                    result.RowPointer(row) + output, result.Stride);
            }

            for (; row < rows.Rows; row++)
                FloatProducts.Four<TStored>(rows.RowPointer(row), four, weights.RowBytes, weights.Inputs, row == 0 ? 4 * weights.RowBytes : 0)
                    .Store(result.RowPointer(row) + output);
        }

        void Singly(int from, int to)
        {
            for (var output = from; output < to; output++)
            {
                for (var row = 0; row < rows.Rows; row++)
                    result.RowPointer(row)[output] = FloatProducts.Four<TStored>(
                        rows.RowPointer(row), weights.Pointer + (long)output * weights.RowBytes, 0, weights.Inputs).ToScalar();
            }
        }
    }
}
