using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Packed;

/// <summary>What <see cref="IRowTile"/> is to 512-bit registers, for sixteen of 256 bits: rows and outputs that are multiplied at once.</summary>
/// <remarks>Pointers lead to the first row's data and to the first output's; see <see cref="IRowTile"/> for the shape that the compiler keeps in registers.</remarks>
unsafe interface INarrowTile
{
    static abstract int Rows { get; }

    /// <summary>8 or 16 of a strip's sixteen.</summary>
    static abstract int Outputs { get; }

    /// <summary>Reads the totals so far.</summary>
    void Load(float* result, nint stride);

    /// <summary>Adds the products of four steps, of which each takes four codes and activations of an output, to the sums.</summary>
    /// <param name="step">The first: 0 or 4.</param>
    /// <param name="activations">Of that step.</param>
    void AddHalf<TFormat, TDot>(byte* codes, int part, int step, sbyte* activations)
        where TFormat : struct, IPackedFormat<TFormat>
        where TDot : struct, IDotProduct;

    /// <summary>Makes the sums those of a higher digit.</summary>
    void ShiftDigit();

    /// <summary>Adds the sums of a part, times its scale, to those of the group, or starts these; the sums are 0 again.</summary>
    void Scale(float* scale, bool first);

    /// <summary>Adds the sums of the group, times the activation scale of each row, to the totals.</summary>
    void AddGroup(float* scales);

    /// <summary>Adds minimum times the negative sum of the activations.</summary>
    void AddMinimum(float* minimum, float* negativeSums);

    /// <summary>Writes the totals.</summary>
    void Store(float* result, nint stride);
}

/// <summary>What a tile does for eight outputs of one of its rows.</summary>
static unsafe class NarrowSteps
{
    /// <summary>Four activation codes in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Four(sbyte* activations) => Vector256.Create(*(int*)activations).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale(Vector256<float> group, Vector256<int> sum, Vector256<float> scale, bool first)
        => first ? Vector256.ConvertToSingle(sum) * scale : Lanes.MultiplyAdd(Vector256.ConvertToSingle(sum), scale, group);
}

/// <summary>One row, all sixteen outputs.</summary>
unsafe struct NarrowRow : INarrowTile
{
    Vector256<int> _sum0, _sum1;
    Vector256<float> _group0, _group1;
    Vector256<float> _total0, _total1;

    public static int Rows => 1;

    public static int Outputs => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* result, nint stride)
    {
        _total0 = Vector256.Load(result);
        _total1 = Vector256.Load(result + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddHalf<TFormat, TDot>(byte* codes, int part, int step, sbyte* activations)
        where TFormat : struct, IPackedFormat<TFormat>
        where TDot : struct, IDotProduct
    {
        Add<TFormat, TDot>(codes, part, step, activations);
        Add<TFormat, TDot>(codes, part, step + 1, activations + 4);
        Add<TFormat, TDot>(codes, part, step + 2, activations + 8);
        Add<TFormat, TDot>(codes, part, step + 3, activations + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Add<TFormat, TDot>(byte* codes, int part, int step, sbyte* activations)
        where TFormat : struct, IPackedFormat<TFormat>
        where TDot : struct, IDotProduct
    {
        _sum0 = TDot.Add(_sum0, TFormat.EightCodes(codes, part, step), NarrowSteps.Four(activations));
        _sum1 = TDot.Add(_sum1, TFormat.EightCodes(codes + PackedLayout.StepBytes / 2, part, step), NarrowSteps.Four(activations));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ShiftDigit()
    {
        _sum0 <<= 4;
        _sum1 <<= 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(float* scale, bool first)
    {
        _group0 = NarrowSteps.Scale(_group0, _sum0, Vector256.Load(scale), first);
        _group1 = NarrowSteps.Scale(_group1, _sum1, Vector256.Load(scale + 8), first);
        _sum0 = Vector256<int>.Zero;
        _sum1 = Vector256<int>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGroup(float* scales)
    {
        _total0 = Lanes.MultiplyAdd(_group0, Vector256.Create(*scales), _total0);
        _total1 = Lanes.MultiplyAdd(_group1, Vector256.Create(*scales), _total1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddMinimum(float* minimum, float* negativeSums)
    {
        _total0 = Lanes.MultiplyAdd(Vector256.Load(minimum), Vector256.Create(*negativeSums), _total0);
        _total1 = Lanes.MultiplyAdd(Vector256.Load(minimum + 8), Vector256.Create(*negativeSums), _total1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* result, nint stride)
    {
        _total0.Store(result);
        _total1.Store(result + 8);
    }
}

/// <summary>Four rows, eight outputs.</summary>
unsafe struct FourNarrowRows : INarrowTile
{
    Vector256<int> _sum0, _sum1, _sum2, _sum3;
    Vector256<float> _group0, _group1, _group2, _group3;
    Vector256<float> _total0, _total1, _total2, _total3;

    public static int Rows => 4;

    public static int Outputs => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* result, nint stride)
    {
        _total0 = Vector256.Load(result);
        _total1 = Vector256.Load(result + stride);
        _total2 = Vector256.Load(result + 2 * stride);
        _total3 = Vector256.Load(result + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddHalf<TFormat, TDot>(byte* codes, int part, int step, sbyte* activations)
        where TFormat : struct, IPackedFormat<TFormat>
        where TDot : struct, IDotProduct
    {
        Add<TFormat, TDot>(codes, part, step, activations);
        Add<TFormat, TDot>(codes, part, step + 1, activations + 4);
        Add<TFormat, TDot>(codes, part, step + 2, activations + 8);
        Add<TFormat, TDot>(codes, part, step + 3, activations + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Add<TFormat, TDot>(byte* codes, int part, int step, sbyte* activations)
        where TFormat : struct, IPackedFormat<TFormat>
        where TDot : struct, IDotProduct
    {
        var four = TFormat.EightCodes(codes, part, step);
        _sum0 = TDot.Add(_sum0, four, NarrowSteps.Four(activations));
        _sum1 = TDot.Add(_sum1, four, NarrowSteps.Four(activations + PackedLayout.GroupSize));
        _sum2 = TDot.Add(_sum2, four, NarrowSteps.Four(activations + 2 * PackedLayout.GroupSize));
        _sum3 = TDot.Add(_sum3, four, NarrowSteps.Four(activations + 3 * PackedLayout.GroupSize));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ShiftDigit()
    {
        _sum0 <<= 4;
        _sum1 <<= 4;
        _sum2 <<= 4;
        _sum3 <<= 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(float* scale, bool first)
    {
        var eight = Vector256.Load(scale);
        _group0 = NarrowSteps.Scale(_group0, _sum0, eight, first);
        _group1 = NarrowSteps.Scale(_group1, _sum1, eight, first);
        _group2 = NarrowSteps.Scale(_group2, _sum2, eight, first);
        _group3 = NarrowSteps.Scale(_group3, _sum3, eight, first);
        _sum0 = Vector256<int>.Zero;
        _sum1 = Vector256<int>.Zero;
        _sum2 = Vector256<int>.Zero;
        _sum3 = Vector256<int>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGroup(float* scales)
    {
        _total0 = Lanes.MultiplyAdd(_group0, Vector256.Create(scales[0]), _total0);
        _total1 = Lanes.MultiplyAdd(_group1, Vector256.Create(scales[1]), _total1);
        _total2 = Lanes.MultiplyAdd(_group2, Vector256.Create(scales[2]), _total2);
        _total3 = Lanes.MultiplyAdd(_group3, Vector256.Create(scales[3]), _total3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddMinimum(float* minimum, float* negativeSums)
    {
        var eight = Vector256.Load(minimum);
        _total0 = Lanes.MultiplyAdd(eight, Vector256.Create(negativeSums[0]), _total0);
        _total1 = Lanes.MultiplyAdd(eight, Vector256.Create(negativeSums[1]), _total1);
        _total2 = Lanes.MultiplyAdd(eight, Vector256.Create(negativeSums[2]), _total2);
        _total3 = Lanes.MultiplyAdd(eight, Vector256.Create(negativeSums[3]), _total3);
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
