using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;

namespace Ouro.Tensors.Packed;

/// <summary>Sixteen rows of Q4_K or Q5_K: bits + 0.625 bits a number; each group of 32 has a scale and a minimum.</summary>
/// <remarks>Multipliers: 8 of the scales, then 8 of the minima. value = scale * code - minimum.</remarks>
unsafe struct PackedWithMinima<TBlock, TPlanes> : IPackedFormat<PackedWithMinima<TBlock, TPlanes>>
    where TBlock : unmanaged, IPackableBlock<TBlock>
    where TPlanes : struct, IPlanes
{
    byte* _block;
    byte* _group;
    byte* _multipliers;
    Vector512<float> _scale;
    Vector512<float> _minimum;

    public static ElementType Type => TBlock.Type;

    public static int Groups => KBlock<TPlanes>.Groups;

    public static int BlockBytes => KBlock<TPlanes>.UnitsAt + 2 * Multipliers.UnitBytes;

    public static int GroupBytes => KBlock<TPlanes>.GroupBytes;

    public static bool IsReadInOrder => false;   // multipliers and units, at the end, come first

    public static int Parts => 1;

    public static bool PartsAreDigits => false;

    public static int StepsIn16Bits => TPlanes.StepsIn16Bits;

    public static bool MinimumPerPart => false;

    public static void Pack(byte** rows, byte* block) => KBlock<TPlanes>.Pack<TBlock>(rows, block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PackedWithMinima<TBlock, TPlanes> Open(byte* block) => new()
    {
        _block = block,
        _scale = Wide.FromHalves(block + KBlock<TPlanes>.UnitsAt),
        _minimum = Wide.FromHalves(block + KBlock<TPlanes>.UnitsAt + Multipliers.UnitBytes),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Select(int group)
    {
        _group = _block + group * KBlock<TPlanes>.GroupBytes;
        _multipliers = _block + KBlock<TPlanes>.MultipliersAt + group * Multipliers.RowBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<byte> Codes(int part, int step) => TPlanes.Read<SixteenOutputs, Vector512<byte>>(_group, step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> EightCodes(byte* group, int part, int step) => TPlanes.Read<EightOutputs, Vector256<byte>>(group, step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Scale(int part) => Wide.FromBytes(_multipliers) * _scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Minimum(int part) => Wide.FromBytes(_multipliers + Groups * Multipliers.RowBytes) * _minimum;
}
