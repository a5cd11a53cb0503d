using System.Runtime.Intrinsics;

namespace Ouro.Tensors;

/// <summary>How the two numbers of a rotated pair lie in a head of the query and key weights.</summary>
public enum RopeLayout
{
    /// <summary>Pair j is (j, j + half): the published checkpoints.</summary>
    Halves,

    /// <summary>Pair j is (2j, 2j + 1): GGUF files, whose query and key rows are permuted for it.</summary>
    Interleaved,
}

/// <summary>Rotary position embedding, arXiv:2104.09864: pair j of position p is turned by p * theta^(-2j / headSize).</summary>
/// <remarks>
/// Angles are computed in double precision. Results are written in the order of <see cref="RopeLayout.Halves"/> whatever the layout of the
/// weights, so the same model gives the same bits from either kind of file.
/// </remarks>
public sealed unsafe class Rope
{
    readonly double[] _frequencies;
    readonly RopeLayout _layout;
    readonly int _headSize;
    readonly Matrix _cosines;
    readonly Matrix _sines;

    /// <param name="headSize">Numbers in a head; even, at least 2.</param>
    /// <param name="theta">Base of the frequencies, above 0.</param>
    /// <param name="layout">Where the weights put the two numbers of a pair.</param>
    public Rope(int headSize, double theta, RopeLayout layout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(headSize, 2);
        ArgumentOutOfRangeException.ThrowIfNotEqual(headSize % 2, 0, nameof(headSize));
        _headSize = headSize;
        _layout = layout;
        _frequencies = new double[headSize / 2];
        for (var j = 0; j < _frequencies.Length; j++)
            _frequencies[j] = Math.Pow(theta, -2.0 * j / headSize);
        _cosines = new Matrix(0, headSize / 2);
        _sines = new Matrix(0, headSize / 2);
    }

    /// <summary>Computes the angles for rows at these positions; every layer of a pass uses them.</summary>
    public void Prepare(ReadOnlySpan<int> positions)
    {
        _cosines.Resize(positions.Length);
        _sines.Resize(positions.Length);
        for (var row = 0; row < positions.Length; row++)
        {
            var cosines = _cosines[row];
            var sines = _sines[row];
            for (var j = 0; j < _frequencies.Length; j++)
            {
                var (sine, cosine) = Math.SinCos(positions[row] * _frequencies[j]);
                (cosines[j], sines[j]) = ((float)cosine, (float)sine);
            }
        }
    }

    /// <summary>Turns every head of a row in place.</summary>
    /// <param name="row">Index into the positions given to <see cref="Prepare"/>.</param>
    /// <param name="heads">[H * headSize].</param>
    internal void Rotate(int row, Span<float> heads)
    {
        if (_layout == RopeLayout.Interleaved)
            Separate(heads);
        Turn(row, heads, back: false);
    }

    /// <summary>Turns gradients back: the gradient of what went into <see cref="Rotate"/> from that of what came out.</summary>
    /// <exception cref="InvalidOperationException">The layout is not <see cref="RopeLayout.Halves"/>, which training uses.</exception>
    internal void RotateGradient(int row, Span<float> heads)
    {
        if (_layout != RopeLayout.Halves)
            throw new InvalidOperationException("Gradients are turned in half-split heads only.");
        Turn(row, heads, back: true);
    }

    /// <summary>From (2j, 2j + 1) to (j, j + half), head by head.</summary>
    void Separate(Span<float> heads)
    {
        var half = _headSize / 2;
        var separated = new Span<float>(Scratch.Bytes((long)_headSize * sizeof(float)), _headSize);
        for (var start = 0; start < heads.Length; start += _headSize)
        {
            var head = heads.Slice(start, _headSize);
            for (var j = 0; j < half; j++)
                (separated[j], separated[j + half]) = (head[2 * j], head[2 * j + 1]);
            separated.CopyTo(head);
        }
    }

    void Turn(int row, Span<float> heads, bool back)
    {
        var half = _headSize / 2;
        float* cosines = _cosines.RowPointer(row), sines = _sines.RowPointer(row);
        var sign = Vector512.Create(back ? -1f : 1f);
        fixed (float* first = heads)
        {
            for (var start = 0; start < heads.Length; start += _headSize)
            {
                float* low = first + start, high = low + half;
                var j = 0;
                for (; j + 16 <= half; j += 16)
                {
                    var (x, y) = (Vector512.Load(low + j), Vector512.Load(high + j));
                    var (cosine, sine) = (Vector512.Load(cosines + j), Vector512.Load(sines + j) * sign);
                    (x * cosine - y * sine).Store(low + j);
                    (y * cosine + x * sine).Store(high + j);
                }

                for (; j < half; j++)
                {
                    var (x, y, cosine, sine) = (low[j], high[j], cosines[j], back ? -sines[j] : sines[j]);
                    (low[j], high[j]) = (x * cosine - y * sine, y * cosine + x * sine);
                }
            }
        }
    }
}
