using System.Runtime.Intrinsics;
using Ouro.Formats;

namespace Ouro.Tensors.Packed;

/// <summary>A block of sixteen weight rows side by side: the same codes as in the file, in the order in which a kernel meets them.</summary>
/// <remarks>
/// A lane belongs to an output. A step is a vector with four neighbouring codes of each output; eight steps are a group of 32 inputs.
/// <code>
/// byte 4j + i of step s = code of output j, input 4s + i of the group       j = 0..15, i = 0..3, s = 0..7
/// </code>
/// Codes are unsigned. What the integer sum of a group is multiplied with is <see cref="Scale"/>, and <see cref="Minimum"/> times the
/// activations' own sum is taken off. A group has one part or two: halves of its inputs (16 each), each with a scale of its own, or, where
/// <see cref="PartsAreDigits"/>, the lower and the higher hexadecimal digits of its codes.
/// </remarks>
unsafe interface IPackedFormat<TSelf>
    where TSelf : struct, IPackedFormat<TSelf>
{
    /// <summary>How the weights are stored in a file.</summary>
    static abstract ElementType Type { get; }

    /// <summary>Groups of 32 inputs in a block.</summary>
    static abstract int Groups { get; }

    /// <summary>Bytes of a block of all sixteen outputs.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Bytes of the codes of a group; a block begins with those of its groups, one after another.</summary>
    static abstract int GroupBytes { get; }

    /// <summary>True if <see cref="PackedProducts"/> reads a block from its first line to its last.</summary>
    static abstract bool IsReadInOrder { get; }

    /// <summary>Parts of a group, 1 or 2.</summary>
    static abstract int Parts { get; }

    /// <summary>True if the parts are digits of the same codes, false if they are halves of the group.</summary>
    static abstract bool PartsAreDigits { get; }

    /// <summary>Steps whose products, two to a lane, may be summed in 16 bits: 254 * steps * largest code &lt; 32,768.</summary>
    static abstract int StepsIn16Bits { get; }

    /// <summary>True if each part has its own minimum, false if the group has one.</summary>
    static abstract bool MinimumPerPart { get; }

    /// <summary>Packs one block of each of sixteen rows.</summary>
    /// <param name="rows">Where each row's block lies, as it is in a file.</param>
    /// <param name="block">Room for <see cref="BlockBytes"/>, all zero.</param>
    static abstract void Pack(byte** rows, byte* block);

    /// <summary>Starts to read a block.</summary>
    static abstract TSelf Open(byte* block);

    /// <summary>Moves to group <paramref name="group"/> of the block.</summary>
    void Select(int group);

    /// <summary>Codes 4 * <paramref name="step"/> to 4 * step + 3 of each output; <paramref name="step"/> is a constant where this is called.</summary>
    Vector512<byte> Codes(int part, int step);

    /// <summary><see cref="Codes"/> of eight outputs.</summary>
    /// <param name="part">May be <see cref="PackedLayout.AllDigits"/>, if there are any.</param>
    /// <param name="group">The group's codes, or half a step behind for the last eight outputs.</param>
    static abstract Vector256<byte> EightCodes(byte* group, int part, int step);

    /// <summary>What a sum of products of a part is multiplied with, for each output.</summary>
    Vector512<float> Scale(int part);

    /// <summary>What the sum of the activations is multiplied with and taken off, for each output.</summary>
    Vector512<float> Minimum(int part);
}

static class PackedLayout
{
    /// <summary>Weight rows that stand side by side in packed weights: lanes of a 512-bit register.</summary>
    public const int Outputs = 16;

    /// <summary>Inputs that share an activation scale.</summary>
    public const int GroupSize = 32;

    /// <summary>Stands for both parts together where they are digits: whole codes, of up to 8 bits.</summary>
    public const int AllDigits = 2;

    /// <summary>Steps in a group.</summary>
    public const int Steps = 8;

    /// <summary>Bytes of one step: four codes of each output.</summary>
    public const int StepBytes = 64;
}
