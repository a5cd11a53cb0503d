using System.Text.Json;
using Ouro.Formats;
using Ouro.Laws.Formats;
using Ouro.Laws.Text;
using Ouro.Text;
using Ouro.Training.Data;

namespace Ouro.Laws.Training;

public sealed class ShardLaws : IDisposable
{
    static readonly Tokenizer Tokenizer = new(TextSamples.Tiny);

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Set => _folder.File("set");

    static string Line(string text) => JsonSerializer.Serialize(new Dictionary<string, string> { ["text"] = text });

    ShardReport Write(string lines, long tokensPerShard = 1000) => TokenShardWriter.Write(Set, [_folder.File("a.jsonl", lines)], Tokenizer, tokensPerShard);

    string[] WriteSome(int documents, long tokensPerShard)
    {
        var random = TextSamples.Random(50);
        string[] texts = [.. Enumerable.Range(0, documents).Select(n => $"{n}: the {string.Concat(TextSamples.Ids(random, random.Next(60), 26).Select(letter => (char)('a' + letter)))}")];
        Write(string.Join('\n', texts.Select(Line)), tokensPerShard).Documents.ShouldBe(documents);
        return texts;
    }

    [Theory]
    [InlineData(1000, 1)]
    [InlineData(100, 2)]
    public void What_is_written_is_read(long tokensPerShard, int leastShards)
    {
        var texts = WriteSome(40, tokensPerShard);
        using var shards = TokenShards.Open(Set);

        Directory.GetFiles(Set).Length.ShouldBeGreaterThanOrEqualTo(leastShards);
        shards.DocumentCount.ShouldBe(40);
        shards.TokenCount.ShouldBe(texts.Sum(text => Tokenizer.Encode(text).Length + 1L));
        shards.CheckMadeWith(TextSamples.Tiny);
        for (var n = 0; n < 40; n++)
            shards.Read(n, 0, shards.LengthOf(n)).ShouldSatisfyAllConditions(
                example => example.Ids.ShouldBe([.. Tokenizer.Encode(texts[n]), 0]), example => example.FirstTarget.ShouldBe(1), example => example.Asked.ShouldBeNull());
    }

    [Fact]
    public void Ids_of_a_large_vocabulary_take_four_bytes_and_are_read_too()
    {
        var merges = Enumerable.Range(0, 256).Select(value => ByteLevel.CharacterOf((byte)value)).ToArray();
        var large = new Tokenizer(TextSamples.Bytes(
            [.. merges.SelectMany(left => merges.Select(right => $"{left} {right}"))], PreTokenizerKind.Gpt2, KnownTokens.EndOfText));
        TokenShardWriter.Write(Set, [_folder.File("a.txt", "the text \u00FF")], large);
        using var shards = TokenShards.Open(Set);

        shards.VocabularySize.ShouldBe(256 + 1 + 65_536);
        shards.Read(0, 0, shards.LengthOf(0)).Ids.ShouldBe([.. large.Encode("the text \u00FF"), 256]);
        Should.Throw<ModelFileException>(() => shards.CheckMadeWith(TextSamples.Tiny)).Message.ShouldContain("another tokenizer");
    }

    [Fact]
    public void A_chat_asks_for_every_turn_of_the_assistant()
    {
        Write("""{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"},{"role":"user","content":"so"},{"role":"assistant","content":"no"},{"role":"user","content":"x"}]}""");
        using var shards = TokenShards.Open(Set);
        var example = shards.Read(0, 0, shards.LengthOf(0));

        Tokenizer.Decode(example.Ids).ShouldBe("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n<|im_start|>user\nso<|im_end|>\n<|im_start|>assistant\nno<|im_end|>");
        Tokenizer.Decode([.. example.Ids.Where((_, place) => example.IsTarget(place))]).ShouldBe("yes<|im_end|>no<|im_end|>");
    }

    [Fact]
    public void Every_epoch_has_every_window_once_and_each_token_is_a_target_once()
    {
        WriteSome(30, 200);
        using var shards = TokenShards.Open(Set);
        var source = new ShardExamples(shards, rows: 16, seed: 3);
        var epochs = Enumerable.Range(0, 2).Select(epoch => Enumerable.Range(0, (int)source.EpochLength)
            .Select(n => source[(epoch * source.EpochLength) + n]).ToList()).ToList();

        epochs[0].ShouldAllBe(example => example.RowCount >= 1 && example.RowCount <= 16);
        epochs[0].Sum(example => (long)example.RowCount).ShouldBe(shards.TokenCount - shards.DocumentCount);
        epochs[0].Select(Key).Order().ShouldBe(epochs[1].Select(Key).Order());
        epochs[0].Select(Key).ShouldNotBe(epochs[1].Select(Key));
        Key(new ShardExamples(shards, 16, seed: 3)[7]).ShouldBe(Key(source[7]));

        static string Key(Example example) => string.Join(' ', example.Ids);
    }

    [Fact]
    public void Bad_lines_are_counted_and_the_first_few_are_named()
    {
        string[] lines =
        [
            Line("good"), "{", "[1]", """{"text": 3}""", """{"text": ""}""", "", """{"other": "x"}""", """{"messages": [{"role": "boss", "content": "x"}]}""",
            """{"messages": [{"role": "user", "content": "x"}]}""", """{"messages": [{"role": "user"}]}""", """{"messages": 1}""", "{\"text\": \"\\ud800\"}", Line("also good"),
        ];

        var report = Write(string.Join("\r\n", lines));

        (report.Documents, report.BadLines, report.Shards).ShouldBe((2, 10, 1));
        report.FirstBadLines.Select(bad => bad.Line).ShouldBe([2, 3, 4, 5, 7]);
        report.FirstBadLines[0].Reason.ShouldBe("it is not valid JSON");
        report.FirstBadLines.ShouldAllBe(bad => bad.File.EndsWith("a.jsonl"));
    }

    [Fact]
    public void Plain_texts_are_documents()
    {
        var report = TokenShardWriter.Write(Set, [_folder.File("a.txt", "first\nsecond"), _folder.File("b.txt", [0xFF, 0xFE, 0xFF])], Tokenizer);
        using var shards = TokenShards.Open(Set);

        Tokenizer.Decode(shards.Read(0, 0, shards.LengthOf(0)).Ids).ShouldBe("first\nsecond<|endoftext|>");
        report.BadLines.ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("{\n")]
    public void A_set_without_documents_is_an_error_and_leaves_no_file(string lines)
    {
        var error = Should.Throw<ModelFileException>(() => Write(lines));

        Sentences.ShouldBeOneLine(error);
        Directory.GetFiles(Set).ShouldBeEmpty();
    }

    [Fact]
    public void Sets_that_are_missing_unfinished_or_there_already_are_refused()
    {
        Should.Throw<ModelFileException>(() => TokenShards.Open(Set)).Message.ShouldContain("folder");
        WriteSome(40, 100);
        Should.Throw<ModelFileException>(() => Write(Line("x"))).Message.ShouldContain("already");
        File.Delete(Directory.GetFiles(Set).Order().Last());
        Should.Throw<ModelFileException>(() => TokenShards.Open(Set)).Message.ShouldContain("missing");
    }

    [Fact]
    public void An_id_beyond_the_tokenizer_that_is_only_ever_a_target_is_refused()
    {
        Write(Line("a text"));
        var file = Directory.GetFiles(Set).Single();
        var bytes = File.ReadAllBytes(file);
        int last;
        using (var shards = TokenShards.Open(Set))
            last = shards.LengthOf(0) - 1;
        BitConverter.TryWriteBytes(bytes.AsSpan(ShardHeader.Length + 2 * last), (ushort)TextSamples.Tiny.Count);
        File.WriteAllBytes(file, bytes);
        using (var shards = TokenShards.Open(Set))
            Sentences.ShouldBeOneLine(Should.Throw<ModelFileException>(() => shards.Read(0, 0, last + 1)));

        // A header that allows the id, under the hash of the tokenizer that does not have it.
        BitConverter.TryWriteBytes(bytes.AsSpan(16), (uint)TextSamples.Tiny.Count + 1);
        File.WriteAllBytes(file, bytes);
        using (var shards = TokenShards.Open(Set))
        {
            var problem = Should.Throw<ModelFileException>(() => shards.CheckMadeWith(TextSamples.Tiny));
            Sentences.ShouldBeOneLine(problem);
            problem.Message.ShouldContain($"{TextSamples.Tiny.Count + 1:N0} tokens");
        }
    }

    [Fact]
    public void A_damaged_shard_opens_or_is_refused_in_one_sentence()
    {
        Write(string.Join('\n', Enumerable.Range(0, 5).Select(n => Line($"a text {n}"))));
        var file = Directory.GetFiles(Set).Single();
        var original = File.ReadAllBytes(file);
        var random = TextSamples.Random(51);
        var (read, refused) = (0, 0);
        for (var i = 0; i < 1000; i++)
        {
            File.WriteAllBytes(file, Damage(random, original));
            try
            {
                using var shards = TokenShards.Open(Set);
                var source = new ShardExamples(shards, rows: 4, seed: 1);
                for (var n = 0; n < source.EpochLength; n++)
                    source[n].Ids.ShouldAllBe(id => id >= 0 && id < shards.VocabularySize);
                read++;
            }
            catch (ModelFileException error)
            {
                Sentences.ShouldBeOneLine(error);
                refused++;
            }
        }

        read.ShouldBeGreaterThan(25);
        refused.ShouldBeGreaterThan(250);
    }

    [Fact]
    public void Lines_are_found_wherever_blocks_end()
    {
        var random = TextSamples.Random(52);
        string[] lines = [.. Enumerable.Range(0, 300).Select(n => new string((char)('a' + (n % 26)), random.Next(n % 50 == 0 ? 200_000 : 3000)))];
        var path = _folder.File("long", string.Join('\n', lines));

        ByteLines.Read(path, 1 << 20).Select(line => System.Text.Encoding.ASCII.GetString(line.Bytes.Span)).ShouldBe(lines[^1].Length > 0 ? lines : lines[..^1]);
        ByteLines.Read(path, 1 << 16).Select(line => (line.Number, line.IsWhole))
            .ShouldBe(lines.Select((line, n) => (n + 1L, line.Length < 1 << 16)));
    }

    static byte[] Damage(Random random, byte[] original)
    {
        var bytes = (byte[])original.Clone();
        for (var damages = random.Next(1, 4); damages > 0; damages--)
        {
            var place = random.Next(random.Next(2) == 0 ? 96 : bytes.Length);
            switch (random.Next(4))
            {
                case 0: bytes[place] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[place] = (byte)random.Next(256); break;
                case 2: bytes.AsSpan(place, int.Min(8, bytes.Length - place)).Fill((byte)(random.Next(2) * 255)); break;
                default: return [.. bytes[..random.Next(1, bytes.Length)], .. new byte[random.Next(20)]];
            }
        }

        return bytes;
    }
}
