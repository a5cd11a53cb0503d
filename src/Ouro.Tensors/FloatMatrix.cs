using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Weights of one format, multiplied in single precision.</summary>
class WeightMatrix<TFormat>(int outputs, int inputs, ReadOnlyMemory<byte> bytes)
    : WeightMatrix(outputs, inputs, checked((int)TFormat.Type.BytesFor(inputs)), bytes)
    where TFormat : struct, IElementFormat
{
    public override ElementType Type => TFormat.Type;

    public override unsafe void DecodeRow(int row, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Outputs, nameof(row));
        TFormat.Decode(new ReadOnlySpan<byte>(Pointer + (long)row * RowBytes, RowBytes), values[..Inputs]);
    }

    private protected override void Product(Activations rows, Matrix result, WorkerPool pool)
        => pool.Run(new FloatWork(this, rows.Values, result), Outputs, Grain(rows.Values.Rows, pool.ThreadCount));

    readonly unsafe struct FloatWork(WeightMatrix<TFormat> weights, Matrix rows, Matrix result) : IRangeWork
    {
        public void Do(int from, int to)
        {
            var length = rows.Stride;
            var widened = (float*)Scratch.Bytes((long)length * sizeof(float));
            new Span<float>(widened + weights.Inputs, length - weights.Inputs).Clear();
            for (var output = from; output < to; output++)
            {
                weights.Prefetch(output);
                weights.DecodeRow(output, new Span<float>(widened, weights.Inputs));
                var row = 0;
                for (; row + 4 <= rows.Rows; row += 4)
                {
                    var four = FloatProducts.Four<F32>(widened, (byte*)rows.RowPointer(row), sizeof(float) * (nint)rows.Stride, length);
                    for (var i = 0; i < 4; i++)
                        result.RowPointer(row + i)[output] = four[i];
                }

                for (; row < rows.Rows; row++)
                    result.RowPointer(row)[output] = FloatProducts.One(widened, rows.RowPointer(row), length);
            }
        }
    }
}
