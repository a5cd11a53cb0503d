using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Laws.Formats;

/// <summary>Every kind of wrong GGUF file gets its own sentence.</summary>
public sealed class GgufBadInput
{
    static readonly byte[] Zero64 = new byte[8];
    static readonly byte[] Huge64 = BitConverter.GetBytes(1UL << 63);

    static readonly (string Case, byte[] File, string Sentence)[] Cases =
    [
        ("another kind of file", "hello, world"u8.ToArray(), "a GGUF file was expected, but it starts with the bytes 68656C6C6F2C2077"),
        ("LFS pointer", "version https://git-lfs.github.com/spec/v1\n"u8.ToArray(), "Git LFS pointer, not the file itself; run 'git lfs pull'"),
        ("PyTorch archive", "PK\x3\x4.............."u8.ToArray(), "pickles are never opened, since they can run any code"),
        ("pickle", [0x80, 2, .. "}q\0X\x5\0\0\0model"u8], "pickles are never opened, since they can run any code"),
        ("safetensors", RawSafetensors.Of(("t", 1)), "looks like a safetensors file"),
        ("web page", "<!DOCTYPE html><html>"u8.ToArray(), "looks like a web page"),
        ("old GGML", "tjgg\x3\0\0\0........"u8.ToArray(), "a GGML file from before GGUF"),
        ("big-endian", new RawGguf { Version = 0x03000000 }.Build(), "big-endian"),
        ("version 1", new RawGguf { Version = 1 }.Build(), "GGUF version 1"),
        ("version 4", new RawGguf { Version = 4 }.Build(), "GGUF version 4, but versions 2 and 3 are read"),
        ("version 0", new RawGguf { Version = 0 }.Build(), "GGUF version 0"),
        ("only the magic", "GGUF"u8.ToArray(), "the version needs 4 bytes at byte 4"),
        ("cut in the counts", [.. "GGUF"u8, 3, 0, 0, 0, 1, 0], "the number of tensors needs 8 bytes at byte 8 but the header can reach to byte 10 only"),
        ("too many tensors", new RawGguf { TensorCount = 1UL << 62 }.Build(), "the number of tensors is 4,611,686,018,427,387,904"),
        ("too many keys", new RawGguf { KeyCount = ulong.MaxValue }.Build(), "the number of metadata keys is 18,446,744,073,709,551,615"),
        ("100,001 tensors", new RawGguf { TensorCount = 100_001, DataBytes = 3_000_000 }.Build(), "the tensors number more than 100,000"),
        ("100,001 keys", new RawGguf { KeyCount = 100_001, DataBytes = 3_000_000 }.Build(), "the metadata keys number more than 100,000"),
        ("100,001 nested arrays", new RawGguf { DataBytes = 1_300_000 }.Key("k", 9, [9, 0, 0, 0, .. BitConverter.GetBytes(100_001UL)]).Build(), "the arrays nested in metadata key 'k' number more than 100,000"),
        ("endless key", new RawGguf().Key(Huge64, 0, 0, 0, 0, 0).Build(), "the name of a metadata key is 9,223,372,036,854,775,808 bytes long"),
        ("long key", new RawGguf().Key(new string('k', 70_000), 0, 0).Build(), "is 70,000 bytes long but at most 65,535 make sense"),
        ("empty key", new RawGguf().Key("", 0, 0).Build(), "metadata key 1 has no name"),
        ("key twice", new RawGguf().Key("k", 0, 0).Key("k", 0, 1).Build(), "metadata key 'k' occurs twice"),
        ("key of bad UTF-8", new RawGguf().Key([1, 0, 0, 0, 0, 0, 0, 0, 0xFF], 0, 0).Build(), "the name of a metadata key before byte 33 is not valid UTF-8"),
        ("key with a line break", new RawGguf().Key("a\nb", 99, 0).Build(), @"metadata key 'a\u000ab' has the type number 99 but GGUF knows 0 to 12"),
        ("string past the end", new RawGguf().Key("k", 8, Huge64).Build(), "metadata key 'k' is 9,223,372,036,854,775,808 bytes long"),
        ("string cut", new RawGguf().Key("k", 8, 99, 0, 0, 0, 0, 0, 0, 0).Build(), "metadata key 'k' needs 99 bytes at byte 45"),
        ("string of bad UTF-8", new RawGguf().Key("k", 8, 2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0x28).Build(), "metadata key 'k' before byte 47 is not valid UTF-8"),
        ("bool of 2", new RawGguf().Key("k", 7, 2).Build(), "metadata key 'k' holds a bool that is neither 0 nor 1"),
        ("array past the end", new RawGguf().Key("k", 9, [0, 0, 0, 0, .. Huge64]).Build(), "the length of an array in metadata key 'k' is 9,223,372,036,854,775,808"),
        ("array of strings past the end", new RawGguf { DataBytes = 64 }.Key("k", 9, [8, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0]).Build(), "the length of an array in metadata key 'k' is 12"),
        ("array of unknown type", new RawGguf().Key("k", 9, [13, 0, 0, 0, .. Zero64]).Build(), "metadata key 'k' has the type number 13"),
        ("arrays nested too deep", new RawGguf().Key("k", 9, Nested(9)).Build(), "metadata key 'k' nests arrays more than 8 deep"),
        ("alignment 0", new RawGguf().Key("general.alignment", 4, 0, 0, 0, 0).Build(), "'general.alignment' is 0, but it must be a power of two up to 1,048,576"),
        ("alignment 24", new RawGguf().Key("general.alignment", 4, 24, 0, 0, 0).Build(), "'general.alignment' is 24"),
        ("huge alignment", new RawGguf().Key("general.alignment", 4, 0, 0, 0, 128).Build(), "'general.alignment' is 2147483648"),
        ("alignment of text", new RawGguf().Key("general.alignment", 8, RawGguf.Text("32")).Build(), "'general.alignment' has the type string but must be an integer"),
        ("tensor without a name", new RawGguf { DataBytes = 4 }.Tensor("", [1]).Build(), "the tensor before byte 32 has no name"),
        ("tensor of bad UTF-8", new RawGguf { DataBytes = 4 }.Tensor([1, 0, 0, 0, 0, 0, 0, 0, 0x80], [1]).Build(), "the name of a tensor before byte 33 is not valid UTF-8"),
        ("tensor twice", new RawGguf { DataBytes = 64 }.Tensor("t", [1]).Tensor("t", [1], offset: 32).Build(), "tensor 't' occurs twice"),
        ("five dimensions", new RawGguf { DataBytes = 4 }.Tensor("t", [1, 1, 1, 1, 1]).Build(), "tensor 't' has 5 dimensions but GGUF allows 4"),
        ("endless dimensions", new RawGguf { DataBytes = 4 }.Tensor("t", [1], dimensions: uint.MaxValue).Build(), "tensor 't' has 4294967295 dimensions"),
        ("negative size", new RawGguf { DataBytes = 4 }.Tensor("t", [ulong.MaxValue]).Build(), "tensor 't' has a negative dimension (-1)"),
        ("overflowing shape", new RawGguf { DataBytes = 4 }.Tensor("t", [1UL << 31, 1UL << 31, 4]).Build(), "tensor 't' has a shape, [4, 2147483648, 2147483648], of more bytes than any file can hold"),
        ("not whole blocks", new RawGguf { DataBytes = 512 }.Tensor("t", [128, 2], type: 12).Build(), "tensor 't' has rows of 128 numbers, which are not whole Q4_K blocks of 256"),
        ("Q4_0", new RawGguf { DataBytes = 18 }.Tensor("t", [32], type: 2).Build(), "tensor 't' has the type Q4_0, which is not supported; use a file whose tensors are of the types F32, F16, Q8_0, Q3_K"),
        ("IQ2_XS", new RawGguf { DataBytes = 18 }.Tensor("t", [256], type: 17).Build(), "has the type IQ2_XS, which"),
        ("F64", new RawGguf { DataBytes = 8 }.Tensor("t", [1], type: 28).Build(), "has the type F64, which"),
        ("unknown type", new RawGguf { DataBytes = 8 }.Tensor("t", [1], type: 4_000_000_000).Build(), "has the type number 4000000000, which"),
        ("misaligned", new RawGguf { DataBytes = 64 }.Tensor("t", [1], offset: 4).Build(), "tensor 't' starts at offset 4, which is not a multiple of the alignment, 32"),
        ("offset near 2^64", new RawGguf { DataBytes = 64 }.Tensor("t", [1], offset: ulong.MaxValue - 31).Build(), "starts at offset 18,446,744,073,709,551,584"),
        ("offset near 2^63", new RawGguf { DataBytes = 64 }.Tensor("t", [1], offset: long.MaxValue - 31).Build(), "tensor 't' needs 4 bytes but only 0 are left"),
        ("nothing, far away", new RawGguf { DataBytes = 64 }.Tensor("t", [0], offset: long.MaxValue - 31).Build(), "tensor 't' needs 0 bytes but only 0 are left"),
        ("truncated", new RawGguf { DataBytes = 39 }.Tensor("t", [10]).Build(), "tensor 't' needs 40 bytes but only 39 are left in the file. The download is probably incomplete; fetch the file again."),
        ("no data", new RawGguf().Tensor("t", [10]).Build(), "tensor 't' needs 40 bytes but only 0 are left"),
        ("overlap", new RawGguf { DataBytes = 96 }.Tensor("a", [16], offset: 32).Tensor("b", [9]).Build(), "tensors 'b' and 'a' share bytes"),
        ("same place", new RawGguf { DataBytes = 96 }.Tensor("a", [1]).Tensor("b", [1]).Build(), "tensors 'a' and 'b' share bytes"),
    ];

    public static TheoryData<string> CaseNames => [.. Cases.Select(item => item.Case)];

    [Theory, MemberData(nameof(CaseNames))]
    public void A_bad_file_gets_its_own_sentence(string name)
    {
        using var folder = new TemporaryFolder();
        var (_, bytes, sentence) = Cases.Single(item => item.Case == name);
        var path = folder.File("bad.gguf", bytes);

        var error = Should.Throw<ModelFileException>(() => GgufFile.Open(path));

        error.Path.ShouldBe(path);
        error.Message.ShouldStartWith($"{path}: ");
        error.Message.ShouldContain(sentence);
        Sentences.ShouldBeOneLine(error);
    }

    [Fact]
    public void Arrays_may_nest_eight_deep()
        => GgufHeader.Parse("m", new RawGguf().Key("k", 9, Nested(8)).Build(), 1000).Metadata.Find("k")!.ElementType.ShouldBe(GgufValueType.Array);

    [Fact]
    public void Every_cut_of_a_valid_file_is_refused_but_its_last_padding_may_be_missing()
    {
        var whole = Fuzzing.SmallGguf();
        var end = GgufHeader.Parse("m", whole, whole.Length).Tensors.Max(tensor => tensor.End);
        GgufHeader.Parse("m", whole.AsSpan(0, (int)end), end).Tensors.Count.ShouldBe(3);

        for (var length = 0; length < end; length++)
            Sentences.ShouldBeOneLine(Should.Throw<ModelFileException>(() => GgufHeader.Parse("m", whole.AsSpan(0, length), length)));
    }

    /// <summary>Arrays in arrays, the innermost one without elements.</summary>
    static byte[] Nested(int depth)
        => [.. Enumerable.Repeat<byte[]>([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], depth - 1).SelectMany(level => level), 0, 0, 0, 0, .. Zero64];
}
