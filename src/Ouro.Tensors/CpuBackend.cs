using Ouro.Formats;

namespace Ouro.Tensors;

/// <summary>The operations of which a forward pass is made, on the processor.</summary>
/// <remarks>
/// Every operation works row by row: the result of a row is bit-identical whatever other rows are in the call and for any number of
/// threads. R is the number of rows. One caller at a time.
/// </remarks>
public sealed unsafe class CpuBackend(int threads = 0) : IComputeBackend, IDisposable
{
    readonly WorkerPool _pool = new(threads);

    /// <summary>What shares out the work.</summary>
    internal WorkerPool Pool => _pool;

    /// <summary>Threads that work at once, the caller included.</summary>
    public int ThreadCount => _pool.ThreadCount;

    /// <summary>Copies quantised weights into the order in which products with 8-bit activations read them.</summary>
    /// <param name="outputs">Rows, at least 1.</param>
    /// <param name="inputs">Columns, whole blocks of <paramref name="type"/>.</param>
    /// <param name="read">Gives row-major blocks.</param>
    /// <param name="memory">Where the copy goes; it must outlive the matrix.</param>
    /// <exception cref="InvalidDataException">A scale is NaN or infinite.</exception>
    public WeightMatrix Pack(ElementType type, int outputs, int inputs, WeightReader read, WeightMemory memory)
        => WeightMatrix.Pack(type, outputs, inputs, read, memory, _pool);

    /// <summary>Row r of <paramref name="result"/> [R, D] becomes row <paramref name="tokens"/>[r] of <paramref name="table"/> [V, D].</summary>
    /// <exception cref="ArgumentOutOfRangeException">A token is not a row of the table.</exception>
    public static void Embed(WeightMatrix table, ReadOnlySpan<int> tokens, Matrix result)
    {
        result.Resize(tokens.Length);
        for (var row = 0; row < tokens.Length; row++)
            table.DecodeRow(tokens[row], result[row]);
    }

    /// <inheritdoc/>
    public void RmsNorm(Matrix x, Matrix weight, float epsilon, Activations result)
    {
        RmsNorm(x, weight, epsilon, result.Values);
        result.Changed();
    }

    /// <inheritdoc/>
    public void RmsNorm(Matrix x, Matrix weight, float epsilon, Matrix result)
    {
        result.Resize(x.Rows);
        _pool.Run(new NormWork(x, weight, epsilon, result, Add: false), x.Rows, grain: 16);
    }

    /// <inheritdoc/>
    public void AddRmsNorm(Matrix x, Matrix weight, float epsilon, Matrix residual)
        => _pool.Run(new NormWork(x, weight, epsilon, residual, Add: true), x.Rows, grain: 16);

    /// <inheritdoc/>
    public void Multiply(WeightMatrix weights, Activations rows, Matrix result) => weights.Multiply(rows, result, _pool);

    /// <inheritdoc/>
    public void Rotate(Rope rope, Matrix heads) => _pool.Run(new RotateWork(rope, heads), heads.Rows, grain: 4);

    /// <inheritdoc/>
    public void Store(ReadOnlyMemory<KvPlace> places, int layer, Matrix keys, Matrix values)
        => _pool.Run(new StoreWork(places, layer, keys, values), keys.Rows, grain: 4);

    /// <inheritdoc/>
    public void Attend(ReadOnlyMemory<KvPlace> places, int layer, Matrix queries, int heads, Activations result)
    {
        result.Values.Resize(queries.Rows);
        if (places.IsEmpty)
            return;

        var work = new AttendWork(places, layer, queries, heads, result.Values, ThreadCount);
        _pool.Run(work, work.Items, work.Grain);
        result.Changed();
    }

    /// <inheritdoc/>
    public void SwiGlu(Matrix gate, Matrix up, Activations result)
    {
        result.Values.Resize(gate.Rows);
        _pool.Run(new SwiGluWork(gate, up, result.Values), gate.Rows, grain: 4);
        result.Changed();
    }

    /// <summary>result[r] = x[r] . weight + bias: a projection to one number.</summary>
    public static void Project(Matrix x, Matrix weight, float bias, Span<float> result)
    {
        for (var row = 0; row < x.Rows; row++)
            result[row] = FloatProducts.One(x.RowPointer(row), weight.Pointer, x.Stride) + bias;
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose() => _pool.Dispose();

    readonly record struct NormWork(Matrix X, Matrix Weight, float Epsilon, Matrix Result, bool Add) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
            {
                if (Add)
                    Elementwise.AddRmsNorm(X.RowPointer(row), Weight.Pointer, Epsilon, Result.RowPointer(row), X.Stride, X.Columns);
                else
                    Elementwise.RmsNorm(X.RowPointer(row), Weight.Pointer, Epsilon, Result.RowPointer(row), X.Stride, X.Columns);
            }
        }
    }

    readonly record struct RotateWork(Rope Rope, Matrix Heads) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
                Rope.Rotate(row, Heads[row]);
        }
    }

    readonly record struct StoreWork(ReadOnlyMemory<KvPlace> Places, int Layer, Matrix Keys, Matrix Values) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
                Attention.Store(Places.Span[row], Layer, Keys[row], Values[row]);
        }
    }

    /// <summary>An item is one stored head for a few neighbouring rows, which share its reading if they are of one sequence and loop.</summary>
    readonly struct AttendWork : IRangeWork
    {
        /// <summary>Positions, times query heads, that are worth handing over: some microseconds.</summary>
        const long LeastPerHandOver = 1024;

        /// <summary>Heads that lie side by side and are read in one stretch by a row whose keys nobody shares, while there are enough for all threads.</summary>
        const int Stretch = 4;

        readonly ReadOnlyMemory<KvPlace> _places;
        readonly Matrix _queries, _result;
        readonly int _layer, _heads, _storedHeads, _rowsAtOnce, _headsAtOnce;

        public AttendWork(ReadOnlyMemory<KvPlace> places, int layer, Matrix queries, int heads, Matrix result, int threads)
        {
            (_places, _layer, _queries, _heads, _result) = (places, layer, queries, heads, result);
            _storedHeads = places.Span[0].Shape.Heads;
            var mostRows = Math.Max(1, Attention.MostQueries / (heads / _storedHeads));
            _rowsAtOnce = AnyShareCache(places.Span) ? (int)Math.Clamp((long)places.Length * _storedHeads / (4L * threads), 1, mostRows) : 1;
            _headsAtOnce = Math.Max(1, mostRows / _rowsAtOnce);
            Items = checked((places.Length + _rowsAtOnce - 1) / _rowsAtOnce * _storedHeads);

            var positions = 0L;
            foreach (var place in places.Span)
                positions += place.Position + 1;
            var stretch = _rowsAtOnce == 1 ? Math.Min(Stretch, Items / (2 * threads)) : 1;
            Grain = (int)Math.Clamp(Math.Max(stretch, LeastPerHandOver * Items / (positions * heads)), 1, Items);
        }

        public int Items { get; }

        public int Grain { get; }

        static bool AnyShareCache(ReadOnlySpan<KvPlace> places)
        {
            for (var row = 1; row < places.Length; row++)
            {
                if (places[row].SharesCacheWith(places[row - 1]))
                    return true;
            }

            return false;
        }

        public void Do(int from, int to)
        {
            while (from < to)
            {
                var (first, head) = (from / _storedHeads * _rowsAtOnce, from % _storedHeads);
                var heads = Math.Min(Math.Min(to - from, _storedHeads - head), _headsAtOnce);
                var places = _places.Span.Slice(first, Math.Min(_rowsAtOnce, _places.Length - first));
                Attention.Attend(places, _layer, head..(head + heads), _queries, first, _heads, _result);
                from += heads;
            }
        }
    }

    readonly record struct SwiGluWork(Matrix Gate, Matrix Up, Matrix Result) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
                Elementwise.SwiGlu(Gate.RowPointer(row), Up.RowPointer(row), Result.RowPointer(row), Gate.Stride);
        }
    }
}
