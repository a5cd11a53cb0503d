using System.Buffers;
using System.Runtime.Intrinsics.X86;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Weights as they are stored, multiplied in single precision: each row is widened when its turn comes.</summary>
sealed unsafe class FloatMatrix<TFormat> : WeightMatrix
    where TFormat : struct, IElementFormat
{
    /// <summary>How far ahead of the row being computed memory is asked for.</summary>
    const int PrefetchBytes = 4096;

    readonly int _rowBytes;
    readonly byte* _rows;
    MemoryHandle _pin;

    public FloatMatrix(int outputs, int inputs, ReadOnlyMemory<byte> bytes)
        : base(outputs, inputs)
    {
        _rowBytes = checked((int)TFormat.Type.BytesFor(inputs));
        if (bytes.Length != (long)outputs * _rowBytes)
            throw new ArgumentException($"{outputs} rows of {_rowBytes} bytes need {(long)outputs * _rowBytes} bytes, not {bytes.Length}.", nameof(bytes));

        _pin = bytes.Pin();
        _rows = (byte*)_pin.Pointer;
    }

    public override ElementType Type => TFormat.Type;

    public override void DecodeRow(int row, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Outputs, nameof(row));
        TFormat.Decode(new ReadOnlySpan<byte>(_rows + (long)row * _rowBytes, _rowBytes), values[..Inputs]);
    }

    public override void Dispose()
    {
        _pin.Dispose();
        _pin = default;
        base.Dispose();
    }

    private protected override void Product(Activations rows, Matrix result, WorkerPool pool)
        => pool.Run(new FloatWork(this, rows.Values, result), Outputs, Grain(rows.Values.Rows, pool.ThreadCount));

    /// <summary>Asks for the row that is needed a few kilobytes from now, while this one is being computed.</summary>
    void Prefetch(int output)
    {
        var ahead = _rows + (output + Math.Max(1, PrefetchBytes / _rowBytes)) * (long)_rowBytes;
        if (!Sse.IsSupported || ahead >= _rows + (long)Outputs * _rowBytes)
            return;

        for (var line = 0; line < _rowBytes; line += 64)
            Sse.Prefetch0(ahead + line);
    }

    /// <summary>Weight rows handed to a thread at a time: small enough that a thread put aside holds up little.</summary>
    int Grain(int rows, int threads) => Math.Clamp(Outputs / (threads * (rows > 4 ? 8 : 4)), 1, 64);

    readonly struct FloatWork(FloatMatrix<TFormat> weights, Matrix rows, Matrix result) : IRangeWork
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
