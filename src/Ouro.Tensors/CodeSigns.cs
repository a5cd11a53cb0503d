using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Tensors;

/// <summary>How codes of one sign kind are multiplied with 8-bit activations.</summary>
interface ICodeProducts
{
    /// <summary>Lane j = the sum of products 4j to 4j + 3 of 32, exact.</summary>
    static abstract Vector256<int> Multiply(Vector256<byte> codes, Vector256<sbyte> activations);
}

/// <summary>Weight codes 0 to 127: a sum of two products is at most 2 * 127 * 127 and fits 16 bits.</summary>
readonly struct UnsignedCodes : ICodeProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(Vector256<byte> codes, Vector256<sbyte> activations)
        => AvxVnni.IsSupported ? AvxVnni.MultiplyWideningAndAdd(Vector256<int>.Zero, codes, activations)
            : Avx2.IsSupported ? Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes, activations), Vector256<short>.One)
            : PortableCodes.Multiply(codes.AsSByte(), activations);
}

/// <summary>Weight codes -128 to 127, with the sign moved to the activation: |-128| is 128 as an unsigned byte, and 2 * 128 * 127 fits.</summary>
readonly struct SignedCodes : ICodeProducts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(Vector256<byte> codes, Vector256<sbyte> activations)
        => Avx2.IsSupported
            ? UnsignedCodes.Multiply(Avx2.Abs(codes.AsSByte()), Avx2.Sign(activations, codes.AsSByte()))
            : PortableCodes.Multiply(codes.AsSByte(), activations);
}

static class PortableCodes
{
    /// <summary>Products in 16 bits (|code| * |activation| is at most 16,256), sums in 32.</summary>
    public static Vector256<int> Multiply(Vector256<sbyte> codes, Vector256<sbyte> activations)
        => Vector256.Create(
            Half(codes.GetLower(), activations.GetLower()), Half(codes.GetUpper(), activations.GetUpper()));

    static Vector128<int> Half(Vector128<sbyte> codes, Vector128<sbyte> activations)
    {
        var (codesLow, codesHigh) = Vector128.Widen(codes);
        var (activationsLow, activationsHigh) = Vector128.Widen(activations);
        var low = Vector128.Widen(codesLow * activationsLow);
        var high = Vector128.Widen(codesHigh * activationsHigh);
        return Vector128.Create(
            Vector128.Sum(low.Lower), Vector128.Sum(low.Upper), Vector128.Sum(high.Lower), Vector128.Sum(high.Upper));
    }
}
