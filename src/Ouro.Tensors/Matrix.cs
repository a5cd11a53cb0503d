namespace Ouro.Tensors;

/// <summary>Rows of single-precision numbers, row-major; a buffer that is filled again and again.</summary>
/// <remarks>
/// Each row starts at a multiple of 64 bytes from the first and is padded with zeros to a multiple of <see cref="Padding"/> numbers, so
/// kernels read whole vectors. Kernels never write to the padding. Memory is pinned, so addresses stay valid while the object lives.
/// Not thread-safe as a whole; distinct rows may be written from distinct threads.
/// </remarks>
public sealed unsafe class Matrix
{
    /// <summary>Rows are padded to a multiple of this many numbers.</summary>
    public const int Padding = 16;

    float[] _values = [];

    /// <param name="rows">Rows at first; <see cref="Resize"/> changes it.</param>
    /// <param name="columns">Numbers in a row, at least 1.</param>
    public Matrix(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        Columns = columns;
        Stride = checked((int)Padded(columns));
        Resize(rows);
    }

    /// <summary>Rows in use.</summary>
    public int Rows { get; private set; }

    /// <summary>Numbers in a row, without padding.</summary>
    public int Columns { get; }

    /// <summary>Numbers from the start of one row to the start of the next.</summary>
    public int Stride { get; }

    internal float* Pointer { get; private set; }

    /// <summary>The next multiple of <see cref="Padding"/>.</summary>
    internal static long Padded(long numbers) => (numbers + Padding - 1) / Padding * Padding;

    /// <summary>Sets the number of rows in use. Contents are lost when the buffer has to grow.</summary>
    /// <exception cref="InsufficientMemoryException">The rows do not fit.</exception>
    public void Resize(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if ((long)rows * Stride + Padding > _values.Length)
        {
            if ((long)rows * Stride + Padding > Array.MaxLength)
                throw new InsufficientMemoryException($"A matrix of {rows:N0} x {Columns:N0} numbers is larger than one buffer can be.");

            _values = GC.AllocateArray<float>(rows * Stride + Padding, pinned: true);
            var address = (nuint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _values[0]);
            Pointer = (float*)((address + 63) & ~(nuint)63);
        }

        Rows = rows;
    }

    /// <summary>One row, without padding.</summary>
    public Span<float> this[int row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
            return new Span<float>(Pointer + (long)row * Stride, Columns);
        }
    }

    /// <summary>The address of a row, for kernels; the padding may be read.</summary>
    internal float* RowPointer(int row) => Pointer + (long)row * Stride;
}
