using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Laws.Formats;

/// <summary>Small valid contents that use everything the formats offer.</summary>
static class Samples
{
    /// <summary>One key of every type, scalar and array, and a nested array.</summary>
    public static GgufMetadata EveryType()
    {
        var metadata = new GgufMetadata();
        object[] contents =
        [
            byte.MaxValue, sbyte.MinValue, ushort.MaxValue, short.MinValue, uint.MaxValue, int.MinValue, ulong.MaxValue, long.MinValue,
            -1.5f, Math.PI, true, false, "naïve 🐍 text\n", "",
            new byte[] { 0, 255 }, new sbyte[] { -128, 127 }, new ushort[] { 65535 }, new short[] { -32768, 1, 2 },
            new uint[] { 0, uint.MaxValue }, new[] { int.MinValue, 7 }, new[] { ulong.MaxValue }, new[] { long.MinValue, long.MaxValue },
            new[] { float.NegativeInfinity, 0.1f }, new[] { double.Epsilon }, new[] { true, false, true }, new[] { "a", "", "ü" },
            Array.Empty<string>(), Array.Empty<float>(),
            new[] { GgufValue.Of(new[] { 1, 2 }), GgufValue.Of(new[] { "x" }), GgufValue.Of(new[] { GgufValue.Of(new[] { 0.5f }) }) },
        ];
        for (var i = 0; i < contents.Length; i++)
            metadata.Set($"test.{i}.{contents[i].GetType().Name}", GgufValue.Of(contents[i]));

        return metadata;
    }

    /// <summary>One tensor of every type, of one to four dimensions, one with no elements and one with no dimensions.</summary>
    public static TensorSpec[] EveryElementType() =>
    [
        .. Enum.GetValues<ElementType>().Select((type, i) => new TensorSpec($"blk.{i}.{type}", type, i % 2 == 0 ? [3, 256] : [256])),
        new TensorSpec("four", ElementType.F32, 2, 1, 3, 5),
        new TensorSpec("none", ElementType.F16, 0, 4),
        new TensorSpec("scalar", ElementType.BF16),
    ];

    /// <summary>Three unquantised tensors whose wider type comes last, so that order and alignment can be seen.</summary>
    public static TensorSpec[] Unquantized() =>
    [
        new TensorSpec("odd", ElementType.BF16, 3),
        new TensorSpec("half", ElementType.F16, 2, 5),
        new TensorSpec("none", ElementType.F16, 0, 4),
        new TensorSpec("scalar", ElementType.F32),
        new TensorSpec("single", ElementType.F32, 3, 2),
    ];

    /// <summary>The bytes of a tensor, different for each.</summary>
    public static byte[] BytesOf(TensorSpec tensor, int seed = 1)
    {
        var bytes = new byte[tensor.ByteLength];
        new Random(seed + tensor.Name.Sum(symbol => symbol)).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Writes all tensors, the last one first and each in two pieces, and commits.</summary>
    public static void WriteAll(TensorFileWriter writer, IReadOnlyList<TensorSpec> tensors)
    {
        for (var i = tensors.Count - 1; i >= 0; i--)
        {
            var bytes = BytesOf(tensors[i]);
            var half = bytes.Length / 2;
            writer.Write(i, half, bytes.AsSpan(half));
            writer.Write(i, 0, bytes.AsSpan(0, half));
        }

        writer.Commit();
    }

    /// <summary>Checks that a tensor is what was written, mapped and read.</summary>
    public static void ShouldHold(this StoredTensor stored, TensorSpec written)
    {
        (stored.Name, stored.Type, stored.ElementCount, stored.ByteLength).ShouldBe((written.Name, written.Type, written.ElementCount, written.ByteLength));
        stored.Shape.ShouldBe(written.Shape);
        stored.Map().ToArray().ShouldBe(BytesOf(written));

        var read = new byte[stored.ByteLength];
        stored.Read(0, read);
        read.ShouldBe(BytesOf(written));
    }
}
