using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Tensors.Packed;

/// <summary>Activation rows that are multiplied with the same weights while these are in registers.</summary>
/// <remarks>
/// There is one kernel for every number of rows, and each row does just what it would do alone. Pointers lead to the first row's data; the
/// next row's codes are 32 bytes on, its floats the next. All state must be in registers: the runtime's compiler does that for flat
/// structures whose fields are assigned directly, not for arrays, nested structures or references to fields.
/// </remarks>
unsafe interface IRowTile
{
    static abstract int Rows { get; }

    /// <summary>Adds the products of two steps to the 16-bit sums, or starts them.</summary>
    void Add(Vector512<byte> first, Vector512<byte> second, sbyte* activations, bool starts);

    /// <summary>Adds the 16-bit sums to the sums of a part, or starts these.</summary>
    /// <param name="weight">What the sums count: 1, or 16 for a higher digit.</param>
    void Fold(bool first, short weight = 1);

    /// <summary>Adds the sums of a part, times its scale, to those of the group, or starts these.</summary>
    void Scale(Vector512<float> scale, bool first);

    /// <summary>Adds the sums of the group, times the activation scale of each row, to the totals.</summary>
    void AddGroup(float* scales);

    /// <summary>Adds minimum times the negative sum of the activations.</summary>
    void AddMinimum(Vector512<float> minimum, float* negativeSums);

    /// <summary>Writes sixteen totals of each row.</summary>
    void Store(float* result, nint stride);
}

/// <summary>What a tile does for each of its rows.</summary>
static unsafe class RowSteps
{
    /// <summary>Lane j: the products of codes 2j and 2j + 1 of both steps, added to <paramref name="sum"/> unless it starts here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Add(Vector512<short> sum, Vector512<byte> first, Vector512<byte> second, sbyte* activations, bool starts)
    {
        sum = starts
            ? Avx512BW.MultiplyAddAdjacent(first, Vector512.Create(*(int*)activations).AsSByte())
            : sum + Avx512BW.MultiplyAddAdjacent(first, Vector512.Create(*(int*)activations).AsSByte());
        return sum + Avx512BW.MultiplyAddAdjacent(second, Vector512.Create(*(int*)(activations + 4)).AsSByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Fold(Vector512<int> sum, Vector512<short> run, bool first, short weight)
        => first ? Avx512BW.MultiplyAddAdjacent(run, Vector512.Create(weight)) : sum + Avx512BW.MultiplyAddAdjacent(run, Vector512.Create(weight));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale(Vector512<float> group, Vector512<int> sum, Vector512<float> scale, bool first)
        => first ? Vector512.ConvertToSingle(sum) * scale : Vector512.MultiplyAddEstimate(Vector512.ConvertToSingle(sum), scale, group);
}

/// <summary>One row. The integer sums are a structure of their own: four flat fields would be promoted by another phase of the compiler, which gives up on vectors of this size.</summary>
unsafe struct OneRow : IRowTile
{
    Sums _sums;
    Vector512<float> _group;
    Vector512<float> _total;

    public static int Rows => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<byte> first, Vector512<byte> second, sbyte* activations, bool starts)
    {
        _sums.Run = RowSteps.Add(_sums.Run, first, second, activations, starts);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fold(bool first, short weight = 1)
    {
        _sums.Part = RowSteps.Fold(_sums.Part, _sums.Run, first, weight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(Vector512<float> scale, bool first)
    {
        _group = RowSteps.Scale(_group, _sums.Part, scale, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGroup(float* scales)
    {
        _total = Vector512.MultiplyAddEstimate(_group, Vector512.Create(scales[0]), _total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddMinimum(Vector512<float> minimum, float* negativeSums)
    {
        _total = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[0]), _total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* result, nint stride)
    {
        _total.Store(result);
    }

    struct Sums
    {
        public Vector512<short> Run;
        public Vector512<int> Part;
    }
}

/// <summary>Two rows.</summary>
unsafe struct TwoRows : IRowTile
{
    Vector512<short> _run0, _run1;
    Vector512<int> _sum0, _sum1;
    Vector512<float> _group0, _group1;
    Vector512<float> _total0, _total1;

    public static int Rows => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<byte> first, Vector512<byte> second, sbyte* activations, bool starts)
    {
        _run0 = RowSteps.Add(_run0, first, second, activations, starts);
        _run1 = RowSteps.Add(_run1, first, second, activations + PackedLayout.GroupSize, starts);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fold(bool first, short weight = 1)
    {
        _sum0 = RowSteps.Fold(_sum0, _run0, first, weight);
        _sum1 = RowSteps.Fold(_sum1, _run1, first, weight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(Vector512<float> scale, bool first)
    {
        _group0 = RowSteps.Scale(_group0, _sum0, scale, first);
        _group1 = RowSteps.Scale(_group1, _sum1, scale, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGroup(float* scales)
    {
        _total0 = Vector512.MultiplyAddEstimate(_group0, Vector512.Create(scales[0]), _total0);
        _total1 = Vector512.MultiplyAddEstimate(_group1, Vector512.Create(scales[1]), _total1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddMinimum(Vector512<float> minimum, float* negativeSums)
    {
        _total0 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[0]), _total0);
        _total1 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[1]), _total1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* result, nint stride)
    {
        _total0.Store(result);
        _total1.Store(result + stride);
    }
}

/// <summary>Four rows.</summary>
unsafe struct FourRows : IRowTile
{
    Vector512<short> _run0, _run1, _run2, _run3;
    Vector512<int> _sum0, _sum1, _sum2, _sum3;
    Vector512<float> _group0, _group1, _group2, _group3;
    Vector512<float> _total0, _total1, _total2, _total3;

    public static int Rows => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<byte> first, Vector512<byte> second, sbyte* activations, bool starts)
    {
        _run0 = RowSteps.Add(_run0, first, second, activations, starts);
        _run1 = RowSteps.Add(_run1, first, second, activations + PackedLayout.GroupSize, starts);
        _run2 = RowSteps.Add(_run2, first, second, activations + 2 * PackedLayout.GroupSize, starts);
        _run3 = RowSteps.Add(_run3, first, second, activations + 3 * PackedLayout.GroupSize, starts);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fold(bool first, short weight = 1)
    {
        _sum0 = RowSteps.Fold(_sum0, _run0, first, weight);
        _sum1 = RowSteps.Fold(_sum1, _run1, first, weight);
        _sum2 = RowSteps.Fold(_sum2, _run2, first, weight);
        _sum3 = RowSteps.Fold(_sum3, _run3, first, weight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(Vector512<float> scale, bool first)
    {
        _group0 = RowSteps.Scale(_group0, _sum0, scale, first);
        _group1 = RowSteps.Scale(_group1, _sum1, scale, first);
        _group2 = RowSteps.Scale(_group2, _sum2, scale, first);
        _group3 = RowSteps.Scale(_group3, _sum3, scale, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGroup(float* scales)
    {
        _total0 = Vector512.MultiplyAddEstimate(_group0, Vector512.Create(scales[0]), _total0);
        _total1 = Vector512.MultiplyAddEstimate(_group1, Vector512.Create(scales[1]), _total1);
        _total2 = Vector512.MultiplyAddEstimate(_group2, Vector512.Create(scales[2]), _total2);
        _total3 = Vector512.MultiplyAddEstimate(_group3, Vector512.Create(scales[3]), _total3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddMinimum(Vector512<float> minimum, float* negativeSums)
    {
        _total0 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[0]), _total0);
        _total1 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[1]), _total1);
        _total2 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[2]), _total2);
        _total3 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[3]), _total3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* result, nint stride)
    {
        _total0.Store(result);
        _total1.Store(result + stride);
        _total2.Store(result + 2 * stride);
        _total3.Store(result + 3 * stride);
    }
}

/// <summary>Eight rows.</summary>
unsafe struct EightRows : IRowTile
{
    Vector512<short> _run0, _run1, _run2, _run3, _run4, _run5, _run6, _run7;
    Vector512<int> _sum0, _sum1, _sum2, _sum3, _sum4, _sum5, _sum6, _sum7;
    Vector512<float> _group0, _group1, _group2, _group3, _group4, _group5, _group6, _group7;
    Vector512<float> _total0, _total1, _total2, _total3, _total4, _total5, _total6, _total7;

    public static int Rows => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<byte> first, Vector512<byte> second, sbyte* activations, bool starts)
    {
        _run0 = RowSteps.Add(_run0, first, second, activations, starts);
        _run1 = RowSteps.Add(_run1, first, second, activations + PackedLayout.GroupSize, starts);
        _run2 = RowSteps.Add(_run2, first, second, activations + 2 * PackedLayout.GroupSize, starts);
        _run3 = RowSteps.Add(_run3, first, second, activations + 3 * PackedLayout.GroupSize, starts);
        _run4 = RowSteps.Add(_run4, first, second, activations + 4 * PackedLayout.GroupSize, starts);
        _run5 = RowSteps.Add(_run5, first, second, activations + 5 * PackedLayout.GroupSize, starts);
        _run6 = RowSteps.Add(_run6, first, second, activations + 6 * PackedLayout.GroupSize, starts);
        _run7 = RowSteps.Add(_run7, first, second, activations + 7 * PackedLayout.GroupSize, starts);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fold(bool first, short weight = 1)
    {
        _sum0 = RowSteps.Fold(_sum0, _run0, first, weight);
        _sum1 = RowSteps.Fold(_sum1, _run1, first, weight);
        _sum2 = RowSteps.Fold(_sum2, _run2, first, weight);
        _sum3 = RowSteps.Fold(_sum3, _run3, first, weight);
        _sum4 = RowSteps.Fold(_sum4, _run4, first, weight);
        _sum5 = RowSteps.Fold(_sum5, _run5, first, weight);
        _sum6 = RowSteps.Fold(_sum6, _run6, first, weight);
        _sum7 = RowSteps.Fold(_sum7, _run7, first, weight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(Vector512<float> scale, bool first)
    {
        _group0 = RowSteps.Scale(_group0, _sum0, scale, first);
        _group1 = RowSteps.Scale(_group1, _sum1, scale, first);
        _group2 = RowSteps.Scale(_group2, _sum2, scale, first);
        _group3 = RowSteps.Scale(_group3, _sum3, scale, first);
        _group4 = RowSteps.Scale(_group4, _sum4, scale, first);
        _group5 = RowSteps.Scale(_group5, _sum5, scale, first);
        _group6 = RowSteps.Scale(_group6, _sum6, scale, first);
        _group7 = RowSteps.Scale(_group7, _sum7, scale, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGroup(float* scales)
    {
        _total0 = Vector512.MultiplyAddEstimate(_group0, Vector512.Create(scales[0]), _total0);
        _total1 = Vector512.MultiplyAddEstimate(_group1, Vector512.Create(scales[1]), _total1);
        _total2 = Vector512.MultiplyAddEstimate(_group2, Vector512.Create(scales[2]), _total2);
        _total3 = Vector512.MultiplyAddEstimate(_group3, Vector512.Create(scales[3]), _total3);
        _total4 = Vector512.MultiplyAddEstimate(_group4, Vector512.Create(scales[4]), _total4);
        _total5 = Vector512.MultiplyAddEstimate(_group5, Vector512.Create(scales[5]), _total5);
        _total6 = Vector512.MultiplyAddEstimate(_group6, Vector512.Create(scales[6]), _total6);
        _total7 = Vector512.MultiplyAddEstimate(_group7, Vector512.Create(scales[7]), _total7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddMinimum(Vector512<float> minimum, float* negativeSums)
    {
        _total0 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[0]), _total0);
        _total1 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[1]), _total1);
        _total2 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[2]), _total2);
        _total3 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[3]), _total3);
        _total4 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[4]), _total4);
        _total5 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[5]), _total5);
        _total6 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[6]), _total6);
        _total7 = Vector512.MultiplyAddEstimate(minimum, Vector512.Create(negativeSums[7]), _total7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* result, nint stride)
    {
        _total0.Store(result);
        _total1.Store(result + stride);
        _total2.Store(result + 2 * stride);
        _total3.Store(result + 3 * stride);
        _total4.Store(result + 4 * stride);
        _total5.Store(result + 5 * stride);
        _total6.Store(result + 6 * stride);
        _total7.Store(result + 7 * stride);
    }
}
