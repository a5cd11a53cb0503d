using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>A 16-bit format whose finite numbers stay finite: what would round to infinity becomes the largest number.</summary>
readonly struct Saturating<TFormat> : ISixteenBits where TFormat : ISixteenBits
{
    public static Vector512<float> Widen(Vector512<int> bits) => TFormat.Widen(bits);

    public static Vector256<uint> Narrow(Vector256<float> values)
    {
        var narrowed = TFormat.Narrow(values);
        var grewInfinite = Vector256.Equals(Vector256.Abs(Widened(narrowed)), Vector256.Create(float.PositiveInfinity))
            & ~Vector256.Equals(Vector256.Abs(values), Vector256.Create(float.PositiveInfinity));
        return narrowed + grewInfinite.AsUInt32();     // adds -1: the bits below those of infinity are the largest number
    }

    static Vector256<float> Widened(Vector256<uint> narrowed)
        => TFormat.Widen(Vector256.ShiftRightArithmetic((narrowed << 16).AsInt32(), 16).ToVector512Unsafe()).GetLower();
}
