using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Laws.Quantization;

/// <summary>What holds for reading every block format.</summary>
/// <typeparam name="TFormat">The format, as the structure of one block.</typeparam>
[Trait("Category", "Kernels")]
public abstract class BlockLaws<TFormat>(int[] scaleOffsets, int codeOffset) where TFormat : unmanaged, IQuantizedFormat
{
    static readonly int[] BlockCounts = [0, 1, 2, 3, 7, 8, 9, 64, 300];
    static readonly int Count = TFormat.Type.ElementsPerBlock;

    [Fact]
    public void A_block_is_as_large_as_the_file_says()
    {
        Unsafe.SizeOf<TFormat>().ShouldBe(TFormat.Type.BytesPerBlock);
        (Count % TFormat.GroupSize).ShouldBe(0);
        TFormat.Type.IsQuantized.ShouldBeTrue();
    }

    [Fact]
    public void Decoding_is_the_definition_to_the_last_bit()
    {
        foreach (var count in BlockCounts)
        {
            var blocks = Random(count, seed: count);
            var values = new float[count * Count];

            TFormat.Decode(blocks, values);

            Bits(values).ShouldBe(Bits(Defined(blocks)));
        }
    }

    [Fact]
    public void Scale_times_code_less_minimum_is_the_definition()
    {
        foreach (var count in BlockCounts)
        {
            var blocks = Random(count, seed: 1000 + count);
            var (codes, scales, minima) = Unpacked(blocks);

            var rebuilt = new float[codes.Length];
            for (var i = 0; i < codes.Length; i++)
            {
                int code = TFormat.SignedCodes ? (sbyte)codes[i] : codes[i];
                Math.Abs(code).ShouldBeLessThanOrEqualTo(TFormat.LargestCode);
                rebuilt[i] = scales[i / TFormat.GroupSize] * code - minima[i / TFormat.GroupSize];
            }

            // Equal as numbers, not as bits: the sign of a zero is lost when an offset is subtracted after multiplying.
            rebuilt.ShouldBe(Defined(blocks));
        }
    }

    [Fact]
    public void Only_a_format_with_minima_has_any()
    {
        var (_, scales, minima) = Unpacked(Random(8, seed: 5));

        minima.Any(minimum => minimum != 0).ShouldBe(TFormat.HasMinima);
        if (codeOffset != 0)
            minima.ShouldBe(scales.Select(scale => scale * codeOffset));
    }

    [Fact]
    public void Lengths_that_are_not_the_same_whole_number_of_blocks_are_refused()
    {
        var (bytes, numbers, groups) = (Unsafe.SizeOf<TFormat>(), Count, Count / TFormat.GroupSize);

        foreach (var (byteCount, valueCount) in new[] { (bytes, numbers - 1), (bytes - 1, numbers), (0, numbers), (2 * bytes, numbers) })
        {
            Should.Throw<ArgumentException>(() => TFormat.Decode(new byte[byteCount], new float[valueCount]));
            Should.Throw<ArgumentException>(() => TFormat.Encode(new float[valueCount], new byte[byteCount]));
            Should.Throw<ArgumentException>(
                () => TFormat.Unpack(new byte[byteCount], new byte[valueCount], new float[groups], new float[groups]));
        }

        Should.Throw<ArgumentException>(() => TFormat.Unpack(new byte[bytes], new byte[numbers], new float[groups - 1], new float[groups]));
        if (TFormat.HasMinima)
            Should.Throw<ArgumentException>(() => TFormat.Unpack(new byte[bytes], new byte[numbers], new float[groups], []));
    }

    byte[] Random(int count, int seed) => BlockSamples.Random(count, Unsafe.SizeOf<TFormat>(), scaleOffsets, seed);

    static float[] Defined(byte[] blocks)
        => [.. MemoryMarshal.Cast<byte, TFormat>(blocks).ToArray()
            .SelectMany(block => Enumerable.Range(0, Count).Select(index => ((IBlockDefinition)block)[index]))];

    static (byte[] Codes, float[] Scales, float[] Minima) Unpacked(byte[] blocks)
    {
        var codes = new byte[blocks.Length / Unsafe.SizeOf<TFormat>() * Count];
        var scales = new float[codes.Length / TFormat.GroupSize];
        var minima = new float[scales.Length];
        TFormat.Unpack(blocks, codes, scales, minima);
        return (codes, scales, minima);
    }

    static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];
}

public sealed class Q8_0Laws() : BlockLaws<Q8_0>(scaleOffsets: [0], codeOffset: 0);

public sealed class Q6_KLaws() : BlockLaws<Q6_K>(scaleOffsets: [208], codeOffset: 32);

public sealed class Q5_KLaws() : BlockLaws<Q5_K>(scaleOffsets: [0, 2], codeOffset: 0);

public sealed class Q4_KLaws() : BlockLaws<Q4_K>(scaleOffsets: [0, 2], codeOffset: 0);

public sealed class Q3_KLaws() : BlockLaws<Q3_K>(scaleOffsets: [108], codeOffset: 4);
