using Ouro.Tensors;
using Ouro.Tensors.Gradients;
using Ouro.Tensors.Quantization;

namespace Ouro.Training;

/// <summary>How activations are kept between the way forward and the way back.</summary>
public enum StorageType
{
    /// <summary>Single precision.</summary>
    F32,

    /// <summary>Half the memory: rounded to 8 significant bits; all sums stay in single precision.</summary>
    BF16,
}

/// <summary>What a buffer held at some time: either numbers or their BF16 form.</summary>
sealed class TapeCopy
{
    public required Matrix Values { get; init; }

    public ushort[] Bits { get; set; } = [];

    public int Rows { get; set; }
}

/// <summary>Makes copies of buffers and takes them back for the next ones.</summary>
sealed class TapeStore(CpuGradients gradients, StorageType type)
{
    readonly Dictionary<int, Stack<TapeCopy>> _spare = [];
    readonly Dictionary<int, Stack<Matrix>> _spareNumbers = [];
    readonly List<Matrix> _open = [];

    public TapeCopy Make(Matrix buffer)
    {
        var copy = _spare.TryGetValue(buffer.Columns, out var spare) && spare.TryPop(out var used)
            ? used
            : new TapeCopy { Values = new Matrix(0, buffer.Columns) };
        copy.Rows = buffer.Rows;
        if (type == StorageType.F32)
            gradients.Copy(buffer, copy.Values);
        else
            Narrow(buffer, copy);
        return copy;
    }

    /// <summary>The numbers of a copy; widened ones last until <see cref="CloseAll"/>.</summary>
    public Matrix Open(TapeCopy? copy)
    {
        ArgumentNullException.ThrowIfNull(copy);
        if (type == StorageType.F32)
            return copy.Values;

        var columns = copy.Values.Columns;
        var numbers = _spareNumbers.TryGetValue(columns, out var spare) && spare.TryPop(out var used) ? used : new Matrix(copy.Rows, columns);
        numbers.Resize(copy.Rows);
        for (var row = 0; row < copy.Rows; row++)
            BF16.Widen(copy.Bits.AsSpan(row * columns, columns), numbers[row]);
        _open.Add(numbers);
        return numbers;
    }

    public void CloseAll()
    {
        foreach (var numbers in _open)
            Spare(_spareNumbers, numbers.Columns).Push(numbers);
        _open.Clear();
    }

    public void TakeBack(TapeCopy copy) => Spare(_spare, copy.Values.Columns).Push(copy);

    static void Narrow(Matrix buffer, TapeCopy copy)
    {
        if (copy.Bits.Length < buffer.Rows * buffer.Columns)
            copy.Bits = new ushort[buffer.Rows * buffer.Columns];
        for (var row = 0; row < buffer.Rows; row++)
            BF16.Narrow(buffer[row], copy.Bits.AsSpan(row * buffer.Columns, buffer.Columns));
    }

    static Stack<T> Spare<T>(Dictionary<int, Stack<T>> all, int columns)
    {
        if (!all.TryGetValue(columns, out var stack))
            all[columns] = stack = new Stack<T>();
        return stack;
    }
}
