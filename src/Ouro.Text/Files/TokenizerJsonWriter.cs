using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ouro.Text;

/// <summary>Writes tokenizer files in the published layout: two spaces of indentation, ids ascending, no escapes that are not needed.</summary>
static class TokenizerJsonWriter
{
    const string TypeName = "type";

    // The default encoder would escape every byte-level letter above 127.
    static readonly JsonWriterOptions Indented = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Indented = true,
        IndentSize = 2,
        NewLine = "\n",
    };

    static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Tokenizer(Vocabulary vocabulary) => Write(Indented, json =>
    {
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        WriteAddedTokens(json, vocabulary);
        json.WriteNull("normalizer");
        WritePreTokenizer(json, vocabulary.PreTokenizer);
        json.WriteNull("post_processor");
        json.WritePropertyName("decoder");
        WriteByteLevel(json, addPrefixSpace: true);
        WriteModel(json, vocabulary);
        json.WriteEndObject();
    });

    public static byte[] Settings(Vocabulary vocabulary) => Write(Indented, json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("add_prefix_space", false);
        WriteRoles(json, vocabulary);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        if (vocabulary.ChatTemplate is { } template)
            json.WriteString("chat_template", template);
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");   // the class that takes tokenizer.json as it is
        json.WriteEndObject();
    });

    public static byte[] SpecialsMap(Vocabulary vocabulary) => Write(Indented, json =>
    {
        json.WriteStartObject();
        WriteRoles(json, vocabulary);
        json.WriteStartArray("additional_special_tokens");
        foreach (var id in Enumerable.Range(0, vocabulary.Count).Where(id => vocabulary.Kinds[id] == TokenKind.Special))
            json.WriteStringValue(vocabulary.Tokens[id]);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    public static byte[] Vocabulary(Vocabulary vocabulary) => Write(Compact, json => WriteVocabulary(json, vocabulary));

    public static byte[] Merges(Vocabulary vocabulary)
    {
        var text = new StringBuilder("#version: 0.2\n");
        foreach (var merge in vocabulary.Merges)
            text.Append(vocabulary.Tokens[merge.Left]).Append(' ').Append(vocabulary.Tokens[merge.Right]).Append('\n');

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    static byte[] Write(JsonWriterOptions options, Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, options))
            write(json);

        return bytes.WrittenSpan.ToArray();
    }

    static void WriteAddedTokens(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        json.WriteStartArray("added_tokens");
        for (var id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary.Kinds[id] == TokenKind.Normal)
                continue;

            var special = vocabulary.Kinds[id] == TokenKind.Special;
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", vocabulary.Tokens[id]);
            json.WriteBoolean("single_word", false);
            json.WriteBoolean("lstrip", false);
            json.WriteBoolean("rstrip", false);
            json.WriteBoolean("normalized", !special);   // the official default; without a normalizer it changes nothing
            json.WriteBoolean("special", special);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WritePreTokenizer(Utf8JsonWriter json, PreTokenizerKind kind)
    {
        json.WritePropertyName("pre_tokenizer");
        if (kind == PreTokenizerKind.Gpt2)
        {
            WriteByteLevel(json, addPrefixSpace: false);
            return;
        }

        json.WriteStartObject();
        json.WriteString(TypeName, "Sequence");
        json.WriteStartArray("pretokenizers");
        json.WriteStartObject();
        json.WriteString(TypeName, "Digits");
        json.WriteBoolean("individual_digits", true);
        json.WriteEndObject();
        WriteByteLevel(json, addPrefixSpace: false);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteByteLevel(Utf8JsonWriter json, bool addPrefixSpace)
    {
        json.WriteStartObject();
        json.WriteString(TypeName, "ByteLevel");
        json.WriteBoolean("add_prefix_space", addPrefixSpace);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", true);
        json.WriteEndObject();
    }

    static void WriteModel(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        json.WriteStartObject("model");
        json.WriteString(TypeName, "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", false);
        json.WritePropertyName("vocab");
        WriteVocabulary(json, vocabulary);
        json.WriteStartArray("merges");
        foreach (var merge in vocabulary.Merges)
        {
            json.WriteStartArray();
            json.WriteStringValue(vocabulary.Tokens[merge.Left]);
            json.WriteStringValue(vocabulary.Tokens[merge.Right]);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteVocabulary(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        json.WriteStartObject();
        for (var id = 0; id < vocabulary.Count; id++)
            json.WriteNumber(vocabulary.Tokens[id], id);

        json.WriteEndObject();
    }

    static void WriteRoles(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        var specials = vocabulary.Specials;
        WriteRole(json, "bos_token", specials.Bos, vocabulary);
        WriteRole(json, "eos_token", specials.Eos, vocabulary);
        WriteRole(json, "pad_token", specials.Padding, vocabulary);
        WriteRole(json, "unk_token", specials.Unknown, vocabulary);
    }

    static void WriteRole(Utf8JsonWriter json, string name, int? id, Vocabulary vocabulary)
    {
        if (id is { } known)
            json.WriteString(name, vocabulary.Tokens[known]);
    }
}
