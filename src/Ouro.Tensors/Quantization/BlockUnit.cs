using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>The half-precision unit of a block, of which each group's scale (or minimum) is stored as a whole multiple.</summary>
/// <param name="Bits">The unit, a half.</param>
/// <param name="Lowest">The smallest multiple that can be stored.</param>
/// <param name="Highest">The largest one.</param>
readonly record struct BlockUnit(ushort Bits, int Lowest, int Highest)
{
    const int Trials = 12;
    const float LeastPart = 0.75f;

    public Vector256<float> Value => Vector256.Create(F16.Widen(Bits));

    /// <summary>The unit at which rounding to multiples costs least: sum of weight * (number - multiple * unit)^2.</summary>
    /// <remarks>The number of largest magnitude gets the multiple of largest magnitude, or down to three quarters of it.</remarks>
    public static BlockUnit Find(
        ReadOnlySpan<Vector256<float>> numbers, ReadOnlySpan<Vector256<float>> weights, int lowest, int highest)
    {
        var extreme = 0f;
        foreach (var eight in numbers)
        {
            var candidate = EightGroups.Extreme(eight);
            extreme = MathF.Abs(candidate) > MathF.Abs(extreme) ? candidate : extreme;
        }

        var best = new BlockUnit(0, lowest, highest);
        var leastCost = float.PositiveInfinity;
        float extremeMultiple = highest > -lowest ? highest : lowest;
        for (var trial = 0; trial < Trials; trial++)
        {
            var part = 1 - trial * ((1 - LeastPart) / Trials);
            var unit = new BlockUnit(F16.NarrowScale(extreme / (extremeMultiple * part)), lowest, highest);
            var cost = unit.Cost(numbers, weights);
            if (cost < leastCost)
                (best, leastCost) = (unit, cost);
        }

        return best;
    }

    /// <summary>The nearest multiples.</summary>
    public Vector256<float> Multiples(Vector256<float> numbers) => EightGroups.Round(Clamp(numbers * EightGroups.InverseOrZero(Value)));

    /// <summary>Multiples that can be stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> Clamp(Vector256<float> multiples)
        => EightGroups.Clamp(multiples, Vector256.Create((float)Lowest), Vector256.Create((float)Highest));

    float Cost(ReadOnlySpan<Vector256<float>> numbers, ReadOnlySpan<Vector256<float>> weights)
    {
        var cost = Vector256<float>.Zero;
        for (var i = 0; i < numbers.Length; i++)
        {
            var rest = numbers[i] - Multiples(numbers[i]) * Value;
            cost += rest * rest * weights[i];
        }

        return EightGroups.Sum(cost);
    }
}
