using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ouro.Text;

namespace Ouro.Golden;

/// <summary>The real Ouro tokenizer against encodings and decodings made by the official library.</summary>
public sealed class TokenizerGolden
{
    static readonly Lazy<Tokenizer> Real = new(() => new Tokenizer(TokenizerJson.Read(GoldenData.Path("../../../src/Ouro.Text/ouro.tokenizer.json"))));

    static readonly Lazy<Dictionary<int, JsonElement>> Golden = new(() => File.ReadLines(GoldenData.Path("tokenizer/golden.jsonl"))
        .Select(line => JsonElement.Parse(line)).ToDictionary(row => row.GetProperty("n").GetInt32()));

    public static TheoryData<int> Rows => [.. Golden.Value.Keys];

    public static TheoryData<int> EncodeRows
        => [.. Golden.Value.Where(row => row.Value.GetProperty("kind").GetString() == "encode").Select(row => row.Key)];

    static Tokenizer Ouro => Real.Value;

    [Theory, MemberData(nameof(EncodeRows))]
    public void Text_encodes_as_the_official_library_encodes_it(int row)
    {
        var golden = Row(row);

        Ouro.Encode(InputOf(golden), SpecialText.Parsed).ShouldBe(Ids(golden));
    }

    [Theory, MemberData(nameof(Rows))]
    public void Ids_decode_as_the_official_library_decodes_them(int row)
    {
        var golden = Row(row);

        Ouro.Decode(Ids(golden)).ShouldBe(golden.GetProperty("decoded").GetString());
        Ouro.Decode(Ids(golden), ShownSpecials.None).ShouldBe(golden.GetProperty("decoded_skip_special").GetString());
    }

    [Theory, MemberData(nameof(Rows))]
    public void A_stream_shows_the_same_text_as_decoding_at_once(int row)
    {
        var golden = Row(row);
        var stream = new TextStream(Ouro);

        var text = string.Concat(Ids(golden).Select(stream.Add)) + stream.Flush();

        text.ShouldBe(golden.GetProperty("decoded").GetString());
    }

    [Theory]
    [InlineData(
        "The archivist records the order of every page and verifies the final index.",
        new[] { 504, 2457, 22809, 4585, 260, 1686, 282, 897, 3013, 284, 2303, 5638, 260, 3403, 4218, 30 })]
    [InlineData(
        "A gardener measures the water supplied to four trees",
        new[] { 49, 32584, 3736, 260, 913, 12919, 288, 1876, 3417 })]
    public void Published_benchmark_sentences_encode_as_published(string text, int[] ids)
        => Ouro.Encode(text).ShouldBe(ids);

    [Fact]
    public void The_real_vocabulary_is_the_published_one()
    {
        var vocabulary = Ouro.Vocabulary;

        vocabulary.Count.ShouldBe(49_152);
        vocabulary.Merges.Length.ShouldBe(48_900);
        vocabulary.PreTokenizer.ShouldBe(PreTokenizerKind.DigitsThenGpt2);
        Enumerable.Range(0, 49_152).Where(id => vocabulary.Kinds[id] == TokenKind.Special).ShouldBe(Enumerable.Range(0, 17));
        vocabulary.Find(KnownTokens.Think).ShouldBe(3);
        vocabulary.Find(KnownTokens.ThinkEnd).ShouldBe(4);
        vocabulary.StopIds.ShouldBe([0, 2]);
    }

    [Fact]
    public void Two_hundred_and_thirty_five_bytes_have_a_token_and_the_others_are_dropped()
    {
        byte[] without = [0x04, 0x06, 0x13, 0x14, 0x16, 0x1D, 0xC0, 0xC1, 0xF1, 0xF2, .. Enumerable.Range(0xF5, 11).Select(value => (byte)value)];

        var single = Enumerable.Range(17, 49_152 - 17).Select(id => Ouro.BytesOf(id).ToArray()).Where(bytes => bytes.Length == 1).Select(bytes => bytes[0]).ToArray();

        single.Length.ShouldBe(235);
        Enumerable.Range(0, 256).Select(value => (byte)value).Except(single).ShouldBe(without);
        Ouro.Encode("!\u0004!").ShouldBe(Ouro.Encode("!!"));
        Ouro.Encode("!!").Length.ShouldBe(1);
    }

    [Fact]
    public void Written_files_are_the_published_ones_byte_for_byte()
    {
        var folder = Directory.CreateTempSubdirectory("ouro-tokenizer-");
        try
        {
            TokenizerJson.Write(folder.FullName, Ouro.Vocabulary);

            Sha256(folder, "tokenizer.json").ShouldBe("fcb808fe5e7642f5299be28aea07fc7f6d4f4364c3ac5e408e15a772cbc8fa8d");
            Sha256(folder, "vocab.json").ShouldBe("7b9de3f47796abf8d00ab96be299fea0dc9afdf1827f34e7e0b9fb44593efe5c");
            Sha256(folder, "merges.txt").ShouldBe("0b54e8aa4e53d5383e2e4bc635a56b43f9647f7b13832d5d9ecd8f82dac4f510");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Prose_survives_encoding_and_decoding()
    {
        var text = File.ReadAllText(GoldenData.Path("tokenizer/alice.txt"));

        var ids = Ouro.Encode(text);

        Ouro.Decode(ids).ShouldBe(text);
        ids.Length.ShouldBeLessThan(text.Length / 3);
    }

    static string Sha256(DirectoryInfo folder, string file)
        => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder.FullName, file))));

    static JsonElement Row(int number) => Golden.Value[number];

    static int[] Ids(JsonElement row) => [.. row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>The exact input: bytes that need not be UTF-8, or UTF-16 units that need not be pairs, else the text.</summary>
    static string InputOf(JsonElement row)
    {
        if (row.TryGetProperty("bytes_hex", out var bytes))
            return Encoding.UTF8.GetString(Convert.FromHexString(bytes.GetString()!));
        if (row.TryGetProperty("utf16", out var units))
            return string.Concat(units.EnumerateArray().Select(unit => (char)int.Parse(unit.GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture)));

        return row.GetProperty("text").GetString()!;
    }

    [Fact]
    public void The_embedded_vocabulary_is_the_published_one_with_a_chat_format()
    {
        var vocabulary = OuroVocabulary.Instance;

        vocabulary.Tokens.ToArray().ShouldBe(Real.Value.Vocabulary.Tokens.ToArray());
        vocabulary.StopIds.ShouldBe([0, 2]);
        ChatMl.FitsIn(vocabulary).ShouldBeTrue();
        vocabulary.ChatTemplate.ShouldNotBeNull();
    }
}
