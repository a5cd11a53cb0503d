namespace Ouro.Tensors.Gradients;

/// <summary>Consecutive rows that are one document: positions count from 0 at its start, and attention does not leave it.</summary>
/// <param name="Start">Its first row.</param>
/// <param name="Length">Its rows, at least 1.</param>
public readonly record struct RowRange(int Start, int Length);

/// <summary>Causal attention over whole documents, forwards and backwards, one head of one document at a time.</summary>
/// <remarks>
/// Per head, with Q, K, V [n, headSize] and s = headSize^-1/2: P = softmax of s Q K' over the positions up to a row's own; O = P V. Backwards, from dO:
/// dV = P' dO; dP = dO V'; dS = P * (dP - rowsum(P * dP)); dQ = s dS K; dK = s dS' Q. P is computed again from Q and K, for <see cref="BlockRows"/>
/// queries at a time, so memory grows with the length of a document and not with its square. A head is summed by one thread in one order:
/// results do not depend on the number of threads.
/// </remarks>
readonly unsafe struct TrainingAttention
{
    /// <summary>Queries whose weights are held at once.</summary>
    const int BlockRows = 64;

    readonly Matrix _queries, _keys, _values;
    readonly ReadOnlyMemory<RowRange> _ranges;
    readonly int _heads, _storedHeads, _headSize;
    readonly float _scale;

    public TrainingAttention(Matrix queries, Matrix keys, Matrix values, ReadOnlyMemory<RowRange> ranges, int heads)
    {
        (_queries, _keys, _values, _ranges, _heads) = (queries, keys, values, ranges, heads);
        _headSize = queries.Columns / heads;
        _storedHeads = keys.Columns / _headSize;
        _scale = 1 / MathF.Sqrt(_headSize);
    }

    int Documents => _ranges.Length;

    /// <summary>result [R, heads * headSize] = O.</summary>
    public void Forward(WorkerPool pool, Matrix result)
        => pool.Run(new ForwardWork(this, result), Documents * _heads, grain: 1);

    /// <summary>Adds to the gradients of queries, keys and values, given that of the result.</summary>
    public void Backward(WorkerPool pool, Matrix resultGradient, Matrix queriesGradient, Matrix keysGradient, Matrix valuesGradient)
        => pool.Run(new BackwardWork(this, resultGradient, queriesGradient, keysGradient, valuesGradient), Documents * _storedHeads, grain: 1);

    /// <summary>P for rows <paramref name="first"/> to <paramref name="end"/> of a document, [end - first, end], zeros behind a row's own position.</summary>
    void Weights(RowRange range, int head, int first, int end, float* weights, int stride)
    {
        var stored = head / (_heads / _storedHeads);
        var q = View(_queries, range.Start + first, head);
        var k = View(_keys, range.Start, stored);
        Gemm.Multiply(q, k.Transposed, weights, stride, end - first, end, _headSize, add: false);
        for (var row = first; row < end; row++)
        {
            var line = weights + (row - first) * (long)stride;
            Elementwise.Softmax(line, row + 1, _scale, stride);
        }
    }

    MatrixView View(Matrix matrix, int row, int head) => new MatrixView(matrix).From(row, head * _headSize);

    /// <summary>Numbers from one row of weights to the next: a multiple of 16, the last ones zeros.</summary>
    static int Stride(RowRange range) => (int)Matrix.Padded(range.Length);

    readonly struct ForwardWork(TrainingAttention attention, Matrix result) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var item = from; item < to; item++)
            {
                var (range, head) = (attention._ranges.Span[item / attention._heads], item % attention._heads);
                var stride = Stride(range);
                var weights = (float*)Scratch.Bytes((long)BlockRows * stride * sizeof(float));
                for (var first = 0; first < range.Length; first += BlockRows)
                {
                    var end = Math.Min(range.Length, first + BlockRows);
                    attention.Weights(range, head, first, end, weights, stride);
                    var values = attention.View(attention._values, range.Start, head / (attention._heads / attention._storedHeads));
                    var place = result.RowPointer(range.Start + first) + head * attention._headSize;
                    Gemm.Multiply(new MatrixView(weights, stride, 1), values, place, result.Stride, end - first, attention._headSize, end, add: false);
                }
            }
        }
    }

    /// <summary>An item is one stored head of one document, with all query heads that share it, in order.</summary>
    readonly struct BackwardWork(
        TrainingAttention attention, Matrix resultGradient, Matrix queriesGradient, Matrix keysGradient, Matrix valuesGradient) : IRangeWork
    {
        public void Do(int from, int to)
        {
            var group = attention._heads / attention._storedHeads;
            for (var item = from; item < to; item++)
            {
                var (range, stored) = (attention._ranges.Span[item / attention._storedHeads], item % attention._storedHeads);
                for (var head = stored * group; head < (stored + 1) * group; head++)
                {
                    for (var first = 0; first < range.Length; first += BlockRows)
                        Block(range, head, stored, first, Math.Min(range.Length, first + BlockRows));
                }
            }
        }

        void Block(RowRange range, int head, int stored, int first, int end)
        {
            var (stride, rows, size) = (Stride(range), end - first, attention._headSize);
            var weights = (float*)Scratch.Bytes(2L * BlockRows * stride * sizeof(float));
            var gradients = weights + (long)BlockRows * stride;
            attention.Weights(range, head, first, end, weights, stride);
            var p = new MatrixView(weights, stride, 1);
            var output = attention.View(resultGradient, range.Start + first, head);
            var values = attention.View(attention._values, range.Start, stored);
            Gemm.Multiply(p.Transposed, output, Place(valuesGradient, range.Start, stored), valuesGradient.Stride, end, size, rows, add: true);

            Gemm.Multiply(output, values.Transposed, gradients, stride, rows, end, size, add: false);
            for (var row = 0; row < rows; row++)
                ElementwiseGradients.Softmax(weights + row * (long)stride, gradients + row * (long)stride, first + row + 1, attention._scale, stride);

            var scores = new MatrixView(gradients, stride, 1);
            var queries = attention.View(attention._queries, range.Start + first, head);
            var keys = attention.View(attention._keys, range.Start, stored);
            Gemm.Multiply(scores, keys, Place(queriesGradient, range.Start + first, head), queriesGradient.Stride, rows, size, end, add: true);
            Gemm.Multiply(scores.Transposed, queries, Place(keysGradient, range.Start, stored), keysGradient.Stride, end, size, rows, add: true);
        }

        float* Place(Matrix matrix, int row, int head) => matrix.RowPointer(row) + head * attention._headSize;
    }
}
