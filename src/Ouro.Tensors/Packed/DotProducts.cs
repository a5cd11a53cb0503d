using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Tensors.Packed;

/// <summary>How eight exact sums of four products of bytes are made. Each way is a type, so that a kernel holds the instructions of one way only.</summary>
interface IDotProduct
{
    /// <summary>True if codes may be any byte; otherwise they must be at most 127.</summary>
    static abstract bool TakesBytes { get; }

    /// <summary>Lane j = sum[j] + codes[4j] * activations[4j] + ... + codes[4j+3] * activations[4j+3].</summary>
    static abstract Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> activations);
}

/// <summary>One instruction, vpdpbusd.</summary>
readonly struct VnniDot : IDotProduct
{
    public static bool TakesBytes => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> activations)
        => AvxVnni.MultiplyWideningAndAdd(sum, codes, activations);
}

/// <summary>Pairs in 16 bits, then pairs of these.</summary>
readonly struct Avx2Dot : IDotProduct
{
    public static bool TakesBytes => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> activations)
        => sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes, activations), Vector256<short>.One);
}

/// <summary>Two instructions, sdot. Tested under an emulator, not measured.</summary>
readonly struct ArmDot : IDotProduct
{
    public static bool TakesBytes => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> activations)
        => Vector256.Create(
            Dp.DotProduct(sum.GetLower(), codes.GetLower().AsSByte(), activations.GetLower()),
            Dp.DotProduct(sum.GetUpper(), codes.GetUpper().AsSByte(), activations.GetUpper()));
}

/// <summary>Without instructions of its own, for any processor.</summary>
readonly struct PortableDot : IDotProduct
{
    public static bool TakesBytes => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> activations)
    {
        var pairs = (codes.AsUInt16() & Vector256.Create((ushort)255)).AsInt16() * (activations.AsInt16() << 8 >> 8)
            + (codes.AsUInt16() >>> 8).AsInt16() * (activations.AsInt16() >> 8);
        return sum + (pairs.AsInt32() << 16 >> 16) + (pairs.AsInt32() >> 16);
    }
}
