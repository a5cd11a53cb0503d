namespace Ouro.Model;

/// <summary>How the layers of a larger stack come from those of a smaller one.</summary>
/// <remarks>The paper duplicates 24 layers to 48 and does not say in which order (arXiv:2510.25741, section 4.2).</remarks>
public enum UpcycleOrder
{
    /// <summary>The whole stack again: 0, 1, 2, 0, 1, 2.</summary>
    BlockWise,

    /// <summary>Each layer again before the next: 0, 0, 1, 1, 2, 2.</summary>
    Interleaved,
}

/// <summary>Which layer of a stack becomes which of a larger one.</summary>
public static class LayerCopies
{
    /// <summary>The layer of the smaller stack that becomes layer <paramref name="layer"/> of the larger one; both count from 0.</summary>
    /// <param name="from">Layers of the smaller stack.</param>
    /// <param name="to">Layers of the larger stack, a multiple of <paramref name="from"/>.</param>
    public static int SourceOf(int layer, int from, int to, UpcycleOrder order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(from, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(to % from, 0, nameof(to));
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, to);
        return order == UpcycleOrder.BlockWise ? layer % from : layer / (to / from);
    }
}
