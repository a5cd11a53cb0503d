using System.Buffers.Binary;
using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Formats.Safetensors;

namespace Ouro.Laws.Formats;

/// <summary>Damaged files either open, with every tensor inside the file, or are refused in one sentence; nothing else may happen.</summary>
/// <remarks>The environment variable OURO_FUZZ sets the number of cases for each format.</remarks>
public sealed class Fuzzing
{
    const int OrdinaryCases = 25_000;

    // A tiny metadata key takes 14 bytes in a file and about 200 in memory. The constant is for the exception and its stack trace.
    const int AllocatedPerFileByte = 16;
    const int AllocatedAnyway = 64 * 1024;

    // Opening through a real file costs more than all of the parsing, so only some cases do.
    const int CasesPerRealFile = 50;

    static readonly int CaseCount = int.TryParse(Environment.GetEnvironmentVariable("OURO_FUZZ"), out var cases) ? cases : OrdinaryCases;

    [Fact]
    public void A_damaged_GGUF_file_opens_or_is_refused_in_one_sentence() => Fuzz(
        SmallGguf(),
        seed: 20_251,
        (bytes, length) => GgufHeader.Parse("m", bytes, length).Tensors,
        path =>
        {
            using var file = GgufFile.Open(path);
            TouchAll(file.Tensors);
        });

    [Fact]
    public void A_damaged_safetensors_file_opens_or_is_refused_in_one_sentence() => Fuzz(
        SmallSafetensors(),
        seed: 20_252,
        (bytes, length) => SafetensorsHeader.Parse("m", bytes, length).Tensors,
        path =>
        {
            using var file = SafetensorsFile.Open(path);
            TouchAll(file.Tensors);
        });

    [Fact]
    public void A_damaged_shard_index_is_read_or_refused_in_one_sentence() => Fuzz(
        """{"metadata":{"total_size":12},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}"""u8.ToArray(),
        seed: 20_253,
        (bytes, _) =>
        {
            ShardIndex.Parse("m", bytes);
            return [];
        },
        path => ShardIndex.Read(path));

    delegate IReadOnlyList<PlacedTensor> Parse(ReadOnlySpan<byte> bytes, long fileLength);

    static void Fuzz(byte[] valid, int seed, Parse parse, Action<string> open)
    {
        using var folder = new TemporaryFolder();
        parse(valid, valid.Length);
        var opened = 0;
        for (var number = 0; number < CaseCount; number++)
        {
            var mutant = new Mutation(new Random(HashCode(seed, number))).Of(valid);
            try
            {
                opened += Outcome(mutant, parse) ? 1 : 0;
                if (number % CasesPerRealFile == 0)
                    OpenForReal(folder.File("mutant", mutant), open);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"Seed {seed}, case {number}: {error.Message}", error);
            }
        }

        // A mutation that never or always breaks the file tests nothing.
        opened.ShouldBeInRange(CaseCount / 1000, CaseCount * 9 / 10);
    }

    /// <summary>True when the mutant opens. Checks the message, the places of tensors, and what was allocated.</summary>
    static bool Outcome(byte[] mutant, Parse parse)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var tensors = parse(mutant, mutant.Length);
            foreach (var tensor in tensors)
                if (tensor.FileOffset < 0 || tensor.End < tensor.FileOffset || tensor.End > mutant.Length)
                    throw new InvalidOperationException($"Tensor {tensor.Spec} at {tensor.FileOffset} lies outside the file.");

            return true;
        }
        catch (ModelFileException error)
        {
            Sentences.ShouldBeOneLine(error);
            return false;
        }
        finally
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            allocated.ShouldBeLessThan(AllocatedAnyway + AllocatedPerFileByte * (long)mutant.Length);
        }
    }

    static void OpenForReal(string path, Action<string> open)
    {
        try
        {
            open(path);
        }
        catch (ModelFileException error)
        {
            Sentences.ShouldBeOneLine(error);
        }
    }

    static void TouchAll(IReadOnlyList<StoredTensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            var read = new byte[tensor.ByteLength];
            tensor.Read(0, read);
            tensor.Map().Span.SequenceEqual(read).ShouldBeTrue();
        }
    }

    /// <summary>A valid file of about 2 KB with every kind of value.</summary>
    public static byte[] SmallGguf()
    {
        TensorSpec[] tensors = [new("a.weight", ElementType.F32, 4, 8), new("b.weight", ElementType.Q8_0, 2, 32), new("c", ElementType.BF16)];
        return WholeFile(GgufWriter.Layout("m", Samples.EveryType(), tensors));
    }

    /// <summary>A valid file of about 1 KB.</summary>
    public static byte[] SmallSafetensors() => WholeFile(SafetensorsWriter.Layout(
        "m", [new("a.weight", ElementType.F32, 4, 8), .. Samples.Unquantized()], new Dictionary<string, string> { ["format"] = "pt", ["ü"] = "\"\\" }));

    static byte[] WholeFile(TensorLayout layout)
    {
        var bytes = new byte[layout.FileLength];
        layout.Header.CopyTo(bytes);
        return bytes;
    }

    static int HashCode(int seed, int number) => unchecked(seed * 1_000_003 + number);

    /// <summary>One to three random damages.</summary>
    sealed class Mutation(Random random)
    {
        static readonly long[] Extremes =
            [0, 1, -1, 31, 255, 65_536, int.MaxValue, uint.MaxValue, 1L << 32, long.MaxValue, long.MinValue, long.MaxValue / 8, 1L << 60, 100_000_000];

        static readonly string[] Texts =
            ["\"", "{", "}", "[", "]", ",", ":", "-1", "1e9", "0.5", "null", "true", "9223372036854775807", "\\ud800", "\"F64\"", "..", "/", "\n", "[[[[[[[["];

        public byte[] Of(byte[] valid)
        {
            var bytes = valid.ToList();
            for (var damage = random.Next(1, 4); damage > 0 && bytes.Count > 0; damage--)
                Damage(bytes);

            return [.. bytes];
        }

        void Damage(List<byte> bytes)
        {
            var at = random.Next(bytes.Count);
            var some = Math.Min(random.Next(1, 64), bytes.Count - at);
            switch (random.Next(9))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    OverwriteExtreme(bytes, at);
                    break;
                case 4:
                    bytes.InsertRange(at, Number(random.Next(2) == 0 ? 4 : 8));
                    break;
                case 5:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.Slice(at, some));
                    break;
                case 6:
                    bytes.RemoveRange(at, some);
                    break;
                case 7:
                    var moved = bytes.Slice(at, some);
                    bytes.RemoveRange(at, some);
                    bytes.InsertRange(random.Next(bytes.Count + 1), moved);
                    break;
                default:
                    bytes.InsertRange(at, Texts[random.Next(Texts.Length)].Select(symbol => (byte)symbol));
                    break;
            }
        }

        void OverwriteExtreme(List<byte> bytes, int at)
        {
            foreach (var value in Number(random.Next(2) == 0 ? 4 : 8))
                if (at < bytes.Count)
                    bytes[at++] = value;
        }

        byte[] Number(int width)
        {
            var bytes = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, Extremes[random.Next(Extremes.Length)]);
            return bytes[..width];
        }
    }
}
