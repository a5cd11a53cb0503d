using System.Runtime.CompilerServices;
using Ouro.Tensors.Quantization;

namespace Ouro.Tensors.Packed;

/// <summary>From blocks as they are in a file to their parts, of sixteen rows side by side.</summary>
static unsafe class Packing
{
    /// <summary>Most steps in a block: 256 codes, four at a time.</summary>
    public const int BlockSteps = 64;

    const int MostCodes = 4 * BlockSteps;

    /// <param name="rows">Where each row's block lies.</param>
    /// <param name="steps">Codes: for each step four of each row.</param>
    /// <param name="multipliers">[16 multipliers, 16 rows], or null if the format has none.</param>
    /// <param name="units">The halves that everything is multiplied with: of the scales [16], then of the minima, if there are any, [16].</param>
    public static void TakeApart<TBlock>(byte** rows, byte* steps, byte* multipliers, byte* units)
        where TBlock : unmanaged, IPackableBlock<TBlock>
    {
        var codes = stackalloc byte[MostCodes];
        var unused = stackalloc float[Multipliers.Count];
        var rowMultipliers = stackalloc byte[Multipliers.Count];
        for (var row = 0; row < PackedLayout.Outputs; row++)
        {
            ref readonly var block = ref Unsafe.AsRef<TBlock>(rows[row]);
            TBlock.UnpackBlock(in block, ref *codes, ref *unused, ref *unused);
            for (var step = 0; step < TBlock.Count / 4; step++)
                ((uint*)steps)[PackedLayout.Outputs * step + row] = ((uint*)codes)[step];

            var (scale, minimum) = TBlock.Units(in block);
            if (!F16.IsFinite(scale) || !F16.IsFinite(minimum))
                throw new InvalidDataException("a scale is NaN or infinite");

            ((ushort*)units)[row] = scale;
            if (TBlock.HasMinimumUnit)
                ((ushort*)units)[PackedLayout.Outputs + row] = minimum;
            if (!TBlock.HasMultipliers)
                continue;

            TBlock.CopyMultipliers(in block, new Span<byte>(rowMultipliers, Multipliers.Count));
            for (var i = 0; i < Multipliers.Count; i++)
                multipliers[PackedLayout.Outputs * i + row] = rowMultipliers[i];
        }
    }
}
