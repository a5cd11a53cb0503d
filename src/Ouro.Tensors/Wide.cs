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
    /// <summary>Sixteen unsigned bytes as numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromBytes(byte* sixteen)
    {
        if (Avx512F.IsSupported)
            return Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(sixteen)));
        if (Avx2.IsSupported)
            return Vector512.ConvertToSingle(Vector512.Create(Avx2.ConvertToVector256Int32(sixteen), Avx2.ConvertToVector256Int32(sixteen + 8)));

        var shorts = Vector256.WidenLower(Vector128.Load(sixteen).ToVector256Unsafe());
        return Vector512.ConvertToSingle(Vector512.WidenLower(shorts.ToVector512Unsafe()).AsInt32());
    }

    /// <summary>Sixteen signed bytes as numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromSignedBytes(byte* sixteen)
    {
        if (Avx512F.IsSupported)
            return Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)sixteen)));
        if (Avx2.IsSupported)
            return Vector512.ConvertToSingle(Vector512.Create(Avx2.ConvertToVector256Int32((sbyte*)sixteen), Avx2.ConvertToVector256Int32((sbyte*)sixteen + 8)));

        var shorts = Vector256.WidenLower(Vector128.Load((sbyte*)sixteen).ToVector256Unsafe());
        return Vector512.ConvertToSingle(Vector512.WidenLower(shorts.ToVector512Unsafe()));
    }

    /// <summary>Sixteen finite halves, widened exactly; scales of weights are checked when they are packed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromHalves(byte* sixteen)
        => F16.WidenFinite(Vector512.WidenLower(Vector256.Load((short*)sixteen).ToVector512Unsafe()));
}
