using System.Buffers;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Weights as they are stored, multiplied in single precision: each row is widened when its turn comes.</summary>
unsafe class FloatMatrix<TFormat> : WeightMatrix
    where TFormat : struct, IElementFormat
{
    /// <summary>How far ahead of the row being computed memory is asked for.</summary>
    const int PrefetchBytes = 4096;

    MemoryHandle _pin;

    public FloatMatrix(int outputs, int inputs, ReadOnlyMemory<byte> bytes)
        : base(outputs, inputs)
    {
        RowBytes = checked((int)TFormat.Type.BytesFor(inputs));
        if (bytes.Length != (long)outputs * RowBytes)
            throw new ArgumentException($"{outputs} rows of {RowBytes} bytes need {(long)outputs * RowBytes} bytes, not {bytes.Length}.", nameof(bytes));

        _pin = bytes.Pin();
        Pointer = (byte*)_pin.Pointer;
    }

    public override ElementType Type => TFormat.Type;

    /// <summary>Bytes of one row.</summary>
    private protected int RowBytes { get; }

    /// <summary>The first row.</summary>
    private protected byte* Pointer { get; }

    public override void DecodeRow(int row, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Outputs, nameof(row));
        TFormat.Decode(new ReadOnlySpan<byte>(Pointer + (long)row * RowBytes, RowBytes), values[..Inputs]);
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
    private protected void Prefetch(int output)
    {
        var ahead = Pointer + (output + Math.Max(1, PrefetchBytes / RowBytes)) * (long)RowBytes;
        if (!Sse.IsSupported || ahead >= Pointer + (long)Outputs * RowBytes)
            return;

        for (var line = 0; line < RowBytes; line += 64)
            Sse.Prefetch0(ahead + line);
    }

    /// <summary>Weight rows handed to a thread at a time: small enough that a thread put aside holds up little.</summary>
    private protected int Grain(int rows, int threads) => Math.Clamp(Outputs / (threads * (rows > 4 ? 8 : 4)), 1, 64);

    /// <summary>Weight rows are widened a few at a time, into the second-level cache, and multiplied four by four with all activation rows.</summary>
    readonly struct FloatWork(FloatMatrix<TFormat> weights, Matrix rows, Matrix result) : IRangeWork
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
