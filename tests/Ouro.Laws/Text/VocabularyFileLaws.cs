using System.Text;
using System.Text.Json.Nodes;
using Ouro.Formats;
using Ouro.Text;

namespace Ouro.Laws.Text;

public sealed class VocabularyFileLaws : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ouro-vocabulary-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_is_written_reads_back_equal()
    {
        var merges = new[] { "a b", "ab c", "Ġ a" };
        var specials = TextSamples.Bytes(merges, PreTokenizerKind.Gpt2, "<|x|>", "<\"\\é\n😀>");
        var kinds = specials.Kinds.ToArray();
        kinds[257] = TokenKind.UserDefined;
        var vocabulary = new Vocabulary("test", specials.Tokens.ToArray(), kinds, merges, PreTokenizerKind.Gpt2, new SpecialIds(256, 257, null, 3), "{{ \"<é>\" }}\n");

        foreach (var original in new[] { vocabulary, TextSamples.Tiny })
        {
            TokenizerJson.Write(_folder.FullName, original);

            ShouldBeEqual(TokenizerJson.Read(_folder.FullName), original);
            ShouldBeEqual(GgufVocabulary.From(GgufVocabulary.To(original), "test"), original);
        }
    }

    [Fact]
    public void Both_spellings_of_merges_read_equal()
    {
        var json = Tiny();
        var pairs = json["model"]!["merges"]!.AsArray();
        json["model"]!["merges"] = new JsonArray([.. pairs.Select(pair => JsonValue.Create($"{pair![0]} {pair[1]}"))]);

        ShouldBeEqual(ReadEdited(json), ReadEdited(Tiny()));
    }

    [Fact]
    public void Roles_and_template_come_from_the_files_beside()
    {
        var vocabulary = TextSamples.Tiny;

        vocabulary.Specials.ShouldBe(new SpecialIds(0, 0, 0, 0));
        vocabulary.ChatTemplate.ShouldNotBeNull().ShouldContain("<|im_start|>assistant");
        vocabulary.StopIds.ShouldBe([0, 2]);
    }

    [Fact]
    public void Configuration_goes_before_the_map_and_the_template_file_before_both()
    {
        File.Copy(TextSamples.File("tiny-bf16/tokenizer.json"), Path("tokenizer.json"));
        File.WriteAllText(Path("tokenizer_config.json"), """
            {"eos_token": {"content": "<|im_end|>", "lstrip": false}, "pad_token": null,
             "chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]}
            """);
        File.WriteAllText(Path("special_tokens_map.json"), """{"eos_token": "<|endoftext|>", "bos_token": "<|im_start|>"}""");

        var named = TokenizerJson.Read(_folder.FullName);
        File.WriteAllText(Path("chat_template.jinja"), "J");

        named.Specials.ShouldBe(new SpecialIds(Bos: 1, Eos: 2));
        named.ChatTemplate.ShouldBe("D");
        TokenizerJson.Read(_folder.FullName).ChatTemplate.ShouldBe("J");
    }

    [Theory]
    [InlineData("$.normalizer", """{"type": "NFC"}""", "normalizer, 'NFC'")]
    [InlineData("$.model.type", "\"Unigram\"", "'Unigram'")]
    [InlineData("$.model.type", "\"WordPiece\"", "'WordPiece'")]
    [InlineData("$.model.byte_fallback", "true", "byte_fallback")]
    [InlineData("$.model.ignore_merges", "true", "ignore_merges")]
    [InlineData("$.model.dropout", "0.1", "dropout")]
    [InlineData("$.model.unk_token", "\"<unk>\"", "unk_token")]
    [InlineData("$.model.end_of_word_suffix", "\"</w>\"", "end_of_word_suffix")]
    [InlineData("$.pre_tokenizer", """{"type": "Metaspace"}""", "'Metaspace'")]
    [InlineData("$.pre_tokenizer", "null", "no pre-tokenizer")]
    [InlineData("$.pre_tokenizer", """{"type": "Sequence", "pretokenizers": [{"type": "Split"}, {"type": "ByteLevel"}]}""", "'Split, ByteLevel'")]
    [InlineData("$.pre_tokenizer.pretokenizers[0].individual_digits", "false", "individual_digits")]
    [InlineData("$.pre_tokenizer.pretokenizers[1].add_prefix_space", "true", "add_prefix_space")]
    [InlineData("$.pre_tokenizer.pretokenizers[1].use_regex", "false", "use_regex")]
    [InlineData("$.post_processor", """{"type": "TemplateProcessing"}""", "'TemplateProcessing'")]
    [InlineData("$.decoder", "null", "decoder is missing")]
    [InlineData("$.added_tokens[0].lstrip", "true", "lstrip")]
    [InlineData("$.added_tokens[0].id", "1", "id 1")]
    [InlineData("$.added_tokens[0].id", "-7", "id -7")]
    [InlineData("$.model.vocab.the", "900", "hole")]
    [InlineData("$.model.vocab.the", "5", "both have the id 5")]
    [InlineData("$.model.vocab.the", "1.5", "not an integer")]
    [InlineData("$.model.merges[0]", """["h", "e", "x"]""", "merge 0")]
    [InlineData("$.model.merges[0]", """["h", "zzz"]""", "needs the token 'hzzz'")]
    [InlineData("$.model", """{"type": "BPE", "vocab": {"a": 0}}""", "no merges")]
    [InlineData("$.model", """{"type": "BPE", "merges": []}""", "no vocabulary")]
    [InlineData("$.model.merges[1]", """["h", "e"]""", "repeats merge 0")]
    [InlineData("$.model.merges[0]", "\"he\"", "one space")]
    [InlineData("$.model.merges[0]", "7", "merge 0")]
    [InlineData("$.model.merges", "null", "'merges'")]
    [InlineData("$.model", "[]", "'model'")]
    public void What_Ouro_does_not_have_or_cannot_be_is_refused_by_name(string place, string value, string finding)
    {
        var json = Tiny();
        Set(json, place, value);

        Refusal(() => ReadEdited(json)).ShouldContain(finding);
    }

    [Theory]
    [InlineData("\"content\": \"<think>\"", "\"content\": \"\\ud800\"")]
    [InlineData("\"special\": true", "\"sp\\udc00l\": true")]
    [InlineData("\"the\": ", "\"\\ud83d\": ")]
    [InlineData("\"h\",", "\"\\ud800\",")]
    public void Half_a_surrogate_pair_in_an_escape_is_refused(string text, string damaged)
    {
        var json = File.ReadAllText(TextSamples.File("tiny-bf16/tokenizer.json"));
        File.WriteAllText(Path("tokenizer.json"), json.Replace(text, damaged, StringComparison.Ordinal));

        Refusal(() => TokenizerJson.Read(_folder.FullName)).ShouldContain("Unicode");
    }

    [Theory]
    [InlineData("a a", "both 'a'")]
    [InlineData("a b", "needs the token 'ab'")]
    [InlineData("a ab b", "uses the special token 'ab'")]
    [InlineData("a ☃", "U+2603")]
    public void A_vocabulary_that_contradicts_itself_is_refused(string tokens, string finding)
    {
        var list = tokens.Split(' ');
        var kinds = Enumerable.Repeat(TokenKind.Normal, list.Length).ToArray();
        if (list is ["a", "ab", "b"])
            kinds[1] = TokenKind.Special;   // merging must not be able to make it

        Refusal(() => _ = new Vocabulary("test", list, kinds, ["a b"], PreTokenizerKind.Gpt2, new SpecialIds(), null)).ShouldContain(finding);
    }

    [Fact]
    public void Roles_kinds_and_counts_are_checked()
    {
        Vocabulary Make(string[] tokens, TokenKind[] kinds, SpecialIds specials) => new("test", tokens, kinds, [], PreTokenizerKind.Gpt2, specials, null);

        Refusal(() => Make([], [], new())).ShouldContain("no tokens");
        Refusal(() => Make(["a"], [], new())).ShouldContain("one for each");
        Refusal(() => Make([""], [TokenKind.Normal], new())).ShouldContain("empty");
        Refusal(() => Make(["a"], [(TokenKind)9], new())).ShouldContain("type 9");
        Refusal(() => Make(["\uD800"], [TokenKind.Special], new())).ShouldContain("Unicode");
        Refusal(() => Make(["a"], [TokenKind.Normal], new(Eos: 1))).ShouldContain("eos token is 1");
        Refusal(() => Make(["a"], [TokenKind.Normal], new(Bos: -1))).ShouldContain("bos token is -1");
    }

    [Fact]
    public void Gguf_fields_that_lack_types_or_the_cut_of_digits_are_completed_from_the_merges()
    {
        var fields = GgufVocabulary.To(TextSamples.Tiny);

        ShouldBeEqual(GgufVocabulary.From(fields with { TokenTypes = null, Pre = null }, "test"), TextSamples.Tiny);
        fields.Pre.ShouldBe("smollm");
        GgufVocabulary.From(GgufVocabulary.To(TextSamples.Bytes(["a 1"])) with { Pre = "default" }, "test").PreTokenizer.ShouldBe(PreTokenizerKind.Gpt2);
    }

    [Fact]
    public void Gguf_fields_of_another_tokenizer_are_refused()
    {
        var fields = GgufVocabulary.To(TextSamples.Tiny);

        Refusal(() => GgufVocabulary.From(fields with { Model = "llama" }, "test")).ShouldContain("'llama'");
        Refusal(() => GgufVocabulary.From(fields with { Pre = "qwen2" }, "test")).ShouldContain("'qwen2'");
        Refusal(() => GgufVocabulary.From(fields with { Merges = null }, "test")).ShouldContain("merges is missing");
        Refusal(() => GgufVocabulary.From(fields with { Eos = long.MaxValue }, "test")).ShouldContain("eos");
        Refusal(() => GgufVocabulary.From(fields with { TokenTypes = [1] }, "test")).ShouldContain("one for each");
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_named()
        => Refusal(() => TokenizerJson.Read(_folder.FullName)).ShouldContain("no tokenizer.json");

    [Fact]
    public void A_damaged_file_is_read_or_refused_in_one_line()
    {
        var random = TextSamples.Random(30);
        var original = File.ReadAllBytes(TextSamples.File("tiny-bf16/tokenizer.json"));
        var beside = TokenizerSettings.Beside(Path("tokenizer.json"));
        var (read, refused) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            try
            {
                new Tokenizer(new TokenizerJsonReader("test", Damage(random, original)).Read(beside)).Encode("the dog 12");
                read++;
            }
            catch (ModelFileException refusal)
            {
                refusal.Message.ShouldNotContain('\n');
                refused++;
            }
        }

        read.ShouldBeGreaterThan(100);
        refused.ShouldBeGreaterThan(10_000);
    }

    static byte[] Damage(Random random, byte[] original)
    {
        var bytes = original.ToList();
        for (var damages = random.Next(1, 4); damages > 0; damages--)
        {
            var place = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[place] = (byte)random.Next(256); break;
                case 1: bytes[place] = (byte)"\"\\{}[],:0-en "[random.Next(13)]; break;
                case 2: bytes.RemoveRange(place, int.Min(random.Next(30), bytes.Count - place)); break;
                case 3: bytes.InsertRange(place, bytes.GetRange(place, int.Min(random.Next(60), bytes.Count - place))); break;
                default: bytes.InsertRange(place, Encoding.ASCII.GetBytes(random.Next(2) == 0 ? "\\ud800" : "99999999999")); break;
            }
        }

        return [.. bytes];
    }

    static string Refusal(Action act)
    {
        var message = Should.Throw<ModelFileException>(act).Message;
        message.ShouldNotContain('\n');
        return message;
    }

    static void ShouldBeEqual(Vocabulary actual, Vocabulary expected)
    {
        actual.Tokens.ToArray().ShouldBe(expected.Tokens.ToArray());
        actual.Kinds.ToArray().ShouldBe(expected.Kinds.ToArray());
        actual.Merges.ToArray().ShouldBe(expected.Merges.ToArray());
        actual.PreTokenizer.ShouldBe(expected.PreTokenizer);
        actual.Specials.ShouldBe(expected.Specials);
        actual.ChatTemplate.ShouldBe(expected.ChatTemplate);
    }

    static JsonNode Tiny() => JsonNode.Parse(File.ReadAllText(TextSamples.File("tiny-bf16/tokenizer.json")))!;

    /// <summary>Sets a value; <paramref name="place"/> is "$" and then .name or [index] steps.</summary>
    static void Set(JsonNode root, string place, string value)
    {
        var steps = place.Replace("[", ".[", StringComparison.Ordinal).Split('.')[1..];
        var node = steps[..^1].Aggregate(root, (at, step) => step[0] == '[' ? at[int.Parse(step[1..^1], null)]! : at[step]!);
        if (steps[^1][0] == '[')
            node[int.Parse(steps[^1][1..^1], null)] = JsonNode.Parse(value);
        else
            node[steps[^1]] = JsonNode.Parse(value);
    }

    string Path(string file) => System.IO.Path.Combine(_folder.FullName, file);

    Vocabulary ReadEdited(JsonNode json)
    {
        File.WriteAllText(Path("tokenizer.json"), json.ToJsonString());
        return TokenizerJson.Read(Path("tokenizer.json"));
    }
}
