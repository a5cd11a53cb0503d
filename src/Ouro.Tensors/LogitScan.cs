using System.Numerics;
using System.Runtime.Intrinsics;

namespace Ouro.Tensors;

/// <summary>Questions about a row of logits that are asked for every token.</summary>
public static class LogitScan
{
    /// <summary>The index of the largest number, the first of several equal ones; -1 if none is a number. NaN counts as less than anything.</summary>
    public static int Best(ReadOnlySpan<float> logits)
    {
        var largest = TopTwo(logits).Largest;
        if (largest == float.NegativeInfinity)
            return IndexOfFirstNumber(logits);

        var i = 0;
        for (var wanted = Vector512.Create(largest); i + 16 <= logits.Length; i += 16)
        {
            var equal = Vector512.Equals(Vector512.LoadUnsafe(in logits[i]), wanted).ExtractMostSignificantBits();
            if (equal != 0)
                return i + BitOperations.TrailingZeroCount(equal);
        }

        return i + logits[i..].IndexOf(largest);
    }

    /// <summary>The largest number and the second largest, equal if two share the largest; -infinity where there are not so many.</summary>
    public static (float Largest, float Second) TopTwo(ReadOnlySpan<float> logits)
    {
        var (firsts, seconds) = (Vector512.Create(float.NegativeInfinity), Vector512.Create(float.NegativeInfinity));
        var i = 0;
        for (; i + 16 <= logits.Length; i += 16)
        {
            var numbers = Vector512.LoadUnsafe(in logits[i]);
            var isLarger = Vector512.GreaterThan(numbers, firsts);
            var loser = Vector512.ConditionalSelect(isLarger, firsts, numbers);
            firsts = Vector512.ConditionalSelect(isLarger, numbers, firsts);
            seconds = Vector512.ConditionalSelect(Vector512.GreaterThan(loser, seconds), loser, seconds);
        }

        var (largest, second) = (float.NegativeInfinity, float.NegativeInfinity);
        for (var lane = 0; lane < 16; lane++)
        {
            Take(firsts[lane], ref largest, ref second);
            Take(seconds[lane], ref largest, ref second);
        }

        for (; i < logits.Length; i++)
            Take(logits[i], ref largest, ref second);
        return (largest, second);
    }

    /// <summary>The probability of the likeliest token: 1 / sum of exp(logit - largest).</summary>
    public static double Confidence(ReadOnlySpan<float> logits)
    {
        var largest = TopTwo(logits).Largest;
        var sum = 0.0;
        var i = 0;
        for (; i + 16 <= logits.Length; i += 16)
            sum += Vector512.Sum(Exponential.Of(Vector512.LoadUnsafe(in logits[i]) - Vector512.Create(largest)));
        for (; i < logits.Length; i++)
            sum += Exponential.Of(logits[i] - largest);
        return 1 / sum;
    }

    static void Take(float number, ref float largest, ref float second)
    {
        if (number > largest)
            (largest, second) = (number, largest);
        else if (number > second)
            second = number;
    }

    static int IndexOfFirstNumber(ReadOnlySpan<float> logits)
    {
        for (var i = 0; i < logits.Length; i++)
        {
            if (!float.IsNaN(logits[i]))
                return i;
        }

        return -1;
    }
}
