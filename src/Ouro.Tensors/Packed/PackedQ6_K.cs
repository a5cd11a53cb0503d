using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors.Packed;

/// <summary>Sixteen rows of Q6_K: 6.5625 bits a number.</summary>
/// <remarks>
/// <code>
/// 8 groups of 6 bits [6 x 64] | multipliers: 16 scales [16 x 16] | 16 d
/// </code>
/// </remarks>
unsafe struct PackedQ6_K : IPackedFormat<PackedQ6_K>
{
    const int GroupBytes = 6 * PackedLayout.StepBytes;
    const int MultipliersAt = 8 * GroupBytes;
    const int UnitsAt = MultipliersAt + Multipliers.Bytes;

    byte* _block;
    byte* _group;
    byte* _multipliers;
    Vector512<float> _scale;

    public static ElementType Type => ElementType.Q6_K;

    public static int Groups => 8;

    public static int BlockBytes => UnitsAt + Multipliers.UnitBytes;

    public static int Parts => 2;

    public static bool PartsAreDigits => false;

    public static int StepsIn16Bits => 2;

    public static bool MinimumPerPart => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PackedQ6_K Open(byte* block) => new()
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
    public readonly Vector512<byte> Codes(int part, int step) => Planes.Sixes(_group, step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Scale(int part) => Wide.FromSignedBytes(_multipliers + part * Multipliers.RowBytes) * _scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Minimum(int part) => Scale(part) * 32;

    public static void Pack(byte** rows, byte* block)
    {
        var steps = stackalloc byte[Packing.BlockSteps * PackedLayout.StepBytes];
        Packing.TakeApart<Q6_K>(rows, steps, block + MultipliersAt, block + UnitsAt);
        for (var group = 0; group < Groups; group++)
        {
            for (var step = 0; step < PackedLayout.Steps; step++)
            {
                var codes = Vector512.Load(steps + (PackedLayout.Steps * group + step) * PackedLayout.StepBytes);
                Planes.PutSixes(block + group * GroupBytes, step, codes);
            }
        }
    }
}
