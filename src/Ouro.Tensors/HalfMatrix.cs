using System.Runtime.Intrinsics;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Weights in half precision: where all are finite, as they nearly always are, they are widened in half the steps, to the same numbers.</summary>
sealed class HalfMatrix(int outputs, int inputs, ReadOnlyMemory<byte> bytes) : PlainMatrix<F16>(outputs, inputs, bytes)
{
    bool? _isFinite;

    private protected override void FewRowsProduct(Matrix rows, Matrix result, WorkerPool pool)
    {
        // Looked at when the weights are read for the first time, so that loading need not read them.
        if (_isFinite ??= IsFinite(pool))
            FewRowsProduct<FiniteF16>(rows, result, pool);
        else
            FewRowsProduct<F16>(rows, result, pool);
    }

    bool IsFinite(WorkerPool pool)
    {
        var found = new Findings();
        pool.Run(new Look(this, found), Outputs, Grain(rows: 1, pool.ThreadCount));
        return !found.Unbounded;
    }

    sealed class Findings
    {
        public volatile bool Unbounded;
    }

    readonly unsafe struct Look(HalfMatrix weights, Findings found) : IRangeWork
    {
        public void Do(int from, int to)
        {
            var numbers = new ReadOnlySpan<ushort>(weights.Pointer + (long)from * weights.RowBytes, checked((to - from) * (weights.RowBytes / sizeof(ushort))));
            var largest = Vector512<ushort>.Zero;
            var i = 0;
            for (; i + Vector512<ushort>.Count <= numbers.Length; i += Vector512<ushort>.Count)
                largest = Vector512.Max(largest, Vector512.Create(numbers[i..]) & Vector512.Create((ushort)0x7FFF));

            var unbounded = Vector512.GreaterThanOrEqualAny(largest, Vector512.Create((ushort)0x7C00));
            for (; i < numbers.Length; i++)
                unbounded |= !F16.IsFinite(numbers[i]);
            if (unbounded)
                found.Unbounded = true;
        }
    }
}
