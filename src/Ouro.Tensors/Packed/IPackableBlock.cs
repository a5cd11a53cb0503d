using Ouro.Tensors.Quantization;

namespace Ouro.Tensors.Packed;

/// <summary>A block whose scales can be had as they are stored: a half-precision unit, and perhaps sixteen small multipliers of it.</summary>
interface IPackableBlock<TSelf> : IBlock<TSelf> where TSelf : unmanaged, IPackableBlock<TSelf>
{
    /// <summary>True if minima are multiples of a unit of their own.</summary>
    static abstract bool HasMinimumUnit { get; }

    /// <summary>True if there are multipliers.</summary>
    static abstract bool HasMultipliers { get; }

    /// <summary>The unit of the scales and, if there is one, that of the minima, else 0; both are halves.</summary>
    static abstract (ushort Scale, ushort Minimum) Units(ref readonly TSelf block);

    /// <summary>Sixteen scales as signed bytes, or eight scales and then eight minima as unsigned bytes.</summary>
    static abstract void CopyMultipliers(ref readonly TSelf block, Span<byte> sixteen);
}
