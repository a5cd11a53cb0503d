using System.Text;
using System.Text.Json;
using Ouro.Chat;

namespace Ouro.Laws.Chat;

/// <summary>Schemas that cannot be followed, or were made to hurt: one sentence each, and soon.</summary>
public sealed class SchemaRefusalLaws
{
    [Theory]
    [InlineData("""[]""", "#", "a schema is an object")]
    [InlineData("""{"type":"text"}""", "#/type", "found 'text'; expected one of object")]
    [InlineData("""{"type":[]}""", "#", "no value can ever fit")]
    [InlineData("""{"type":3}""", "#/type", "expected a text")]
    [InlineData("""false""", "#", "no value can ever fit")]
    [InlineData("""{"properties":{"a/b":{"patternProperties":{}}}}""", "#/properties/a~1b/patternProperties", "'patternProperties' cannot be kept to")]
    [InlineData("""{"items":{"uniqueItems":true}}""", "#/items/uniqueItems", "'uniqueItems' cannot be kept to")]
    [InlineData("""{"not":{}}""", "#/not", "'not'")]
    [InlineData("""{"if":{},"then":{}}""", "#/if", "use 'anyOf'")]
    [InlineData("""{"multipleOf":5}""", "#/multipleOf", "'multipleOf'")]
    [InlineData("""{"type":"object","minProperties":1}""", "#/minProperties", "'required'")]
    [InlineData("""{"type":"object","maxProperties":1}""", "#/maxProperties", "declare only")]
    [InlineData("""{"properties":{},"required":["a"],"additionalProperties":false}""", "#/additionalProperties", "'a' is required")]
    [InlineData("""{"properties":{"a":false},"required":["a"]}""", "#", "no value can ever fit")]
    [InlineData("""{"properties":[]}""", "#/properties", "found a list; expected an object")]
    [InlineData("""{"properties":{"a":{},"a":{}}}""", "#/properties", "declared twice")]
    [InlineData("""{"required":"a"}""", "#/required", "expected a list")]
    [InlineData("""{"items":[{}]}""", "#/items", "use 'prefixItems'")]
    [InlineData("""{"minItems":3,"maxItems":2,"items":{}}""", "#/minItems", "fewer are allowed")]
    [InlineData("""{"minItems":-1,"items":{}}""", "#/minItems", "a whole number from 0 up")]
    [InlineData("""{"prefixItems":[{}],"items":false,"minItems":2}""", "#/minItems", "fewer are allowed")]
    [InlineData("""{"minLength":1e9}""", "#/minLength", "no reply is that long")]
    [InlineData("""{"minLength":5,"maxLength":4}""", "#/maxLength", "fewer are allowed")]
    [InlineData("""{"minItems":90000,"items":{"type":"array","minItems":90000,"items":{"minItems":90000,"items":{"type":"null"}}}}""", "#", "the shortest value")]
    [InlineData("""{"enum":[]}""", "#/enum", "no value is listed")]
    [InlineData("""{"enum":["a"],"minLength":1}""", "#/enum", "'minLength' stands beside it")]
    [InlineData("""{"type":"integer","enum":["a",1.5]}""", "#/enum", "no value is listed")]
    [InlineData("""{"const":1,"enum":[1]}""", "#/const", "keep one")]
    [InlineData("""{"anyOf":[]}""", "#/anyOf", "it lists no schema")]
    [InlineData("""{"anyOf":[true],"oneOf":[true]}""", "#/oneOf", "keep one")]
    [InlineData("""{"anyOf":[3]}""", "#/anyOf/0", "expected a schema")]
    [InlineData("""{"allOf":[{"minLength":1},{"minLength":2}]}""", "#/allOf/1/minLength", "put both into one")]
    [InlineData("""{"allOf":[{"properties":{"a":{}},"additionalProperties":false},{"properties":{"b":{}}}]}""", "#/allOf/1", "rules it out")]
    [InlineData("""{"allOf":[{"properties":{"a":true}},{"properties":{"a":false}}]}""", "#/allOf/1/properties/a", "describes this member differently")]
    [InlineData("""{"$ref":"https://example.org/x"}""", "#/$ref", "leads elsewhere")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "#/$ref", "names a place that is not there")]
    [InlineData("""{"$ref":"#name"}""", "#/$ref", "leads elsewhere")]
    [InlineData("""{"$ref":"#"}""", "#", "refers to itself without an end")]
    [InlineData("""{"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}""", "#", "refers to itself without an end")]
    [InlineData("""{"allOf":[{"$ref":"#"}]}""", "#/allOf/0", "refers back to itself")]
    [InlineData("""{"properties":{"n":{"$ref":"#"}},"required":["n"]}""", "#", "refers to itself without an end")]
    [InlineData("""{"properties":{"n":{"$ref":"#","required":["n"]}}}""", "#", "refers back to itself")]
    [InlineData("""{"type":"integer","minimum":5,"maximum":4}""", "#", "no number that can be written")]
    [InlineData("""{"type":"integer","minimum":1e25}""", "#", "more than 64 bits")]
    [InlineData("""{"type":"number","minimum":1e300}""", "#/minimum", "no number that can be written")]
    [InlineData("""{"type":"number","minimum":1e-40}""", "#/minimum", "use 0")]
    [InlineData("""{"type":"number","exclusiveMinimum":1,"maximum":1}""", "#", "no number that can be written")]
    [InlineData("""{"type":"number","minimum":"1"}""", "#/minimum", "expected a number")]
    [InlineData("""{"pattern":"(?=a)"}""", "#/pattern", "only '(?:'")]
    [InlineData("""{"pattern":"(a)\\1"}""", "#/pattern", "'\\1' cannot be followed")]
    [InlineData("""{"pattern":"\\bword"}""", "#/pattern", "'\\b' cannot be followed")]
    [InlineData("""{"pattern":"\\p{L}"}""", "#/pattern", "'\\p' cannot be followed")]
    [InlineData("""{"pattern":"(a"}""", "#/pattern", "a '(' has no ')'")]
    [InlineData("""{"pattern":"a)"}""", "#/pattern", "a ')' has no '('")]
    [InlineData("""{"pattern":"[a"}""", "#/pattern", "a '[' has no ']'")]
    [InlineData("""{"pattern":"[^\\S]"}""", "#/pattern", "double negation")]
    [InlineData("""{"pattern":"[]"}""", "#/pattern", "holds no character")]
    [InlineData("""{"pattern":"[b-a]"}""", "#/pattern", "backwards")]
    [InlineData("""{"pattern":"*"}""", "#/pattern", "repeats nothing")]
    [InlineData("""{"pattern":"a{3,2}"}""", "#/pattern", "backwards")]
    [InlineData("""{"pattern":"a{999999999999}"}""", "#/pattern", "a count is above")]
    [InlineData("""{"pattern":"(a*){0,1000}"}""", "#/pattern", "may be empty")]
    [InlineData("""{"pattern":"a^b"}""", "#/pattern", "only stand at its ends")]
    [InlineData("""{"pattern":"a$b"}""", "#/pattern", "'$' is not at the end")]
    [InlineData("""{"pattern":"(a$)"}""", "#/pattern", "only stand at its ends")]
    [InlineData("""{"pattern":"a\\"}""", "#/pattern", "it ends with '\\'")]
    [InlineData("""{"pattern":"\\uD800"}""", "#/pattern", "half a surrogate pair")]
    [InlineData("""{"pattern":"^ab*$","maxLength":3}""", "#/pattern", "write the length into the pattern")]
    [InlineData("""{"pattern":"^a{5,9}$","maxLength":3}""", "#/pattern", "no text matches")]
    [InlineData("""{"const":"\uD800"}""", "#", "not valid Unicode")]
    [InlineData("""{"properties":{"\uD800":{}}}""", "#", "not valid Unicode")]
    public void A_schema_that_cannot_be_followed_is_refused_in_one_sentence_that_names_the_place(string schema, string pointer, string finding)
        => ShouldBeRefused(schema, pointer, finding);

    [Fact]
    public void Hostile_schemas_are_refused_by_their_size()
    {
        string Nested(int levels, string open, string close) => new StringBuilder().Insert(0, open, levels) + "true" + new StringBuilder().Insert(0, close, levels);

        ShouldBeRefused(Nested(40, """{"minItems":1,"items":""", "}"), "#", "at least 40 levels deep");
        ShouldBeRefused(Nested(200, """{"items":""", "}"), "#", "nests deeper than 64 levels");
        ShouldBeRefused("""{"enum":[""" + string.Join(',', Enumerable.Range(0, 60_000)) + "]}", "#", "bytes; at most");
        ShouldBeRefused("""{"const":""" + Nested(30, "[", "]") + "}", "#/const", "nests deeper than 24 levels");
        ShouldBeRefused("""{"pattern":"^""" + new string('a', 3000) + "\"}", "#/pattern", "at most 2,000");
        ShouldBeRefused("""{"pattern":"^""" + new string('(', 300) + new string(')', 300) + "\"}", "#/pattern", "groups nest deeper");
        ShouldBeRefused(
            """{"properties":{""" + string.Join(',', Enumerable.Range(0, 600).Select(i => $"\"p{i}\":{{}}")) + "}}", "#", "600 members; at most 512");

        // Each of these doubles what the next one unfolds to.
        var doubling = string.Join(',', Enumerable.Range(0, 25).Select(i => $$"""  "d{{i}}":{"allOf":[{"$ref":"#/$defs/d{{i + 1}}"},{"$ref":"#/$defs/d{{i + 1}}"}]}"""));
        ShouldBeRefused("""{"$ref":"#/$defs/d0","$defs":{""" + doubling + """ ,"d25":{"type":"null"}}}""", null, "too often");
        var alternatives = string.Concat(Enumerable.Repeat("""{"type":"object","anyOf":[{"required":["a"]},""", 14)) + "{}" + string.Concat(Enumerable.Repeat("]}", 14));
        Grammar.FromSchema(JsonElement.Parse(alternatives)).Matches("{\"a\":1}"u8).ShouldBeTrue();
    }

    [Fact]
    public void What_is_large_and_harmless_is_followed()
    {
        var words = Grammar.FromSchema(JsonElement.Parse("""{"enum":[""" + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"w{i}\"")) + "]}"));
        words.Matches("\"w19999\""u8).ShouldBeTrue();
        words.Matches("\"w20000\""u8).ShouldBeFalse();

        var members = Grammar.FromSchema(JsonElement.Parse("""{"properties":{""" + string.Join(',', Enumerable.Range(0, 500).Select(i => $"\"p{i}\":{{\"type\":\"null\"}}")) + "}}"));
        members.Matches("{\"p3\":null,\"p499\":null}"u8).ShouldBeTrue();
        members.Matches("{\"p4\":null,\"p3\":null}"u8).ShouldBeFalse();

        // A long chain of references, each to the one before, so that what can end is learnt at the last moment.
        var chain = Grammar.FromSchema(JsonElement.Parse(
            """{"$ref":"#/$defs/d4000","$defs":{"d0":{"type":"null"},""" + string.Join(',', Enumerable.Range(1, 4000).Select(i => $$"""  "d{{i}}":{"$ref":"#/$defs/d{{i - 1}}"}""")) + "}}"));
        chain.Matches("null"u8).ShouldBeTrue();

        var ambiguous = Grammar.FromSchema(JsonElement.Parse("""{"pattern":"^((a{0,900}){1,50}b?){1,50}$"}"""));
        ambiguous.Matches(Encoding.UTF8.GetBytes("\"" + new string('a', 60) + "\"")).ShouldBeTrue();
    }

    static void ShouldBeRefused(string schema, string? pointer, string finding)
    {
        var element = JsonElement.Parse(schema, new JsonDocumentOptions { MaxDepth = 1000, AllowDuplicateProperties = true });
        var refusal = Should.Throw<SchemaException>(() => Grammar.FromSchema(element), schema[..Math.Min(200, schema.Length)]);

        if (pointer is not null)
            refusal.Pointer.ShouldBe(pointer);
        refusal.Message.ShouldContain(finding);
        refusal.Message.ShouldEndWith(".");
        refusal.Message.ShouldNotContain("\n");
        refusal.Message.Length.ShouldBeLessThan(500);
    }
}
