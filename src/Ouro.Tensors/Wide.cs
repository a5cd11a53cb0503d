using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Tensors;

/// <summary>Operations on sixteen lanes that <see cref="Vector512"/> does not have.</summary>
/// <remarks>
/// Kernels are written once, for 512 bits. Where the processor has none, the runtime makes two operations on 256 bits of each, or four on
/// 128, and compiles them as well as if they had been written out (LOG.md has the numbers).
/// </remarks>
static unsafe class Wide
{
    /// <summary>Four activation codes in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> Broadcast(sbyte* four) => Vector512.Create(*(int*)four).AsSByte();

    /// <summary>a*b + c as <see cref="Lanes.MultiplyAdd(float, float, float)"/> does it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c)
        => Vector512.MultiplyAddEstimate(a, b, c);

    /// <summary>Lane j = codes[2j] * activations[2j] + codes[2j+1] * activations[2j+1], which must fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> MultiplyPairs(Vector512<byte> codes, Vector512<sbyte> activations)
        => Avx512BW.IsSupported ? Avx512BW.MultiplyAddAdjacent(codes, activations) : MultiplyPairsInHalves(codes, activations);

    /// <summary>Lane j = numbers[2j] + numbers[2j+1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> SumPairs(Vector512<short> numbers)
        => Avx512BW.IsSupported ? Avx512BW.MultiplyAddAdjacent(numbers, Vector512<short>.One) : SumPairsInHalves(numbers);

    /// <summary>True if <see cref="AddProductsOfFour"/> is one instruction for each 256 bits.</summary>
    public static bool HasProductsOfFour => AvxVnni.IsSupported;

    /// <summary>Lane j of <paramref name="sums"/> + the four products of lane j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddProductsOfFour(Vector512<int> sums, Vector512<byte> codes, Vector512<sbyte> activations)
        => Vector512.Create(
            AvxVnni.MultiplyWideningAndAdd(sums.GetLower(), codes.GetLower(), activations.GetLower()),
            AvxVnni.MultiplyWideningAndAdd(sums.GetUpper(), codes.GetUpper(), activations.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<short> MultiplyPairsInHalves(Vector512<byte> codes, Vector512<sbyte> activations)
        => Avx2.IsSupported
            ? Vector512.Create(
                Avx2.MultiplyAddAdjacent(codes.GetLower(), activations.GetLower()),
                Avx2.MultiplyAddAdjacent(codes.GetUpper(), activations.GetUpper()))
            : (codes.AsUInt16() & Vector512.Create((ushort)255)).AsInt16() * (activations.AsInt16() << 8 >> 8)
                + (codes.AsUInt16() >>> 8).AsInt16() * (activations.AsInt16() >> 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> SumPairsInHalves(Vector512<short> numbers)
        => Avx2.IsSupported
            ? Vector512.Create(
                Avx2.MultiplyAddAdjacent(numbers.GetLower(), Vector256<short>.One),
                Avx2.MultiplyAddAdjacent(numbers.GetUpper(), Vector256<short>.One))
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

    /// <summary>Sixteen halves, widened exactly: the exponent is moved to its place and corrected by a multiplication with 2^112.</summary>
    /// <remarks>An infinity or NaN would become 2^16 and more; scales of weights are checked when they are packed.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromHalves(byte* sixteen)
    {
        var halves = Vector512.WidenLower(Vector256.Load((ushort*)sixteen).ToVector512Unsafe());
        var magnitude = ((halves & Vector512.Create(0x7FFFu)) << 13).AsSingle() * Vector512.Create(5.192296858534828e33f);
        return (magnitude.AsUInt32() | ((halves & Vector512.Create(0x8000u)) << 16)).AsSingle();
    }
}
