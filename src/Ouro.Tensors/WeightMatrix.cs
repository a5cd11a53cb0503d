using Ouro.Formats;
using Ouro.Tensors.Packed;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>A matrix of weights, [outputs, inputs], as products need it.</summary>
/// <remarks>
/// A product's element depends on its weight row and its activation row alone: it is bit-identical whatever other rows are in the call, and
/// for any number of threads.
/// </remarks>
public abstract class WeightMatrix : IDisposable
{
    private protected WeightMatrix(int outputs, int inputs) => (Outputs, Inputs) = (outputs, inputs);

    /// <summary>Rows of the matrix: numbers that a product gives per activation row.</summary>
    public int Outputs { get; }

    /// <summary>Columns of the matrix: numbers in an activation row.</summary>
    public int Inputs { get; }

    /// <summary>How the weights are stored in a file.</summary>
    public abstract ElementType Type { get; }

    /// <summary>Opens stored weights for products in single precision, whatever their type.</summary>
    /// <param name="outputs">Rows, at least 1.</param>
    /// <param name="inputs">Columns, whole blocks of <paramref name="type"/>.</param>
    /// <param name="bytes">Row-major blocks; kept, not copied, so they must stay valid.</param>
    public static WeightMatrix Open(ElementType type, int outputs, int inputs, ReadOnlyMemory<byte> bytes) => type switch
    {
        ElementType.F32 => new PlainMatrix<F32>(outputs, inputs, bytes),
        ElementType.F16 => new HalfMatrix(outputs, inputs, bytes),
        ElementType.BF16 => new PlainMatrix<BF16>(outputs, inputs, bytes),
        ElementType.Q8_0 => new FloatMatrix<Q8_0>(outputs, inputs, bytes),
        ElementType.Q3_K => new FloatMatrix<Q3_K>(outputs, inputs, bytes),
        ElementType.Q4_K => new FloatMatrix<Q4_K>(outputs, inputs, bytes),
        ElementType.Q5_K => new FloatMatrix<Q5_K>(outputs, inputs, bytes),
        ElementType.Q6_K => new FloatMatrix<Q6_K>(outputs, inputs, bytes),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Weights of this type cannot be multiplied."),
    };

    /// <summary>Copies quantised weights into the order in which products with 8-bit activations read them.</summary>
    /// <param name="outputs">Rows, at least 1.</param>
    /// <param name="inputs">Columns, whole blocks of <paramref name="type"/>.</param>
    /// <param name="read">Gives row-major blocks.</param>
    /// <param name="memory">Where the copy goes; it must outlive the matrix.</param>
    /// <param name="pool">Shares out the rows.</param>
    /// <exception cref="InvalidDataException">A scale is NaN or infinite.</exception>
    internal static WeightMatrix Pack(ElementType type, int outputs, int inputs, WeightReader read, WeightMemory memory, WorkerPool pool) => type switch
    {
        ElementType.Q8_0 => PackedMatrix<PackedQ8_0>.Pack(outputs, inputs, read, memory, pool),
        ElementType.Q3_K => PackedMatrix<PackedWithOffset<Q3_K, ThreeBits>>.Pack(outputs, inputs, read, memory, pool),
        ElementType.Q4_K => PackedMatrix<PackedWithMinima<Q4_K, FourBits>>.Pack(outputs, inputs, read, memory, pool),
        ElementType.Q5_K => PackedMatrix<PackedWithMinima<Q5_K, FiveBits>>.Pack(outputs, inputs, read, memory, pool),
        ElementType.Q6_K => PackedMatrix<PackedWithOffset<Q6_K, SixBits>>.Pack(outputs, inputs, read, memory, pool),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Weights of this type are not packed."),
    };

    /// <summary>Bytes that packed weights take.</summary>
    /// <param name="type">A quantised type.</param>
    public static long PackedBytes(ElementType type, int outputs, int inputs) => WeightMemory.Rounded(type switch
    {
        ElementType.Q8_0 => PackedMatrix<PackedQ8_0>.BytesFor(outputs, inputs),
        ElementType.Q3_K => PackedMatrix<PackedWithOffset<Q3_K, ThreeBits>>.BytesFor(outputs, inputs),
        ElementType.Q4_K => PackedMatrix<PackedWithMinima<Q4_K, FourBits>>.BytesFor(outputs, inputs),
        ElementType.Q5_K => PackedMatrix<PackedWithMinima<Q5_K, FiveBits>>.BytesFor(outputs, inputs),
        ElementType.Q6_K => PackedMatrix<PackedWithOffset<Q6_K, SixBits>>.BytesFor(outputs, inputs),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Weights of this type are not packed."),
    });

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

    /// <summary>Lets go of memory that only this matrix uses.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    private protected abstract void Product(Activations rows, Matrix result, WorkerPool pool);
}
