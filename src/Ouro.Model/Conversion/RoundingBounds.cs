using Ouro.Formats;

namespace Ouro.Model.Conversion;

/// <summary>How far apart a tensor and its stored form may be before the type no longer explains it.</summary>
/// <remarks>
/// Measured relative root mean square errors on Gaussian weights are Q8_0 0.00535, Q6_K 0.0178, Q5_K 0.036, Q4_K 0.071, Q3_K 0.151, here with a factor of
/// 2.5: a block of 32 whose largest number dwarfs the rest has 2.4 times the error of a Gaussian one. Unlike numbers differ by about 1.4.
/// Sixteen-bit types round to 2^-9 (BF16) and 2^-12 (F16) of a number; F16 is coarser below 6e-5, hence the wider margin.
/// </remarks>
static class RoundingBounds
{
    /// <summary>The largest relative error that storing numbers of one type in another explains.</summary>
    public static double Of(ElementType source, ElementType stored)
        => stored == source || (stored == ElementType.F32 && !source.IsQuantized) ? 0 : Of(stored);

    static double Of(ElementType stored) => stored switch
    {
        ElementType.F32 => 1e-7,
        ElementType.F16 => 0.001,
        ElementType.BF16 => 0.004,
        ElementType.Q8_0 => 2.5 * 0.00535,
        ElementType.Q6_K => 2.5 * 0.0178,
        ElementType.Q5_K => 2.5 * 0.0361,
        ElementType.Q4_K => 2.5 * 0.0713,
        ElementType.Q3_K => 2.5 * 0.1508,
        _ => throw new ArgumentOutOfRangeException(nameof(stored), stored, "No bound is known for this element type."),
    };
}
