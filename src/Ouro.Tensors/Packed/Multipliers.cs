namespace Ouro.Tensors.Packed;

/// <summary>The sixteen multipliers of a K block (of scales, or of scales and minima) as bytes, for sixteen outputs side by side.</summary>
static class Multipliers
{
    /// <summary>Multipliers of one block of one output.</summary>
    public const int Count = 16;

    /// <summary>Bytes of one multiplier of all outputs.</summary>
    public const int RowBytes = PackedLayout.Outputs;

    /// <summary>Bytes of all multipliers of all outputs.</summary>
    public const int Bytes = Count * RowBytes;

    /// <summary>Bytes of one half-precision unit of all outputs.</summary>
    public const int UnitBytes = sizeof(ushort) * PackedLayout.Outputs;
}
