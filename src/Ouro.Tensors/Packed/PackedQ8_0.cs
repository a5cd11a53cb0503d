using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors.Packed;

/// <summary>Sixteen rows of Q8_0: 8.5 bits a number, as in the file.</summary>
/// <remarks>
/// <code>
/// 8 steps of code + 128 [8 x 64] | 16 d
///
/// value = d * (16 * high digit + low digit - 128)
/// </code>
/// Digits of four bits, because products of whole bytes would not fit 16 bits.
/// </remarks>
unsafe struct PackedQ8_0 : IPackedFormat<PackedQ8_0>
{
    const int Offset = 128;
    const int UnitsAt = PackedLayout.Steps * PackedLayout.StepBytes;

    byte* _block;
    Vector512<float> _scale;

    public static ElementType Type => ElementType.Q8_0;

    public static int Groups => 1;

    public static int BlockBytes => UnitsAt + Multipliers.UnitBytes;

    public static int GroupBytes => UnitsAt;

    public static bool IsReadInOrder => true;

    public static int Parts => 2;

    public static bool PartsAreDigits => true;

    public static int StepsIn16Bits => 8;

    public static bool MinimumPerPart => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PackedQ8_0 Open(byte* block) => new() { _block = block, _scale = Wide.FromHalves(block + UnitsAt) };

    public readonly void Select(int group)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<byte> Codes(int part, int step)
        => SixteenOutputs.Down(_block + step * PackedLayout.StepBytes, 4 * part, 15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> EightCodes(byte* group, int part, int step)
        => part == PackedLayout.AllDigits
            ? Vector256.Load(group + step * PackedLayout.StepBytes)
            : EightOutputs.Down(group + step * PackedLayout.StepBytes, 4 * part, 15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Scale(int part) => _scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Minimum(int part) => _scale * Offset;

    public static void Pack(byte** rows, byte* block)
    {
        Packing.TakeApart<Q8_0>(rows, block, null, block + UnitsAt);
        for (var step = 0; step < PackedLayout.Steps; step++)
        {
            var at = block + step * PackedLayout.StepBytes;
            (Vector512.Load(at) ^ Vector512.Create((byte)Offset)).Store(at);
        }
    }
}
