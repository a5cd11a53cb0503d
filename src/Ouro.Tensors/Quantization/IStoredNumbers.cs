using System.Runtime.Intrinsics;

namespace Ouro.Tensors.Quantization;

/// <summary>A format whose numbers can be widened by vectors, wherever in a row they stand.</summary>
/// <remarks>Finite numbers become exactly what <see cref="IElementFormat.Decode"/> gives; infinity and NaN may become any number.</remarks>
interface IStoredNumbers : IElementFormat
{
    /// <summary>Sixteen numbers of a row, from <paramref name="index"/>, a multiple of 16.</summary>
    static abstract unsafe Vector512<float> Load(byte* row, int index);

    /// <summary>Thirty-two numbers of a row, from <paramref name="index"/>, a multiple of 32.</summary>
    static abstract unsafe void Load(byte* row, int index, out Vector512<float> low, out Vector512<float> high);
}
