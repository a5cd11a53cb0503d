using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;

namespace Ouro.Tensors.Packed;

/// <summary>Sixteen rows of Q3_K or Q6_K: bits + 0.5625 bits a number; each 16 numbers have a scale, and codes stand for both signs.</summary>
/// <remarks>Multipliers: 16 of the scales, signed. value = scale * (code - 2^(bits - 1)).</remarks>
unsafe struct PackedWithOffset<TBlock, TPlanes> : IPackedFormat<PackedWithOffset<TBlock, TPlanes>>
    where TBlock : unmanaged, IPackableBlock<TBlock>
    where TPlanes : struct, IPlanes
{
    byte* _block;
    byte* _group;
    byte* _multipliers;
    Vector512<float> _scale;

    public static ElementType Type => TBlock.Type;

    public static int Groups => KBlock<TPlanes>.Groups;

    public static int BlockBytes => KBlock<TPlanes>.UnitsAt + Multipliers.UnitBytes;

    public static int GroupBytes => KBlock<TPlanes>.GroupBytes;

    public static bool IsReadInOrder => false;   // multipliers and units, at the end, come first

    public static int Parts => 2;

    public static bool PartsAreDigits => false;

    public static int StepsIn16Bits => TPlanes.StepsIn16Bits;

    public static bool MinimumPerPart => true;

    public static void Pack(byte** rows, byte* block) => KBlock<TPlanes>.Pack<TBlock>(rows, block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PackedWithOffset<TBlock, TPlanes> Open(byte* block) => new()
    {
        _block = block,
        _scale = Wide.FromHalves(block + KBlock<TPlanes>.UnitsAt),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Select(int group)
    {
        _group = _block + group * KBlock<TPlanes>.GroupBytes;
        _multipliers = _block + KBlock<TPlanes>.MultipliersAt + group * 2 * Multipliers.RowBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<byte> Codes(int part, int step) => TPlanes.Read<SixteenOutputs, Vector512<byte>>(_group, step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> EightCodes(byte* group, int part, int step) => TPlanes.Read<EightOutputs, Vector256<byte>>(group, step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Scale(int part) => Wide.FromSignedBytes(_multipliers + part * Multipliers.RowBytes) * _scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Minimum(int part) => Scale(part) * (1 << (TPlanes.Bits - 1));
}
