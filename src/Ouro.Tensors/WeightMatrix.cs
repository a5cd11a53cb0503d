using System.Buffers;
using System.Runtime.Intrinsics.X86;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>A matrix of weights as it is stored: [outputs, inputs], each row a whole number of blocks.</summary>
/// <remarks>
/// The memory is kept, not copied, and must stay valid. A product's element depends on its weight row and its activation row alone: it is
/// bit-identical whatever other rows are in the call, and for any number of threads.
/// </remarks>
public abstract unsafe class WeightMatrix : IDisposable
{
    /// <summary>How far ahead of the row being computed memory is asked for.</summary>
    const int PrefetchBytes = 4096;

    MemoryHandle _pin;

    private protected WeightMatrix(int outputs, int inputs, int rowBytes, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length != (long)outputs * rowBytes)
            throw new ArgumentException($"{outputs} rows of {rowBytes} bytes need {(long)outputs * rowBytes} bytes, not {bytes.Length}.", nameof(bytes));

        (Outputs, Inputs, RowBytes) = (outputs, inputs, rowBytes);
        _pin = bytes.Pin();
        Pointer = (byte*)_pin.Pointer;
    }

    /// <summary>Rows of the matrix: numbers that a product gives per activation row.</summary>
    public int Outputs { get; }

    /// <summary>Columns of the matrix: numbers in an activation row.</summary>
    public int Inputs { get; }

    /// <summary>How the weights are stored.</summary>
    public abstract ElementType Type { get; }

    /// <summary>Bytes of one row.</summary>
    public int RowBytes { get; }

    private protected byte* Pointer { get; }

    /// <summary>Opens stored weights for products.</summary>
    /// <param name="outputs">Rows, at least 1.</param>
    /// <param name="inputs">Columns, whole blocks of <paramref name="type"/>.</param>
    /// <param name="bytes">Row-major blocks; kept, not copied.</param>
    public static WeightMatrix Open(ElementType type, int outputs, int inputs, ReadOnlyMemory<byte> bytes) => type switch
    {
        ElementType.F32 => new PlainMatrix<F32>(outputs, inputs, bytes),
        ElementType.F16 => new PlainMatrix<F16>(outputs, inputs, bytes),
        ElementType.BF16 => new PlainMatrix<BF16>(outputs, inputs, bytes),
        ElementType.Q8_0 => new CodedMatrix<Q8_0, SignedCodes>(outputs, inputs, bytes),
        ElementType.Q3_K => new CodedMatrix<Q3_K, UnsignedCodes>(outputs, inputs, bytes),
        ElementType.Q4_K => new CodedMatrix<Q4_K, UnsignedCodes>(outputs, inputs, bytes),
        ElementType.Q5_K => new CodedMatrix<Q5_K, UnsignedCodes>(outputs, inputs, bytes),
        ElementType.Q6_K => new CodedMatrix<Q6_K, UnsignedCodes>(outputs, inputs, bytes),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Weights of this type cannot be multiplied."),
    };

    /// <summary>result[r, o] = sum over i of weight[o, i] * rows[r, i], for every row.</summary>
    /// <param name="rows">[R, inputs]; its 8-bit form is made if it is wanted and not there yet.</param>
    /// <param name="result">[R, outputs]; resized to R rows and overwritten.</param>
    /// <param name="pool">Shares out the weight rows.</param>
    public void Multiply(Activations rows, Matrix result, WorkerPool pool)
    {
        if (rows.Values.Columns != Inputs)
            throw new ArgumentException($"Rows have {rows.Values.Columns} columns; these weights take {Inputs}.", nameof(rows));
        if (result.Columns != Outputs)
            throw new ArgumentException($"The result has {result.Columns} columns; these weights give {Outputs}.", nameof(result));

        result.Resize(rows.Values.Rows);
        if (rows.Values.Rows > 0)
            Product(rows, result, pool);
    }

    /// <summary>Widens one row to single precision: weight[<paramref name="row"/>, :].</summary>
    public abstract void DecodeRow(int row, Span<float> values);

    /// <summary>Lets go of the memory.</summary>
    public void Dispose()
    {
        _pin.Dispose();
        _pin = default;
        GC.SuppressFinalize(this);
    }

    private protected abstract void Product(Activations rows, Matrix result, WorkerPool pool);

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
}

/// <summary>Weights of a quantised format, multiplied as integers unless the activations ask for single precision.</summary>
sealed class CodedMatrix<TFormat, TCodes>(int outputs, int inputs, ReadOnlyMemory<byte> bytes) : WeightMatrix<TFormat>(outputs, inputs, bytes)
    where TFormat : struct, IQuantizedFormat
    where TCodes : struct, ICodeProducts
{
    private protected override void Product(Activations rows, Matrix result, WorkerPool pool)
    {
        if (rows.Type == ActivationType.F32)
        {
            base.Product(rows, result, pool);
            return;
        }

        rows.EnsureCodes(pool);
        pool.Run(new CodeWork(this, rows, result), Outputs, Grain(rows.Values.Rows, pool.ThreadCount));
    }

    readonly unsafe struct CodeWork(CodedMatrix<TFormat, TCodes> weights, Activations rows, Matrix result) : IRangeWork
    {
        public void Do(int from, int to)
        {
            var inputs = weights.Inputs;
            var scaleCount = inputs / TFormat.GroupSize;
            var paddedScales = (int)Matrix.Padded(scaleCount);
            var codes = Scratch.Bytes(inputs + 2L * paddedScales * sizeof(float) + 64);
            var scales = (float*)(codes + ((inputs + 63) & ~63));
            var minima = scales + paddedScales;
            new Span<float>(minima, paddedScales).Clear();

            for (var output = from; output < to; output++)
            {
                weights.Prefetch(output);
                TFormat.Unpack(
                    new ReadOnlySpan<byte>(weights.Pointer + (long)output * weights.RowBytes, weights.RowBytes),
                    new Span<byte>(codes, inputs), new Span<float>(scales, scaleCount), new Span<float>(minima, scaleCount));
                MultiplyRow(output, codes, scales, minima, paddedScales);
            }
        }

        void MultiplyRow(int output, byte* codes, float* scales, float* minima, int minimaLength)
        {
            var count = rows.Values.Rows;
            var row = 0;
            for (; row + 4 <= count; row += 4)
            {
                var four = CodeProducts.Four<TCodes>(codes, scales, TFormat.GroupSize, rows.Codes(row), rows.Scales(row), rows.Groups);
                for (var i = 0; i < 4; i++)
                    result.RowPointer(row + i)[output] = four[i] - Minimum(row + i, minima, minimaLength);
            }

            for (; row < count; row++)
            {
                var one = CodeProducts.One<TCodes>(codes, scales, TFormat.GroupSize, rows.Codes(row), rows.Scales(row), rows.Groups);
                result.RowPointer(row)[output] = one - Minimum(row, minima, minimaLength);
            }
        }

        float Minimum(int row, float* minima, int length)
            => TFormat.HasMinima ? FloatProducts.One(minima, rows.Sums(row, TFormat.GroupSize), length) : 0;
    }
}
