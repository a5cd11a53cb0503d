using System.Globalization;
using System.Text;
using System.Text.Json;
using Ouro.Chat;
using Ouro.Laws.Text;
using Ouro.Text;

namespace Ouro.Laws.Chat;

public sealed class GrammarLaws
{
    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    static readonly Lazy<TokenTrie> Tiny = new(() => new TokenTrie(new Tokenizer(TextSamples.Tiny)));
    static readonly Lazy<TokenTrie> Real = new(() => new TokenTrie(TextSamples.Real));

    [Fact]
    public void Whatever_is_written_by_chance_fits_the_schema()
    {
        foreach (var schema in SchemaSamples.All)
        {
            var grammar = Grammar.FromSchema(schema);
            for (var seed = 0; seed < 24; seed++)
                ShouldFit(schema, GrammarWalk.Text(grammar, Tiny.Value, TextSamples.Random(seed), tokens: seed * 4));
            ShouldFit(schema, GrammarWalk.Text(grammar, Real.Value, TextSamples.Random(1), tokens: 12));
        }
    }

    [Fact]
    public void What_fits_by_the_stated_rules_is_accepted_and_what_no_longer_fits_is_not()
    {
        var random = TextSamples.Random(30);
        var refused = 0;
        foreach (var schema in SchemaSamples.All)
        {
            var grammar = Grammar.FromSchema(schema);
            var texts = new SchemaTexts(schema, random);
            var check = new SchemaCheck(schema);
            for (var i = 0; i < 40; i++)
            {
                var text = texts.Next();
                grammar.Matches(Encoding.UTF8.GetBytes(text)).ShouldBeTrue($"{schema.GetRawText()} and {text}");

                var changed = Changed(random, Encoding.UTF8.GetBytes(text));
                if (Fits(check, changed))
                    continue;
                grammar.Matches(changed).ShouldBeFalse($"{schema.GetRawText()} and {Encoding.UTF8.GetString(changed)}");
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void Bounds_of_numbers_are_exact()
    {
        var random = TextSamples.Random(31);
        for (var i = 0; i < 60; i++)
        {
            var (low, high) = (random.Next(-300, 300), random.Next(-300, 300));
            var (least, most) = (Math.Min(low, high), Math.Max(low, high));
            var whole = Schema($$"""{"type":"integer","minimum":{{least}},"maximum":{{most}}}""");
            for (var number = -310; number <= 310; number++)
                whole.Matches(Encoding.UTF8.GetBytes(Text(number))).ShouldBe(number >= least && number <= most, $"{number} in {least} to {most}");

            var (from, to) = (least / 64m, most / 64m + 0.25m);
            var (above, below) = (i % 2 == 0 ? "minimum" : "exclusiveMinimum", i % 3 == 0 ? "maximum" : "exclusiveMaximum");
            var any = Schema($$"""{"type":"number","{{above}}":{{Text(from)}},"{{below}}":{{Text(to)}}}""");
            foreach (var number in Enumerable.Range(-200, 400).Select(step => step / 32m).Append(from).Append(to))
            {
                any.Matches(Encoding.UTF8.GetBytes(Text(number))).ShouldBe(
                    (i % 2 == 0 ? number >= from : number > from) && (i % 3 == 0 ? number <= to : number < to), $"{number} in {from} to {to}, {i}");
            }
        }
    }

    [Fact]
    public void Json_mode_writes_objects_only()
    {
        var grammar = Grammar.AnyJson();

        foreach (var text in new[] { "{}", "{\"a\": [1, {\"b\": null}]}", "{\n  \"a\": true\n}" })
            grammar.Matches(Encoding.UTF8.GetBytes(text)).ShouldBeTrue(text);
        foreach (var text in new[] { "", "[]", "1", "{", "{} ", " {}", "{\"a\":1,}", "{\"a\":\"\\uD800\"}", "{\"a\":\"\n\"}", "{\"a\":  1}", "{a:1}", "{\"a\":01}", "{\"a\":1e400}" })
            grammar.Matches(Encoding.UTF8.GetBytes(text)).ShouldBeFalse(text);
        for (var seed = 0; seed < 40; seed++)
            ShouldFit(JsonElement.Parse("""{"type":"object"}"""), GrammarWalk.Text(grammar, Tiny.Value, TextSamples.Random(seed), tokens: 3 * seed));
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_no_part_of_a_string()
    {
        var grammar = Schema("""{"type":"string"}""");
        foreach (var bytes in new byte[][] { [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82], [0xFF] })
            grammar.Matches([(byte)'"', .. bytes, (byte)'"']).ShouldBeFalse(Convert.ToHexString(bytes));
        foreach (var text in new[] { "\u0080", "\u07FF", "\u0800", "\uD7FF", "\uE000", "\uFFFF", "\U00010000", "\U0010FFFF" })
            grammar.Matches(Encoding.UTF8.GetBytes($"\"{text}\"")).ShouldBeTrue();
    }

    [Fact]
    public void Nesting_ends_where_readers_of_json_would_give_up()
    {
        var grammar = Schema("true");
        string Nested(int levels) => new string('[', levels) + new string(']', levels);

        grammar.Matches(Encoding.UTF8.GetBytes(Nested(Grammar.MostNesting))).ShouldBeTrue();
        grammar.Matches(Encoding.UTF8.GetBytes(Nested(Grammar.MostNesting + 1))).ShouldBeFalse();
    }

    [Fact]
    public void Grammars_can_be_put_together()
    {
        var call = Grammar.Sequence(
            Grammar.Literal("<tool_call>\n{\"name\": \"f\", \"arguments\": "), Schema("""{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"]}"""), Grammar.Literal("}\n</tool_call>"));
        var either = Grammar.OneOf(call, Grammar.Literal("none"));

        either.Matches("none"u8).ShouldBeTrue();
        either.Matches("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 4}}\n</tool_call>"u8).ShouldBeTrue();
        either.Matches("<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>"u8).ShouldBeFalse();
        Grammar.Sequence().Matches(""u8).ShouldBeTrue();
        Should.Throw<ArgumentException>(() => Grammar.OneOf());
        Grammar.OneOf(Schema("""{"oneOf":[true]}"""), Schema("""{"format":"color","type":"string"}""")).Warnings.Count.ShouldBe(2);
    }

    static Grammar Schema(string text) => Grammar.FromSchema(JsonElement.Parse(text));

    static string Text(decimal number) => number.ToString(CultureInfo.InvariantCulture);

    static void ShouldFit(JsonElement schema, byte[] text)
    {
        using var document = JsonDocument.Parse(text);
        Strict.GetString(text).ShouldNotBeEmpty();
        ReadTexts(document.RootElement);
        new SchemaCheck(schema).Fits(document.RootElement).ShouldBeTrue($"{schema.GetRawText()} and {Encoding.UTF8.GetString(text)}");
    }

    /// <summary>Looks at every text in a value, which fails where one is not Unicode.</summary>
    static void ReadTexts(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            value.GetString().ShouldNotBeNull();
        if (value.ValueKind == JsonValueKind.Array)
            value.EnumerateArray().ToList().ForEach(ReadTexts);
        if (value.ValueKind != JsonValueKind.Object)
            return;

        foreach (var member in value.EnumerateObject())
        {
            member.Name.ShouldNotBeNull();
            ReadTexts(member.Value);
        }
    }

    static bool Fits(SchemaCheck check, byte[] text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return check.Fits(document.RootElement);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The text with a byte changed, left out, put in or doubled, or cut short.</summary>
    static byte[] Changed(Random random, byte[] text)
    {
        var at = random.Next(text.Length);
        var other = "{}[]\",:0123456789-.eE truefalsnx\\\n\u00E9"u8;
        return random.Next(5) switch
        {
            0 => [.. text[..at], other[random.Next(other.Length)], .. text[(at + 1)..]],
            1 => [.. text[..at], .. text[(at + 1)..]],
            2 => [.. text[..at], other[random.Next(other.Length)], .. text[at..]],
            3 => [.. text[..at], text[at], .. text[at..]],
            _ => text[..at],
        };
    }
}
