using System.Runtime.InteropServices;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Laws.Quantization;

[Trait("Category", "Kernels")]
public sealed class SixteenBitLaws
{
    static readonly ushort[] AllBits = [.. Enumerable.Range(0, 0x10000).Select(bits => (ushort)bits)];

    [Fact]
    public void Every_half_widens_as_the_runtime_casts_it()
    {
        var widened = new float[AllBits.Length];
        F16.Widen(MemoryMarshal.Cast<ushort, Half>(AllBits.AsSpan()), widened);

        foreach (var bits in AllBits)
        {
            var cast = (float)BitConverter.UInt16BitsToHalf(bits);
            SameNumber(widened[bits], cast).ShouldBeTrue($"half {bits:x4}");
            SameNumber(F16.Widen(bits), cast).ShouldBeTrue($"half {bits:x4}, alone");
        }
    }

    [Fact]
    public void Narrowing_to_half_rounds_as_the_runtime_does()
    {
        var singles = AllUpperHalvesAndRandom();
        var narrowed = new Half[singles.Length];
        F16.Narrow(singles, narrowed);

        for (var i = 0; i < singles.Length; i++)
            SameNumber((float)narrowed[i], (float)(Half)singles[i]).ShouldBeTrue($"{BitConverter.SingleToInt32Bits(singles[i]):x8}");
    }

    [Fact]
    public void Narrowing_to_half_resolves_every_tie_to_even()
    {
        // Half way between each finite half and the next, and the singles just below and above that.
        var finite = Enumerable.Range(0, 0x7BFF);
        var ties = finite.Select(bits => (F16.Widen((ushort)bits) + F16.Widen((ushort)(bits + 1))) / 2).ToArray();
        var singles = ties.SelectMany(tie => new[] { float.BitDecrement(tie), tie, float.BitIncrement(tie), -tie }).ToArray();
        var narrowed = new Half[singles.Length];

        F16.Narrow(singles, narrowed);

        narrowed.ShouldBe(singles.Select(single => (Half)single));
    }

    [Fact]
    public void Every_bfloat16_is_the_upper_half_of_a_single()
    {
        var widened = new float[AllBits.Length];
        BF16.Widen(AllBits, widened);

        widened.Select(BitConverter.SingleToUInt32Bits).ShouldBe(AllBits.Select(bits => (uint)bits << 16));
    }

    [Fact]
    public void Narrowing_to_bfloat16_takes_the_nearest_and_ties_to_even()
    {
        var singles = AllUpperHalvesAndRandom();
        var narrowed = new ushort[singles.Length];
        BF16.Narrow(singles, narrowed);

        for (var i = 0; i < singles.Length; i++)
            narrowed[i].ShouldBe(NearestBFloat16(singles[i]), $"{BitConverter.SingleToInt32Bits(singles[i]):x8}");
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.BF16)]
    public void Decoded_numbers_encode_to_the_same_bytes_at_every_length(ElementType type)
    {
        for (var count = 0; count <= 67; count++)
        {
            var random = new Random(count);
            var values = Enumerable.Range(0, count).Select(_ => (float)random.Next(-128, 128) / 64).ToArray();
            var bytes = new byte[type.BytesFor(count)];
            ElementFormats.Encode(type, values, bytes);
            var decoded = new float[count];
            ElementFormats.Decode(type, bytes, decoded);

            decoded.ShouldBe(values);
        }
    }

    [Fact]
    public void Finite_numbers_are_stored_as_finite_numbers_and_the_others_as_they_are()
    {
        float[] values =
            [1e9f, -1e9f, 65504, 65519.996f, 65520, float.MaxValue, -float.MaxValue, float.PositiveInfinity, float.NegativeInfinity];

        Stored(ElementType.F16, values).ShouldBe([65504, -65504, 65504, 65504, 65504, 65504, -65504, values[7], values[8]]);
        var brief = Stored(ElementType.BF16, values);
        brief[..7].ShouldAllBe(value => float.IsFinite(value));
        brief[7..].ShouldBe(values[7..]);
        Stored(ElementType.F16, [float.NaN]).ShouldBe([float.NaN]);
        Stored(ElementType.BF16, [float.NaN]).ShouldBe([float.NaN]);
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.BF16)]
    public void Lengths_that_do_not_match_are_refused(ElementType type)
    {
        var bytes = type.BytesPerBlock;
        foreach (var (byteCount, valueCount) in new[] { (bytes - 1, 1), (3 * bytes, 2), (2 * bytes, 3), (0, 1), (bytes + 1, 1) })
        {
            Should.Throw<ArgumentException>(() => ElementFormats.Decode(type, new byte[byteCount], new float[valueCount]));
            Should.Throw<ArgumentException>(() => ElementFormats.Encode(type, new float[valueCount], new byte[byteCount]));
        }
    }

    [Fact]
    public void An_unknown_element_type_is_refused()
        => Should.Throw<ArgumentOutOfRangeException>(() => ElementFormats.Decode((ElementType)7, [], []));

    static float[] Stored(ElementType type, float[] values)
    {
        var bytes = new byte[type.BytesFor(values.Length)];
        ElementFormats.Encode(type, values, bytes);
        var decoded = new float[values.Length];
        ElementFormats.Decode(type, bytes, decoded);
        return decoded;
    }

    static float[] AllUpperHalvesAndRandom()
    {
        var random = new Random(7);
        uint[] lower = [0, 1, 0x7FFF, 0x8000, 0x8001, 0x0FFF, 0x1000, 0x1001, 0xFFFF];
        return
        [
            .. AllBits.SelectMany(upper => lower.Select(low => BitConverter.UInt32BitsToSingle((uint)upper << 16 | low))),
            .. Enumerable.Range(0, 300_001).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32))),
        ];
    }

    // The definition, by comparing with both neighbours in double precision.
    static ushort NearestBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
            return (ushort)(bits >> 16 | 0x40);

        var (below, remainder) = (bits >> 16, bits & 0xFFFF);
        return (ushort)(remainder > 0x8000 || (remainder == 0x8000 && below % 2 == 1) ? below + 1 : below);
    }

    static bool SameNumber(float left, float right)
        => BitConverter.SingleToInt32Bits(left) == BitConverter.SingleToInt32Bits(right) || (float.IsNaN(left) && float.IsNaN(right));
}
