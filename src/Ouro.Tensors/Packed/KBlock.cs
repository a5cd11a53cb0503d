using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Packed;

/// <summary>Where the parts of sixteen packed K blocks lie, each block 256 numbers of one output.</summary>
/// <remarks>
/// <code>
/// 8 groups of codes [bits x 64] | 16 multipliers [16 x 16] | 16 units of the scales | 16 units of the minima, if there are any
/// </code>
/// </remarks>
static unsafe class KBlock<TPlanes>
    where TPlanes : struct, IPlanes
{
    public const int Groups = 8;

    public static int GroupBytes => TPlanes.Bits * PackedLayout.StepBytes;

    public static int MultipliersAt => Groups * GroupBytes;

    public static int UnitsAt => MultipliersAt + Multipliers.Bytes;

    /// <param name="rows">Where each row's block lies.</param>
    /// <param name="block">Room for the packed block, all zero.</param>
    public static void Pack<TBlock>(byte** rows, byte* block)
        where TBlock : unmanaged, IPackableBlock<TBlock>
    {
        var steps = stackalloc byte[Packing.BlockSteps * PackedLayout.StepBytes];
        Packing.TakeApart<TBlock>(rows, steps, block + MultipliersAt, block + UnitsAt);
        for (var step = 0; step < Packing.BlockSteps; step++)
        {
            var group = block + step / PackedLayout.Steps * GroupBytes;
            TPlanes.Write(group, step % PackedLayout.Steps, Vector512.Load(steps + step * PackedLayout.StepBytes));
        }
    }
}
