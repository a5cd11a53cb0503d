using Ouro.Formats;
using Ouro.Formats.Safetensors;

namespace Ouro.Laws.Formats;

/// <summary>Every kind of wrong safetensors file gets its own sentence.</summary>
public sealed class SafetensorsBadInput
{
    static readonly (string Case, byte[] File, string Sentence)[] Cases =
    [
        ("too short", [1, 2, 3], "begins with 8 bytes of length, but this file has 3 bytes"),
        ("another kind of file", "hello, world of files"u8.ToArray(), "a safetensors file was expected, but it starts with the bytes 68656C6C6F2C2077"),
        ("GGUF", new RawGguf().Build(), "this is a GGUF file"),
        ("PyTorch archive", "PK\x3\x4.............."u8.ToArray(), "pickles are never opened, since they can run any code"),
        ("LFS pointer", "version https://git-lfs.github.com/spec/v1\n"u8.ToArray(), "Git LFS pointer"),
        ("JSON file", """{ "a": 1, "b": 2 }"""u8.ToArray(), "looks like a JSON file"),
        ("header past the end", RawSafetensors.Build("{}", 0, statedLength: 99), "the header needs 99 bytes but only 2 are left in the file"),
        ("header too large", RawSafetensors.Build("{}", 0, statedLength: 100_000_001), "the header claims 100,000,001 bytes but at most 100,000,000 are allowed"),
        ("header near 2^63", RawSafetensors.Build("{}", 0, statedLength: long.MinValue), "the header claims 9,223,372,036,854,775,808 bytes"),
        ("header cut", RawSafetensors.Build("""{"t":{"dtype":"F32" """, 0), "cannot be read as JSON"),
        ("half a header", RawSafetensors.Build("""{"t":{"dtype":"F32"},"shape":[1]}""", 0, statedLength: 7), "cannot be read as JSON"),
        ("two values", RawSafetensors.Build("{} {}", 0), "cannot be read as JSON"),
        ("deep nesting", RawSafetensors.Build("""{"t":{"x":""" + new string('[', 5000), 0), "cannot be read as JSON at most 16 levels deep"),
        ("invalid UTF-8", RawSafetensors.Build([.. "{\""u8, 0xFF, .. "\":{}}"u8], 0), "the name of a property (JSON byte 1) must be valid Unicode"),
        ("half a surrogate pair", RawSafetensors.Build("""{"\ud800":{}}""", 0), "must be valid Unicode"),
        ("tensor is a number", RawSafetensors.Build("""{"t":1}""", 0), "tensor 't' (JSON byte 5) must be a JSON object"),
        ("metadata is a list", RawSafetensors.Build("""{"__metadata__":[]}""", 0), "__metadata__ (JSON byte 16) must be a JSON object"),
        ("metadata holds a number", RawSafetensors.Build("""{"__metadata__":{"a":1}}""", 0), "__metadata__ entry 'a' (JSON byte 21) must be a string"),
        ("metadata twice", RawSafetensors.Build("""{"__metadata__":{},"__metadata__":{}}""", 0), "'__metadata__' occurs twice"),
        ("metadata key twice", RawSafetensors.Build("""{"__metadata__":{"a":"","a":""}}""", 0), "the __metadata__ entry 'a' occurs twice"),
        ("no name", Entry("", "F32", "[1]", "[0,4]", 4), "a tensor has a name of 0 characters"),
        ("100,001 tensors", RawSafetensors.Of([.. Enumerable.Range(0, 100_001).Select(i => ($"t{i}", 0))]), "the tensors number more than 100,000"),
        ("tensor twice", RawSafetensors.Of(("t", 1), ("t", 1)), "tensor 't' occurs twice"),
        ("no dtype", RawSafetensors.Build("""{"t":{"shape":[1],"data_offsets":[0,4]}}""", 4), "tensor 't' lacks its dtype, its shape or one of its two data_offsets"),
        ("dtype twice", RawSafetensors.Build("""{"t":{"dtype":"F32","dtype":"F16"}}""", 4), "in tensor 't' the property 'dtype' occurs twice"),
        ("one offset", Entry("t", "F32", "[1]", "[4]", 4), "tensor 't' lacks"),
        ("three offsets", Entry("t", "F32", "[1]", "[0,4,4]", 4), "the data_offsets of tensor 't' (JSON byte 52) must be an array of at most 2 numbers"),
        ("F64", Entry("t", "F64", "[1]", "[0,8]", 8), "tensor 't' has the dtype 'F64', which is not supported; save the checkpoint with tensors of the types F32, F16, BF16"),
        ("I64", Entry("t", "I64", "[1]", "[0,8]", 8), "the dtype 'I64'"),
        ("BOOL", Entry("t", "BOOL", "[1]", "[0,1]", 1), "the dtype 'BOOL'"),
        ("F8_E4M3", Entry("t", "F8_E4M3", "[1]", "[0,1]", 1), "the dtype 'F8_E4M3'"),
        ("dtype is a number", RawSafetensors.Build("""{"t":{"dtype":32}}""", 0), "the dtype of tensor 't' (JSON byte 14) must be a string"),
        ("negative size", Entry("t", "F32", "[-1]", "[0,4]", 4), "the shape of tensor 't' (JSON byte 29) must be an array of whole numbers that are not negative"),
        ("fractional size", Entry("t", "F32", "[1.5]", "[0,6]", 6), "the shape of tensor 't' (JSON byte 29) must be an array of whole numbers"),
        ("negative offset", Entry("t", "F32", "[1]", "[-4,0]", 4), "the data_offsets of tensor 't' (JSON byte 48) must be an array of whole numbers"),
        ("fractional offset", Entry("t", "F32", "[1]", "[0,4.0]", 4), "the data_offsets of tensor 't'"),
        ("offset of text", Entry("t", "F32", "[1]", "[0,\"4\"]", 4), "the data_offsets of tensor 't'"),
        ("offset past 2^63", Entry("t", "F32", "[1]", "[9223372036854775808,9223372036854775812]", 4), "the data_offsets of tensor 't'"),
        ("offset near 2^63", Entry("t", "F32", "[1]", "[9223372036854775800,9223372036854775804]", 4), "tensor 't' lies at bytes 9,223,372,036,854,775,800 to"),
        ("nine dimensions", Entry("t", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]", 4), "the shape of tensor 't' (JSON byte 45) must be an array of at most 8 numbers"),
        ("overflowing shape", Entry("t", "F32", "[4294967296,4294967296]", "[0,0]", 0), "has a shape, [4294967296, 4294967296], of more bytes than any file can hold"),
        ("range is not the shape", Entry("t", "F32", "[2]", "[0,4]", 4), "tensor 't' lies at bytes 0 to 4 of the data, but its shape and dtype need 8 bytes"),
        ("range runs backwards", Entry("t", "F32", "[1]", "[4,0]", 4), "tensor 't' lies at bytes 4 to 0 of the data, but its shape and dtype need 4 bytes"),
        ("starts late", Entry("t", "F32", "[1]", "[4,8]", 8), "tensor 't' starts at byte 4 of the data, but the tensors before it end at 0"),
        ("overlap", RawSafetensors.Build("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12), "tensor 'b' starts at byte 4 of the data, but the tensors before it end at 8"),
        ("gap", RawSafetensors.Build("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12), "tensor 'b' starts at byte 8 of the data, but the tensors before it end at 4"),
        ("truncated", Entry("t", "F32", "[10]", "[0,40]", 39), "tensor 't' needs 40 bytes but only 39 are left in the file. The download is probably incomplete; fetch the file again."),
        ("more data than tensors", Entry("t", "F32", "[1]", "[0,4]", 5), "and nothing may follow them"),
    ];

    public static TheoryData<string> CaseNames => [.. Cases.Select(item => item.Case)];

    [Theory, MemberData(nameof(CaseNames))]
    public void A_bad_file_gets_its_own_sentence(string name)
    {
        using var folder = new TemporaryFolder();
        var (_, bytes, sentence) = Cases.Single(item => item.Case == name);
        var path = folder.File("bad.safetensors", bytes);

        var error = Should.Throw<ModelFileException>(() => SafetensorsFile.Open(path));

        error.Path.ShouldBe(path);
        error.Message.ShouldStartWith($"{path}: ");
        error.Message.ShouldContain(sentence);
        Sentences.ShouldBeOneLine(error);
    }

    [Fact]
    public void Every_cut_of_a_valid_file_is_refused()
    {
        var whole = Fuzzing.SmallSafetensors();
        for (var length = 0; length < whole.Length; length++)
            Sentences.ShouldBeOneLine(Should.Throw<ModelFileException>(() => SafetensorsHeader.Parse("m", whole.AsSpan(0, length), length)));
    }

    static byte[] Entry(string name, string dtype, string shape, string offsets, int dataBytes) => RawSafetensors.Build(
        $$$"""{"{{{name}}}":{"dtype":"{{{dtype}}}","shape":{{{shape}}},"data_offsets":{{{offsets}}}}}""", dataBytes);
}
