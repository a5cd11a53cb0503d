using System.Text;
using Ouro.Text;

namespace Ouro.Laws.Text;

public sealed class TokenizerLaws
{
    [Fact]
    public void Every_byte_has_its_own_printable_character()
    {
        var characters = Enumerable.Range(0, 256).Select(value => ByteLevel.CharacterOf((byte)value)).ToArray();

        characters.Distinct().Count().ShouldBe(256);
        foreach (var (value, character) in characters.Index())
        {
            ByteLevel.TryByteOf(character, out var back).ShouldBeTrue();
            back.ShouldBe((byte)value);
            (char.IsControl(character) || char.IsWhiteSpace(character)).ShouldBeFalse();
        }

        ByteLevel.CharacterOf((byte)' ').ShouldBe('Ġ');
        ByteLevel.CharacterOf((byte)'\n').ShouldBe('Ċ');
        ByteLevel.TryByteOf(' ', out _).ShouldBeFalse();
        ByteLevel.TryByteOf('\uFFFF', out _).ShouldBeFalse();
    }

    [Fact]
    public void Decoding_an_encoding_gives_the_text_less_dropped_bytes()
    {
        var random = TextSamples.Random(10);
        for (var i = 0; i < 5_000; i++)
        {
            var text = TextSamples.Text(random, random.Next(1, 20));
            var expected = Encoding.UTF8.GetString([.. Encoding.UTF8.GetBytes(text).Where(value => TextSamples.Real.Encode(((char)value).ToString()).Length > 0 || value >= 128)
                .Where(value => value is not (0xF1 or 0xF2))]);

            TextSamples.Real.Decode(TextSamples.Real.Encode(text)).ShouldBe(expected);
        }
    }

    [Fact]
    public void Plain_text_never_becomes_a_special_token()
    {
        var random = TextSamples.Random(11);
        for (var i = 0; i < 5_000; i++)
            TextSamples.Real.Encode(TextSamples.Text(random, 10)).Where(id => TextSamples.Real.Vocabulary.Kinds[id] == TokenKind.Special).ShouldBeEmpty();

        TextSamples.Real.Decode(TextSamples.Real.Encode("<|im_start|>")).ShouldBe("<|im_start|>");
    }

    [Fact]
    public void Parsed_text_finds_the_earliest_and_longest_added_token()
    {
        var (shorter, longer, middle) = (256, 257, 258);
        var tokenizer = new Tokenizer(TextSamples.Bytes([], PreTokenizerKind.Gpt2, "<a>", "<a><b>", "><"));

        tokenizer.Encode("<a><b>", SpecialText.Parsed).ShouldBe([longer]);
        tokenizer.Encode("<a><c", SpecialText.Parsed).ShouldBe([shorter, '<', 'c']);   // ids below 256 are bytes
        tokenizer.Encode("><a>", SpecialText.Parsed).ShouldBe([middle, 'a', '>']);
    }

    [Fact]
    public void A_stream_shows_what_decoding_at_once_shows_and_never_half_a_character()
    {
        var random = TextSamples.Random(12);
        foreach (var shown in Enum.GetValues<ShownSpecials>())
            for (var i = 0; i < 5_000; i++)
            {
                var ids = TextSamples.Ids(random, random.Next(1, 30), below: random.Next(2) == 0 ? 49_152 : 400);   // below 400: mostly single bytes
                var stream = new TextStream(TextSamples.Real, shown);
                var parts = TextSamples.Streamed(ids, stream.Add, stream.Flush);

                string.Concat(parts).ShouldBe(TextSamples.Real.Decode(ids, shown));
                parts.Where(part => part.Length > 0 && (char.IsHighSurrogate(part[^1]) || char.IsLowSurrogate(part[0]))).ShouldBeEmpty();
            }
    }

    [Fact]
    public void A_stream_waits_for_the_last_byte_of_a_character()
    {
        var stream = new TextStream(TextSamples.Real);
        var ids = TextSamples.Real.Encode("𠀀");

        var parts = ids.Select(stream.Add).ToArray();

        parts[..^1].ShouldAllBe(part => part == "");
        parts[^1].ShouldBe("𠀀");
        stream.Add(ids[0]).ShouldBe("");
        stream.Flush().ShouldBe("\uFFFD");
        stream.Flush().ShouldBe("");
    }

    [Fact]
    public void Special_tokens_are_shown_as_asked()
    {
        int[] ids = [1, .. TextSamples.Real.Encode("hi"), 3, 4, 2];

        TextSamples.Real.Decode(ids).ShouldBe("<|im_start|>hi<think></think><|im_end|>");
        TextSamples.Real.Decode(ids, ShownSpecials.Think).ShouldBe("hi<think></think>");
        TextSamples.Real.Decode(ids, ShownSpecials.None).ShouldBe("hi");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(49_152)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_the_vocabulary_is_refused(int id)
    {
        foreach (var shown in Enum.GetValues<ShownSpecials>())
            Should.Throw<ArgumentOutOfRangeException>(() => TextSamples.Real.Decode([id], shown)).Message.ShouldContain("from 0 to 49151");
        Should.Throw<ArgumentOutOfRangeException>(() => new TextStream(TextSamples.Real).Add(id));
    }

    [Fact]
    public async Task Many_threads_get_the_tokens_that_one_gets()
    {
        var texts = Enumerable.Range(0, 64).Select(seed => TextSamples.Text(TextSamples.Random(seed), 200)).ToArray();
        var alone = texts.Select(text => new Tokenizer(TextSamples.Real.Vocabulary).Encode(text)).ToArray();
        var shared = new Tokenizer(TextSamples.Real.Vocabulary);

        var together = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => texts.Select(text => shared.Encode(text)).ToArray())));

        foreach (var results in together)
            foreach (var (text, ids) in results.Index())
                ids.ShouldBe(alone[text]);
    }
}
