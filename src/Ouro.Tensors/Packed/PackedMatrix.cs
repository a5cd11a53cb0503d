using System.Runtime.Intrinsics.X86;
using Ouro.Formats;

namespace Ouro.Tensors.Packed;

/// <summary>Quantised weights, packed for products with 8-bit activations.</summary>
/// <remarks>
/// Strips of sixteen outputs, one after another; in a strip the blocks of its inputs. Outputs beyond the last are zeros. The definition of a
/// product is <see cref="PackedProducts.Definition"/>.
/// </remarks>
sealed unsafe class PackedMatrix<TFormat> : WeightMatrix
    where TFormat : struct, IPackedFormat<TFormat>
{
    readonly WeightMemory _memory;   // alive as long as this is
    readonly byte* _strips;
    readonly int _blocks;
    readonly int _stripBytes;

    PackedMatrix(int outputs, int inputs, WeightMemory memory)
        : base(outputs, inputs)
    {
        _memory = memory;
        _blocks = inputs / BlockInputs;
        _stripBytes = checked(_blocks * TFormat.BlockBytes);
        _strips = memory.Take(StripCount(outputs) * (long)_stripBytes);
    }

    public override ElementType Type => TFormat.Type;

    static int BlockInputs => TFormat.Groups * PackedLayout.GroupSize;

    /// <summary>Bytes that a matrix takes.</summary>
    public static long BytesFor(int outputs, int inputs) => StripCount(outputs) * ((long)inputs / BlockInputs * TFormat.BlockBytes);

    /// <summary>Reads a matrix and packs it.</summary>
    public static PackedMatrix<TFormat> Pack(int outputs, int inputs, WeightReader read, WeightMemory memory, WorkerPool pool)
    {
        var matrix = new PackedMatrix<TFormat>(outputs, inputs, memory);
        pool.Run(new PackWork(matrix, read), (int)StripCount(outputs), grain: 4);
        return matrix;
    }

    public override void DecodeRow(int row, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Outputs, nameof(row));
        var lane = row % PackedLayout.Outputs;
        var strip = _strips + (long)(row / PackedLayout.Outputs) * _stripBytes;
        for (var block = 0; block < _blocks; block++)
        {
            var format = TFormat.Open(strip + (long)block * TFormat.BlockBytes);
            for (var group = 0; group < TFormat.Groups; group++)
            {
                format.Select(group);
                var first = (block * TFormat.Groups + group) * PackedLayout.GroupSize;
                for (var i = 0; i < PackedLayout.GroupSize; i++)
                    values[first + i] = Value(format, lane, i);
            }
        }

        GC.KeepAlive(_memory);
    }

    private protected override void Product(Activations rows, Matrix result, WorkerPool pool)
    {
        rows.EnsureCodes(pool);
        pool.Run(new ProductWork(this, rows, result), (int)StripCount(Outputs), Grain(pool.ThreadCount));
        GC.KeepAlive(_memory);
    }

    static long StripCount(int outputs) => (outputs + PackedLayout.Outputs - 1) / PackedLayout.Outputs;

    /// <summary>Fewest strips handed to a thread: so small that all threads end at nearly the same time.</summary>
    int Grain(int threads) => (int)Math.Clamp(StripCount(Outputs) / (32 * threads), 1, 8);

    static float Value(TFormat format, int lane, int input)
    {
        var (step, at) = (input / 4, 4 * lane + input % 4);
        if (TFormat.PartsAreDigits)
            return (16 * format.Codes(1, step)[at] + format.Codes(0, step)[at]) * format.Scale(0)[lane] - format.Minimum(0)[lane];

        var part = input * TFormat.Parts / PackedLayout.GroupSize;
        return format.Codes(part, step)[at] * format.Scale(part)[lane] - format.Minimum(TFormat.MinimumPerPart ? part : 0)[lane];
    }

    readonly struct PackWork(PackedMatrix<TFormat> matrix, WeightReader read) : IRangeWork
    {
        public void Do(int from, int to)
        {
            var rowBytes = (int)TFormat.Type.BytesFor(matrix.Inputs);
            var bytes = Scratch.Bytes((long)PackedLayout.Outputs * rowBytes);
            var rows = stackalloc byte*[PackedLayout.Outputs];
            for (var strip = from; strip < to; strip++)
            {
                var first = strip * PackedLayout.Outputs;
                var count = Math.Min(PackedLayout.Outputs, matrix.Outputs - first);
                var stored = new Span<byte>(bytes, checked(PackedLayout.Outputs * rowBytes));
                read((long)first * rowBytes, stored[..(count * rowBytes)]);
                stored[(count * rowBytes)..].Clear();
                for (var row = 0; row < PackedLayout.Outputs; row++)
                    rows[row] = bytes + row * rowBytes;
                PackStrip(rows, rowBytes / matrix._blocks, matrix._strips + (long)strip * matrix._stripBytes);
            }
        }

        void PackStrip(byte** rows, int blockBytes, byte* strip)
        {
            new Span<byte>(strip, matrix._stripBytes).Clear();
            for (var block = 0; block < matrix._blocks; block++)
            {
                TFormat.Pack(rows, strip);
                for (var row = 0; row < PackedLayout.Outputs; row++)
                    rows[row] += blockBytes;
                strip += TFormat.BlockBytes;
            }
        }
    }

    readonly struct ProductWork(PackedMatrix<TFormat> weights, Activations rows, Matrix result) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var strip = from; strip < to; strip++)
            {
                var first = strip * PackedLayout.Outputs;
                if (first + PackedLayout.Outputs <= weights.Outputs)
                    Multiply(strip, result.Pointer + first, result.Stride);
                else
                    MultiplyLast(strip);
            }
        }

        void Multiply(int strip, float* to, nint stride)
        {
            var bytes = weights._strips + (long)strip * weights._stripBytes;
            if (!Avx512BW.IsSupported)
            {
                NarrowProducts.Multiply<TFormat>(bytes, weights._blocks, rows, to, stride);
                return;
            }

            for (var row = 0; row < rows.Values.Rows;)
            {
                var tile = rows.TileAt(row);
                var records = rows.Records(row);
                var destination = to + row * stride;
                switch (tile)
                {
                    case 8: PackedProducts.Multiply<TFormat, EightRows>(bytes, weights._blocks, records, destination, stride, ahead: row == 0); break;
                    case 4: PackedProducts.Multiply<TFormat, FourRows>(bytes, weights._blocks, records, destination, stride, ahead: row == 0); break;
                    case 2: PackedProducts.Multiply<TFormat, TwoRows>(bytes, weights._blocks, records, destination, stride, ahead: row == 0); break;
                    default: PackedProducts.Multiply<TFormat, OneRow>(bytes, weights._blocks, records, destination, stride, ahead: row == 0); break;
                }

                row += tile;
            }
        }

        /// <summary>The last strip when it is not full: padding of the result is left alone.</summary>
        void MultiplyLast(int strip)
        {
            var first = strip * PackedLayout.Outputs;
            var wide = (float*)Scratch.Bytes((long)rows.Values.Rows * PackedLayout.Outputs * sizeof(float));
            Multiply(strip, wide, PackedLayout.Outputs);
            for (var row = 0; row < rows.Values.Rows; row++)
                new ReadOnlySpan<float>(wide + row * PackedLayout.Outputs, weights.Outputs - first).CopyTo(result[row][first..]);
        }
    }
}
