using Ouro.Formats;

namespace Ouro.Tensors.Quantization;

/// <summary>One way of storing numbers.</summary>
/// <remarks>Spans hold whole blocks and do not overlap. All methods may run on several threads at once, and keep nothing.</remarks>
public interface IElementFormat
{
    /// <summary>The type that a file gives for this format; its table tells the sizes of a block.</summary>
    static abstract ElementType Type { get; }

    /// <summary>Reads every number of <paramref name="blocks"/>. The result is exactly the format's definition on every machine.</summary>
    /// <exception cref="ArgumentException">The two lengths do not belong to the same whole number of blocks.</exception>
    static abstract void Decode(ReadOnlySpan<byte> blocks, Span<float> values);

    /// <summary>Stores <paramref name="values"/>: the same bytes on every run, on every machine.</summary>
    /// <exception cref="ArgumentException">
    /// The two lengths do not belong to the same whole number of blocks, or a block format is given NaN or an infinity.
    /// </exception>
    static abstract void Encode(ReadOnlySpan<float> values, Span<byte> blocks);
}

/// <summary>A format whose numbers are small integer codes times a scale, less a minimum.</summary>
/// <remarks>
/// With g = i / <see cref="GroupSize"/>: value[i] = scales[g] * code[i] - minima[g]. Every finite number can be encoded: those beyond what
/// half-precision scales reach (about 8 million for Q8_0 and Q3_K, 270 million for Q6_K; for Q4_K and Q5_K 60 and 120 million upwards and
/// 4 million downwards) become the largest that they do reach, and those far below the smallest half become zero.
/// </remarks>
public interface IQuantizedFormat : IElementFormat
{
    /// <summary>Neighbouring numbers that share a scale and a minimum; divides the numbers of a block.</summary>
    static abstract int GroupSize { get; }

    /// <summary>True if codes are to be read as <see cref="sbyte"/>, false if as <see cref="byte"/>.</summary>
    static abstract bool SignedCodes { get; }

    /// <summary>The largest code as an absolute number: what bounds an integer sum of products.</summary>
    static abstract int LargestCode { get; }

    /// <summary>False if minima are all zero and <see cref="Unpack"/> leaves them alone.</summary>
    static abstract bool HasMinima { get; }

    /// <summary>Takes blocks apart without rounding anything.</summary>
    /// <param name="codes">One byte a number.</param>
    /// <param name="scales">One a group.</param>
    /// <param name="minima">One a group; untouched, and may be empty, where <see cref="HasMinima"/> is false.</param>
    /// <exception cref="ArgumentException">The lengths do not belong to the same whole number of blocks.</exception>
    static abstract void Unpack(ReadOnlySpan<byte> blocks, Span<byte> codes, Span<float> scales, Span<float> minima);
}

/// <summary>The definition of a format: what the bytes of one block mean. Every other path is tested against it.</summary>
interface IBlockDefinition
{
    /// <summary>Number <paramref name="index"/> of this block.</summary>
    float this[int index] { get; }
}

/// <summary>A quantised format as a structure with the bytes of one block.</summary>
interface IBlock<TSelf> : IQuantizedFormat, IBlockDefinition where TSelf : unmanaged, IBlock<TSelf>
{
    /// <summary>Numbers in a block.</summary>
    static abstract int Count { get; }

    /// <summary>
    /// What was added to the codes of a format without stored minima to make them non-negative: the minimum is this times the scale.
    /// </summary>
    static abstract int CodeOffset { get; }

    /// <summary><see cref="IQuantizedFormat.Unpack"/> for one block; the references lead to room for one block's parts.</summary>
    static abstract void UnpackBlock(ref readonly TSelf block, ref byte codes, ref float scales, ref float minima);
}
