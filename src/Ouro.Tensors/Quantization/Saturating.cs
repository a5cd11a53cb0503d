using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>A 16-bit format whose finite numbers stay finite: what would round to infinity becomes the largest number.</summary>
readonly struct Saturating<TFormat> : ISixteenBits where TFormat : ISixteenBits
{
    public static Vector256<float> Widen(Vector256<uint> bits) => TFormat.Widen(bits);

    public static Vector256<uint> Narrow(Vector256<float> values)
    {
        var narrowed = TFormat.Narrow(values);
        var grewInfinite = Vector256.Equals(Vector256.Abs(TFormat.Widen(narrowed)), Vector256.Create(float.PositiveInfinity))
            & ~Vector256.Equals(Vector256.Abs(values), Vector256.Create(float.PositiveInfinity));
        return narrowed + grewInfinite.AsUInt32();     // adds -1: the bits below those of infinity are the largest number
    }
}
