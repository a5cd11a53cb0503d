using Ouro.Tensors;

namespace Ouro.Model.Conversion;

/// <summary>Which row of a stored tensor becomes which row of another: the identity, or the permutation of rotated heads.</summary>
/// <remarks>
/// With j below half = head size / 2 and s 0 or 1, row s * half + j of a head in the order of <see cref="RopeLayout.Halves"/> is row 2j + s in
/// the order of <see cref="RopeLayout.Interleaved"/>. Only whole rows move, so quantised rows can be permuted without loss.
/// </remarks>
readonly record struct RowOrder
{
    readonly int _headSize;
    readonly RopeLayout _to;

    RowOrder(int headSize, RopeLayout to) => (_headSize, _to) = (headSize, to);

    /// <summary>Every row stays where it is.</summary>
    public static RowOrder AsStored => default;

    public bool IsIdentity => _headSize == 0;

    /// <summary>The order of rows when the heads of a tensor go from one layout to another; the identity for tensors without rotated rows.</summary>
    public static RowOrder Between(ModelTensor tensor, int headSize, RopeLayout from, RopeLayout to)
        => tensor.IsRotated && from != to ? new RowOrder(headSize, to) : AsStored;

    /// <summary>The row of the source that becomes row <paramref name="row"/> of the result.</summary>
    public long SourceOf(long row)
    {
        if (IsIdentity)
            return row;

        var (head, place) = Math.DivRem(row, _headSize);
        var half = _headSize / 2;
        var from = _to == RopeLayout.Interleaved
            ? (place % 2 * half) + (place / 2)
            : (place % half * 2) + (place / half);
        return (head * _headSize) + from;
    }
}
