using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>A format whose numbers can be widened by vectors, wherever in a row they stand.</summary>
/// <remarks>Numbers become exactly what <see cref="IElementFormat.Decode"/> gives, unless the format says otherwise of infinity and NaN.</remarks>
interface IStoredNumbers : IElementFormat
{
    /// <summary>Bytes that hold 32 numbers.</summary>
    static abstract int BytesFor32 { get; }

    /// <summary>Sixteen numbers of a row, from <paramref name="index"/>, a multiple of 16.</summary>
    static abstract unsafe Vector512<float> Load(byte* row, int index);

    /// <summary>Thirty-two numbers of a row, from <paramref name="index"/>, a multiple of 32.</summary>
    static abstract unsafe void Load(byte* row, int index, out Vector512<float> low, out Vector512<float> high);
}
