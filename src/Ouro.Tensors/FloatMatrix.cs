using System.Runtime.Intrinsics;
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

    /// <summary>Weight rows are widened a few at a time, into the second-level cache, and multiplied four by four with all activation rows.</summary>
    readonly unsafe struct FloatWork(WeightMatrix<TFormat> weights, Matrix rows, Matrix result) : IRangeWork
    {
        const int RowsAtOnce = 16;

        public void Do(int from, int to)
        {
            var length = rows.Stride;
            var widened = (float*)Scratch.Bytes((long)RowsAtOnce * length * sizeof(float));
            for (; from < to; from += RowsAtOnce)
            {
                var count = Math.Min(RowsAtOnce, to - from);
                for (var i = 0; i < count; i++)
                    Widen(from + i, widened + (long)i * length);
                Multiply(from, count, widened);
            }
        }

        void Widen(int output, float* to)
        {
            weights.Prefetch(output);
            weights.DecodeRow(output, new Span<float>(to, weights.Inputs));
            new Span<float>(to + weights.Inputs, rows.Stride - weights.Inputs).Clear();
        }

        void Multiply(int output, int count, float* widened)
        {
            var row = 0;
            for (; Vector512.IsHardwareAccelerated && row + 4 <= rows.Rows; row += 4)
            {
                for (var i = 0; i + 4 <= count; i += 4)
                    FloatProducts.Sixteen(
                        rows.RowPointer(row), rows.Stride, widened + (long)i * rows.Stride, rows.Stride, rows.Stride,
                        result.RowPointer(row) + output + i, result.Stride);
            }

            for (; row < rows.Rows; row++)
            {
                for (var i = 0; i + 4 <= count; i += 4)
                    FloatProducts.Four<F32>(rows.RowPointer(row), (byte*)(widened + (long)i * rows.Stride), sizeof(float) * (nint)rows.Stride, rows.Stride)
                        .Store(result.RowPointer(row) + output + i);
            }

            for (var i = count & ~3; i < count; i++)
            {
                for (row = 0; row < rows.Rows; row++)
                    result.RowPointer(row)[output + i] = FloatProducts.One(widened + (long)i * rows.Stride, rows.RowPointer(row), rows.Stride);
            }
        }
    }
}
