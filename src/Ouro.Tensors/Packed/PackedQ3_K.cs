using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors.Packed;

/// <summary>Sixteen rows of Q3_K: 3.5625 bits a number.</summary>
/// <remarks>
/// <code>
/// 8 groups of 3 bits [3 x 64] | multipliers: 16 scales [16 x 16] | 16 d
/// </code>
/// </remarks>
unsafe struct PackedQ3_K : IPackedFormat<PackedQ3_K>
{
    const int GroupBytes = 3 * PackedLayout.StepBytes;
    const int MultipliersAt = 8 * GroupBytes;
    const int UnitsAt = MultipliersAt + Multipliers.Bytes;

    byte* _block;
    byte* _group;
    byte* _multipliers;
    Vector512<float> _scale;

    public static ElementType Type => ElementType.Q3_K;

    public static int Groups => 8;

    public static int BlockBytes => UnitsAt + Multipliers.UnitBytes;

    public static int Parts => 2;

    public static bool PartsAreDigits => false;

    public static int StepsIn16Bits => 4;

    public static bool MinimumPerPart => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PackedQ3_K Open(byte* block) => new()
    {
        _block = block,
        _scale = Wide.FromHalves(block + UnitsAt),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Select(int group)
    {
        _group = _block + group * GroupBytes;
        _multipliers = _block + MultipliersAt + group * 2 * Multipliers.RowBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<byte> Codes(int part, int step) => Planes.Threes(_group, step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Scale(int part) => Wide.FromSignedBytes(_multipliers + part * Multipliers.RowBytes) * _scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Minimum(int part) => Scale(part) * 4;

    public static void Pack(byte** rows, byte* block)
    {
        var steps = stackalloc byte[Packing.BlockSteps * PackedLayout.StepBytes];
        Packing.TakeApart<Q3_K>(rows, steps, block + MultipliersAt, block + UnitsAt);
        for (var group = 0; group < Groups; group++)
        {
            for (var step = 0; step < PackedLayout.Steps; step++)
            {
                var codes = Vector512.Load(steps + (PackedLayout.Steps * group + step) * PackedLayout.StepBytes);
                Planes.PutThrees(block + group * GroupBytes, step, codes);
            }
        }
    }
}
