namespace Ouro.Tensors.Gradients;

/// <summary>The operations of <see cref="IComputeBackend"/> backwards, and those of a loss and an optimiser, on the processor.</summary>
/// <remarks>
/// A name says what comes out: <c>AddInputGradient</c> adds to the gradient of a product's input. Gradients of weights are summed over rows in an
/// order that depends on the rows alone, so every result is bit-identical for any number of threads. R is the number of rows. One caller at a time.
/// </remarks>
public sealed unsafe class CpuGradients(CpuBackend backend)
{
    /// <summary>Rows whose share of a norm's gradient is summed apart, so that threads can share the rows.</summary>
    const int NormBlock = 64;

    readonly WorkerPool _pool = backend.Pool;
    Matrix? _parts;

    /// <summary>to = from, resized.</summary>
    public void Copy(Matrix from, Matrix to)
    {
        to.Resize(from.Rows);
        _pool.Run(new CopyWork(from, to), from.Rows, grain: 64);
    }

    /// <summary>to = 0.</summary>
    public static void Clear(Matrix to) => new Span<float>(to.Pointer, to.Rows * to.Stride).Clear();

    /// <summary>to += from, of equal shape.</summary>
    public static void Add(Matrix from, Matrix to)
    {
        for (var row = 0; row < to.Rows; row++)
            ElementwiseGradients.Add(from.RowPointer(row), to.RowPointer(row), to.Stride);
    }

    /// <summary>The gradient of a product's rows: gradient [R, outputs] times weights [outputs, inputs].</summary>
    /// <param name="add">Whether to add to what is in <paramref name="rowsGradient"/> [R, inputs]; else it is resized and overwritten.</param>
    public void InputGradient(Matrix gradient, Matrix weights, Matrix rowsGradient, bool add)
    {
        rowsGradient.Resize(gradient.Rows);
        Gemm.Multiply(
            _pool, new MatrixView(gradient), new MatrixView(weights), rowsGradient.Pointer, rowsGradient.Stride,
            gradient.Rows, weights.Columns, weights.Rows, add);
    }

    /// <summary>Adds to the gradient of a product's weights [outputs, inputs]: gradient' [outputs, R] times rows [R, inputs].</summary>
    public void AddWeightGradient(Matrix gradient, Matrix rows, Matrix weightsGradient)
        => Gemm.Multiply(
            _pool, new MatrixView(gradient).Transposed, new MatrixView(rows), weightsGradient.Pointer, weightsGradient.Stride,
            weightsGradient.Rows, weightsGradient.Columns, rows.Rows, add: true);

    /// <summary>RMSNorm backwards.</summary>
    /// <param name="x">[R, D], as it went in.</param>
    /// <param name="gradient">[R, D], of the result.</param>
    /// <param name="xGradient">[R, D]; may be <paramref name="gradient"/> unless <paramref name="add"/>.</param>
    /// <param name="weightGradient">[1, D], added to.</param>
    /// <param name="add">Whether to add to <paramref name="xGradient"/>; else it is resized and overwritten.</param>
    public void RmsNorm(Matrix x, Matrix weight, float epsilon, Matrix gradient, Matrix xGradient, Matrix weightGradient, bool add)
    {
        xGradient.Resize(x.Rows);
        var blocks = (x.Rows + NormBlock - 1) / NormBlock;
        if (_parts?.Columns != x.Columns)
            _parts = new Matrix(blocks, x.Columns);
        _parts.Resize(blocks);
        _pool.Run(new NormWork(x, weight, epsilon, gradient, xGradient, _parts, !add), blocks, grain: 1);
        for (var block = 0; block < blocks; block++)
            ElementwiseGradients.Add(_parts.RowPointer(block), weightGradient.Pointer, weightGradient.Stride);
    }

    /// <summary>Turns the gradients of rotated heads back, in place.</summary>
    public void Rotate(Rope rope, Matrix gradient) => _pool.Run(new RotateWork(rope, gradient), gradient.Rows, grain: 16);

    /// <summary>SwiGLU backwards; the gradients of both factors are resized and overwritten.</summary>
    public void SwiGlu(Matrix gate, Matrix up, Matrix gradient, Matrix gateGradient, Matrix upGradient)
    {
        gateGradient.Resize(gate.Rows);
        upGradient.Resize(gate.Rows);
        _pool.Run(new SwiGluWork(gate, up, gradient, gateGradient, upGradient), gate.Rows, grain: 16);
    }

    /// <summary>Causal attention within whole documents, forwards: <see cref="TrainingAttention"/>.</summary>
    public void Attend(Matrix queries, Matrix keys, Matrix values, ReadOnlyMemory<RowRange> documents, int heads, Matrix result)
    {
        result.Resize(queries.Rows);
        new TrainingAttention(queries, keys, values, documents, heads).Forward(_pool, result);
    }

    /// <summary>Causal attention backwards; the gradients of queries, keys and values are resized and overwritten.</summary>
    public void Attend(
        Matrix queries, Matrix keys, Matrix values, ReadOnlyMemory<RowRange> documents, int heads,
        Matrix gradient, Matrix queriesGradient, Matrix keysGradient, Matrix valuesGradient)
    {
        foreach (var matrix in (ReadOnlySpan<Matrix>)[queriesGradient, keysGradient, valuesGradient])
        {
            matrix.Resize(queries.Rows);
            Clear(matrix);
        }

        new TrainingAttention(queries, keys, values, documents, heads).Backward(_pool, gradient, queriesGradient, keysGradient, valuesGradient);
    }

    /// <summary>Adds the gradient of each row to the embedding of its token.</summary>
    /// <param name="table">[V, D].</param>
    public static void AddEmbeddingGradient(ReadOnlySpan<int> tokens, Matrix gradient, Matrix table)
    {
        for (var row = 0; row < tokens.Length; row++)
            ElementwiseGradients.Add(gradient.RowPointer(row), table.RowPointer(tokens[row]), table.Stride);
    }

    /// <summary>A projection to one number backwards: y[r] = x[r] . weight + bias.</summary>
    /// <param name="gradient">[R], of y.</param>
    /// <param name="xGradient">[R, D], added to, unless null.</param>
    /// <param name="weightGradient">[1, D], added to; that of the bias is the sum of <paramref name="gradient"/>.</param>
    public static void Project(Matrix x, Matrix weight, ReadOnlySpan<float> gradient, Matrix? xGradient, Matrix weightGradient)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            ElementwiseGradients.Add(x.RowPointer(row), gradient[row], weightGradient.Pointer, x.Stride);
            if (xGradient is not null)
                ElementwiseGradients.Add(weight.Pointer, gradient[row], xGradient.RowPointer(row), x.Stride);
        }
    }

    /// <summary>Turns logits into probabilities, in place, and gives the cross-entropy of each row's target in nats.</summary>
    /// <param name="logits">[R, V].</param>
    /// <param name="targets">[R], each in [0, V).</param>
    /// <param name="losses">[R], -ln of the target's probability.</param>
    /// <exception cref="ArgumentOutOfRangeException">A target is no column.</exception>
    public void CrossEntropy(Matrix logits, ReadOnlyMemory<int> targets, Memory<double> losses)
    {
        CheckTargets(targets.Span[..logits.Rows], logits);
        _pool.Run(new LossWork(logits, targets, losses), logits.Rows, grain: 8);
    }

    /// <summary>From probabilities to the gradient of weight * cross-entropy: weight * (probabilities - one at the target), in place.</summary>
    /// <param name="weights">[R].</param>
    /// <exception cref="ArgumentOutOfRangeException">A target is no column.</exception>
    public void CrossEntropyGradient(Matrix probabilities, ReadOnlyMemory<int> targets, ReadOnlyMemory<float> weights)
    {
        CheckTargets(targets.Span[..probabilities.Rows], probabilities);
        _pool.Run(new LossGradientWork(probabilities, targets, weights), probabilities.Rows, grain: 16);
    }

    /// <summary>to[r] += factors[r] * from[r], row by row.</summary>
    public static void AddScaledRows(Matrix from, ReadOnlySpan<float> factors, Matrix to)
    {
        for (var row = 0; row < to.Rows; row++)
            ElementwiseGradients.Add(from.RowPointer(row), factors[row], to.RowPointer(row), to.Stride);
    }

    /// <summary>x[r] *= factors[r], row by row.</summary>
    public static void ScaleRows(Matrix x, ReadOnlySpan<float> factors)
    {
        for (var row = 0; row < x.Rows; row++)
            ElementwiseGradients.Scale(x.RowPointer(row), factors[row], x.Stride);
    }

    /// <summary>The inner products of the rows of two matrices of equal shape.</summary>
    public static double[] RowProducts(Matrix x, Matrix y)
    {
        var result = new double[x.Rows];
        for (var row = 0; row < x.Rows; row++)
            result[row] = FloatProducts.One(x.RowPointer(row), y.RowPointer(row), x.Stride);
        return result;
    }

    /// <summary>The sum of the squares of all numbers.</summary>
    public static double SumOfSquares(Matrix x)
    {
        var sum = 0.0;
        for (var row = 0; row < x.Rows; row++)
            sum += FloatProducts.One(x.RowPointer(row), x.RowPointer(row), x.Stride);
        return sum;
    }

    /// <summary>One step of AdamW for a parameter; its gradient is zero afterwards.</summary>
    public void AdamW(Matrix value, Matrix gradient, Matrix first, Matrix second, AdamStep step)
        => _pool.Run(new AdamWork(value, gradient, first, second, step), value.Rows, grain: Math.Max(1, 16_384 / value.Stride));

    /// <summary>A target that is no column would be written through a pointer.</summary>
    static void CheckTargets(ReadOnlySpan<int> targets, Matrix logits)
    {
        foreach (var target in targets)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(targets));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(target, logits.Columns, nameof(targets));
        }
    }

    readonly record struct CopyWork(Matrix From, Matrix To) : IRangeWork
    {
        public void Do(int from, int to)
            => new ReadOnlySpan<float>(From.RowPointer(from), (to - from) * From.Stride).CopyTo(new Span<float>(To.RowPointer(from), (to - from) * To.Stride));
    }

    /// <summary>An item is a block of rows; its share of the weight's gradient is a row of <paramref name="Parts"/>.</summary>
    readonly record struct NormWork(
        Matrix X, Matrix Weight, float Epsilon, Matrix Gradient, Matrix XGradient, Matrix Parts, bool Replace) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var block = from; block < to; block++)
            {
                new Span<float>(Parts.RowPointer(block), Parts.Stride).Clear();
                for (var row = block * NormBlock; row < Math.Min(X.Rows, (block + 1) * NormBlock); row++)
                {
                    ElementwiseGradients.RmsNorm(
                        X.RowPointer(row), Weight.Pointer, Epsilon, Gradient.RowPointer(row), XGradient.RowPointer(row), Parts.RowPointer(block),
                        X.Stride, X.Columns, Replace);
                }
            }
        }
    }

    readonly record struct RotateWork(Rope Rope, Matrix Gradient) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
                Rope.RotateGradient(row, Gradient[row]);
        }
    }

    readonly record struct SwiGluWork(Matrix Gate, Matrix Up, Matrix Gradient, Matrix GateGradient, Matrix UpGradient) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
            {
                ElementwiseGradients.SwiGlu(
                    Gate.RowPointer(row), Up.RowPointer(row), Gradient.RowPointer(row), GateGradient.RowPointer(row), UpGradient.RowPointer(row), Gate.Stride);
            }
        }
    }

    readonly record struct LossWork(Matrix Logits, ReadOnlyMemory<int> Targets, Memory<double> Losses) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
                Losses.Span[row] = ElementwiseGradients.CrossEntropy(Logits.RowPointer(row), Logits.Columns, Logits.Stride, Targets.Span[row]);
        }
    }

    readonly record struct LossGradientWork(Matrix Probabilities, ReadOnlyMemory<int> Targets, ReadOnlyMemory<float> Weights) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
            {
                Probabilities.RowPointer(row)[Targets.Span[row]] -= 1;
                ElementwiseGradients.Scale(Probabilities.RowPointer(row), Weights.Span[row], Probabilities.Stride);
            }
        }
    }

    readonly record struct AdamWork(Matrix Value, Matrix Gradient, Matrix First, Matrix Second, AdamStep Step) : IRangeWork
    {
        public void Do(int from, int to)
        {
            for (var row = from; row < to; row++)
            {
                ElementwiseGradients.AdamW(
                    Value.RowPointer(row), Gradient.RowPointer(row), First.RowPointer(row), Second.RowPointer(row), Value.Stride, Step);
            }
        }
    }
}
