using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Packed;

/// <summary>The products of <see cref="PackedProducts"/> where there are no 512-bit registers: blocks are taken apart into the cache first.</summary>
/// <remarks>
/// A kernel that takes apart and multiplies at once needs more registers than there are. Here each block is expanded once for all rows, and
/// eight outputs of one or four rows are multiplied at a time; every element is computed in the order of the definition.
/// </remarks>
static unsafe class ExpandedProducts
{
    /// <summary>Rows that are multiplied at once.</summary>
    public const int TileRows = 4;

    const int Half = PackedLayout.Outputs / 2;

    /// <param name="weights">The strip: blocks of sixteen outputs, one after another.</param>
    /// <param name="result">Where the first row's sixteen results go; the next row's are <paramref name="stride"/> numbers on.</param>
    public static void Multiply<TFormat>(byte* weights, int blocks, Activations rows, float* result, nint stride)
        where TFormat : struct, IPackedFormat<TFormat>
    {
        var steps = stackalloc byte[TFormat.Groups * TFormat.Parts * StepsOf<TFormat>() * PackedLayout.StepBytes];
        var floats = stackalloc float[4 * TFormat.Groups * PackedLayout.Outputs];
        for (var row = 0; row < rows.Values.Rows; row++)
            new Span<float>(result + row * stride, PackedLayout.Outputs).Clear();

        for (var block = 0; block < blocks; block++, weights += TFormat.BlockBytes)
        {
            PackedProducts.Prefetch(weights, TFormat.BlockBytes);
            Expand<TFormat>(weights, steps, floats);
            for (var row = 0; row < rows.Values.Rows;)
            {
                var tile = rows.TileAt(row);
                var records = rows.Records(row) + (nint)block * TFormat.Groups * ActivationRecord.Bytes * tile;
                for (var half = 0; half < 2; half++)
                {
                    var at = steps + half * (PackedLayout.StepBytes / 2);
                    var first = floats + half * Half;
                    if (tile == TileRows)
                        AddFour<TFormat>(at, first, records, result + row * stride + half * Half, stride);
                    else
                        AddOne<TFormat>(at, first, records, result + row * stride + half * Half);
                }

                row += tile;
            }
        }
    }

    static int StepsOf<TFormat>()
        where TFormat : struct, IPackedFormat<TFormat>
        => TFormat.Parts == 1 || TFormat.PartsAreDigits ? PackedLayout.Steps : PackedLayout.Steps / 2;

    /// <summary>Codes of each group, part and step [64 bytes], and of each group scales [2][16] and minima [2][16].</summary>
    static void Expand<TFormat>(byte* block, byte* steps, float* floats)
        where TFormat : struct, IPackedFormat<TFormat>
    {
        var format = TFormat.Open(block);
        for (var group = 0; group < TFormat.Groups; group++)
        {
            format.Select(group);
            for (var part = 0; part < TFormat.Parts; part++)
            {
                if (TFormat.Parts == 1 || TFormat.PartsAreDigits || part == 0)
                    steps = Expand<TFormat>(format, part, first: 0, steps);
                if (TFormat.Parts == 1 || TFormat.PartsAreDigits || part == 1)
                    steps = Expand<TFormat>(format, part, first: 4, steps);
                format.Scale(part).Store(floats + part * PackedLayout.Outputs);
                format.Minimum(part).Store(floats + (2 + part) * PackedLayout.Outputs);
            }

            floats += 4 * PackedLayout.Outputs;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static byte* Expand<TFormat>(TFormat format, int part, int first, byte* steps)
        where TFormat : struct, IPackedFormat<TFormat>
    {
        // Constant steps, so that shifts are by constants.
        (first == 0 ? format.Codes(part, 0) : format.Codes(part, 4)).Store(steps);
        (first == 0 ? format.Codes(part, 1) : format.Codes(part, 5)).Store(steps + PackedLayout.StepBytes);
        (first == 0 ? format.Codes(part, 2) : format.Codes(part, 6)).Store(steps + 2 * PackedLayout.StepBytes);
        (first == 0 ? format.Codes(part, 3) : format.Codes(part, 7)).Store(steps + 3 * PackedLayout.StepBytes);
        return steps + 4 * PackedLayout.StepBytes;
    }

    static void AddOne<TFormat>(byte* steps, float* floats, sbyte* activations, float* result)
        where TFormat : struct, IPackedFormat<TFormat>
    {
        var total = Vector256.Load(result);
        for (var group = 0; group < TFormat.Groups; group++)
        {
            var (numbers, sum) = (Vector256<float>.Zero, Vector256<int>.Zero);
            for (var part = 0; part < TFormat.Parts; part++)
            {
                var from = activations + (TFormat.PartsAreDigits ? 0 : part * PackedLayout.GroupSize / 2);
                for (var runs = StepsOf<TFormat>() / TFormat.StepsIn16Bits; runs > 0; runs--)
                {
                    var run = Vector256<short>.Zero;
                    for (var step = 0; step < TFormat.StepsIn16Bits; step++, steps += PackedLayout.StepBytes, from += 4)
                        run += Wide.MultiplyPairs(Vector256.Load(steps), Four(from));
                    sum += Sum<TFormat>(run, part);
                }

                if (TFormat.PartsAreDigits && part == 0)
                    continue;

                numbers = Scale(numbers, sum, floats + part * PackedLayout.Outputs, first: TFormat.PartsAreDigits || part == 0);
                sum = default;
            }

            total = AddGroup<TFormat>(total, numbers, floats, (float*)(activations + PackedLayout.GroupSize), next: 1);
            activations += ActivationRecord.Bytes;
            floats += 4 * PackedLayout.Outputs;
        }

        total.Store(result);
    }

    static void AddFour<TFormat>(byte* steps, float* floats, sbyte* activations, float* result, nint stride)
        where TFormat : struct, IPackedFormat<TFormat>
    {
        const int Next = PackedLayout.GroupSize;
        var (total0, total1) = (Vector256.Load(result), Vector256.Load(result + stride));
        var (total2, total3) = (Vector256.Load(result + 2 * stride), Vector256.Load(result + 3 * stride));
        for (var group = 0; group < TFormat.Groups; group++)
        {
            Vector256<float> numbers0 = default, numbers1 = default, numbers2 = default, numbers3 = default;
            Vector256<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            for (var part = 0; part < TFormat.Parts; part++)
            {
                var from = activations + (TFormat.PartsAreDigits ? 0 : part * PackedLayout.GroupSize / 2);
                for (var runs = StepsOf<TFormat>() / TFormat.StepsIn16Bits; runs > 0; runs--)
                {
                    Vector256<short> run0 = default, run1 = default, run2 = default, run3 = default;
                    for (var step = 0; step < TFormat.StepsIn16Bits; step++, steps += PackedLayout.StepBytes, from += 4)
                    {
                        var codes = Vector256.Load(steps);
                        run0 += Wide.MultiplyPairs(codes, Four(from));
                        run1 += Wide.MultiplyPairs(codes, Four(from + Next));
                        run2 += Wide.MultiplyPairs(codes, Four(from + 2 * Next));
                        run3 += Wide.MultiplyPairs(codes, Four(from + 3 * Next));
                    }

                    sum0 += Sum<TFormat>(run0, part);
                    sum1 += Sum<TFormat>(run1, part);
                    sum2 += Sum<TFormat>(run2, part);
                    sum3 += Sum<TFormat>(run3, part);
                }

                if (TFormat.PartsAreDigits && part == 0)
                    continue;

                var scale = floats + part * PackedLayout.Outputs;
                numbers0 = Scale(numbers0, sum0, scale, first: TFormat.PartsAreDigits || part == 0);
                numbers1 = Scale(numbers1, sum1, scale, first: TFormat.PartsAreDigits || part == 0);
                numbers2 = Scale(numbers2, sum2, scale, first: TFormat.PartsAreDigits || part == 0);
                numbers3 = Scale(numbers3, sum3, scale, first: TFormat.PartsAreDigits || part == 0);
                sum0 = sum1 = sum2 = sum3 = default;
            }

            var scales = (float*)(activations + TileRows * PackedLayout.GroupSize);
            total0 = AddGroup<TFormat>(total0, numbers0, floats, scales, TileRows);
            total1 = AddGroup<TFormat>(total1, numbers1, floats, scales + 1, TileRows);
            total2 = AddGroup<TFormat>(total2, numbers2, floats, scales + 2, TileRows);
            total3 = AddGroup<TFormat>(total3, numbers3, floats, scales + 3, TileRows);
            activations += TileRows * ActivationRecord.Bytes;
            floats += 4 * PackedLayout.Outputs;
        }

        total0.Store(result);
        total1.Store(result + stride);
        total2.Store(result + 2 * stride);
        total3.Store(result + 3 * stride);
    }

    /// <summary>Sums in 32 bits; those of a higher digit count sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Sum<TFormat>(Vector256<short> run, int part)
        where TFormat : struct, IPackedFormat<TFormat>
        => TFormat.PartsAreDigits && part == 1 ? Wide.SumPairs(run) << 4 : Wide.SumPairs(run);

    /// <summary>Four activation codes in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<sbyte> Four(sbyte* activations) => Vector256.Create(*(int*)activations).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Scale(Vector256<float> numbers, Vector256<int> sum, float* scale, bool first)
        => first
            ? Vector256.ConvertToSingle(sum) * Vector256.Load(scale)
            : Lanes.MultiplyAdd(Vector256.ConvertToSingle(sum), Vector256.Load(scale), numbers);

    /// <param name="scales">The row's place in its record: scale, and negative sums, each <paramref name="next"/> numbers on.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> AddGroup<TFormat>(Vector256<float> total, Vector256<float> numbers, float* floats, float* scales, int next)
        where TFormat : struct, IPackedFormat<TFormat>
    {
        total = Lanes.MultiplyAdd(numbers, Vector256.Create(*scales), total);
        var minima = floats + 2 * PackedLayout.Outputs;
        if (!TFormat.MinimumPerPart)
            return Lanes.MultiplyAdd(Vector256.Load(minima), Vector256.Create(scales[next]), total);

        total = Lanes.MultiplyAdd(Vector256.Load(minima), Vector256.Create(scales[2 * next]), total);
        return Lanes.MultiplyAdd(Vector256.Load(minima + PackedLayout.Outputs), Vector256.Create(scales[3 * next]), total);
    }
}
