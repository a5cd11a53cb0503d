using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors;

/// <summary>Operations on sixteen lanes that <see cref="Vector512"/> does not have.</summary>
/// <remarks>
/// Where the processor has no 512-bit registers, the runtime makes two operations on 256 bits of each, or four on 128.
/// </remarks>
static unsafe class Wide
{
    /// <summary>Lane j = codes[2j] * activations[2j] + codes[2j+1] * activations[2j+1], which must fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> MultiplyPairs(Vector256<byte> codes, Vector256<sbyte> activations)
        => Avx2.IsSupported
            ? Avx2.MultiplyAddAdjacent(codes, activations)
            : (codes.AsUInt16() & Vector256.Create((ushort)255)).AsInt16() * (activations.AsInt16() << 8 >> 8)
                + (codes.AsUInt16() >>> 8).AsInt16() * (activations.AsInt16() >> 8);

    /// <summary>Lane j = numbers[2j] + numbers[2j+1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> SumPairs(Vector256<short> numbers)
        => Avx2.IsSupported
            ? Avx2.MultiplyAddAdjacent(numbers, Vector256<short>.One)
            : (numbers.AsInt32() << 16 >> 16) + (numbers.AsInt32() >> 16);

    /// <summary>Sixteen unsigned bytes as numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromBytes(byte* sixteen)
    {
        if (Avx512F.IsSupported)
            return Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(sixteen)));

        var shorts = Vector256.WidenLower(Vector128.Load(sixteen).ToVector256Unsafe());
        return Vector512.ConvertToSingle(Vector512.WidenLower(shorts.ToVector512Unsafe()).AsInt32());
    }

    /// <summary>Sixteen signed bytes as numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromSignedBytes(byte* sixteen)
    {
        if (Avx512F.IsSupported)
            return Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)sixteen)));

        var shorts = Vector256.WidenLower(Vector128.Load((sbyte*)sixteen).ToVector256Unsafe());
        return Vector512.ConvertToSingle(Vector512.WidenLower(shorts.ToVector512Unsafe()));
    }

    /// <summary>Sixteen finite halves, widened exactly; scales of weights are checked when they are packed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromHalves(byte* sixteen)
        => F16.WidenFinite(Vector512.WidenLower(Vector256.Load((short*)sixteen).ToVector512Unsafe()));
}
