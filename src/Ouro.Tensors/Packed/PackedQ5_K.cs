using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors.Packed;

/// <summary>Sixteen rows of Q5_K: 5.625 bits a number.</summary>
/// <remarks>
/// <code>
/// 8 groups of 5 bits [5 x 64] | multipliers: 8 scales, 8 minima [16 x 16] | 16 d | 16 dmin
/// </code>
/// </remarks>
unsafe struct PackedQ5_K : IPackedFormat<PackedQ5_K>
{
    const int GroupBytes = 5 * PackedLayout.StepBytes;
    const int MultipliersAt = 8 * GroupBytes;
    const int UnitsAt = MultipliersAt + Multipliers.Bytes;

    byte* _block;
    byte* _group;
    byte* _multipliers;
    Vector512<float> _scale;
    Vector512<float> _minimum;

    public static ElementType Type => ElementType.Q5_K;

    public static int Groups => 8;

    public static int BlockBytes => UnitsAt + 2 * Multipliers.UnitBytes;

    public static int Parts => 1;

    public static bool PartsAreDigits => false;

    public static int StepsIn16Bits => 4;

    public static bool MinimumPerPart => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PackedQ5_K Open(byte* block) => new()
    {
        _block = block,
        _scale = Wide.FromHalves(block + UnitsAt),
        _minimum = Wide.FromHalves(block + UnitsAt + Multipliers.UnitBytes),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Select(int group)
    {
        _group = _block + group * GroupBytes;
        _multipliers = _block + MultipliersAt + group * Multipliers.RowBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<byte> Codes(int part, int step) => Planes.Fives(_group, step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Scale(int part) => Wide.FromBytes(_multipliers) * _scale;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Minimum(int part) => Wide.FromBytes(_multipliers + 8 * Multipliers.RowBytes) * _minimum;

    public static void Pack(byte** rows, byte* block)
    {
        var steps = stackalloc byte[Packing.BlockSteps * PackedLayout.StepBytes];
        Packing.TakeApart<Q5_K>(rows, steps, block + MultipliersAt, block + UnitsAt);
        for (var group = 0; group < Groups; group++)
        {
            for (var step = 0; step < PackedLayout.Steps; step++)
            {
                var codes = Vector512.Load(steps + (PackedLayout.Steps * group + step) * PackedLayout.StepBytes);
                Planes.PutFives(block + group * GroupBytes, step, codes);
            }
        }
    }
}
