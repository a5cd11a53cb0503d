using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;

namespace Ouro.Tensors.Quantization;

/// <summary><see cref="F16"/> for numbers known to be finite: widened in fewer steps. Infinity and NaN become large numbers.</summary>
readonly struct FiniteF16 : IStoredNumbers
{
    public static ElementType Type => F16.Type;

    public static int BytesFor32 => 32 * sizeof(ushort);

    public static void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => F16.Decode(blocks, values);

    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks) => F16.Encode(values, blocks);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<float> Load(byte* row, int index)
        => F16.WidenFinite(Vector512.WidenLower(Vector256.Load((short*)row + index).ToVector512Unsafe()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Load(byte* row, int index, out Vector512<float> low, out Vector512<float> high)
        => (low, high) = (Load(row, index), Load(row, index + 16));
}
