using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Text;

/// <summary>The tokenizer that a GGUF file carries in its metadata.</summary>
public static class GgufTokenizer
{
    const string Model = "tokenizer.ggml.model";
    const string Pre = "tokenizer.ggml.pre";
    const string Tokens = "tokenizer.ggml.tokens";
    const string TokenTypes = "tokenizer.ggml.token_type";
    const string Merges = "tokenizer.ggml.merges";
    const string Bos = "tokenizer.ggml.bos_token_id";
    const string Eos = "tokenizer.ggml.eos_token_id";
    const string Padding = "tokenizer.ggml.padding_token_id";
    const string Unknown = "tokenizer.ggml.unknown_token_id";
    const string AddBos = "tokenizer.ggml.add_bos_token";
    const string ChatTemplate = "tokenizer.chat_template";

    /// <summary>Reads the vocabulary; null if the file has none.</summary>
    /// <param name="path">For messages.</param>
    /// <exception cref="ModelFileException">The metadata contradicts itself or describes another kind of tokenizer.</exception>
    public static Vocabulary? Read(GgufMetadata metadata, string path)
    {
        if (metadata.GetString(Model) is not { } model || metadata.GetStrings(Tokens) is not { } tokens)
            return null;

        var types = metadata.GetIntegers(TokenTypes);
        return GgufVocabulary.From(
            new GgufTokenizerFields(
                model, metadata.GetString(Pre), tokens, types is null ? null : Array.ConvertAll(types, type => (int)Math.Clamp(type, -1, 99)),
                metadata.GetStrings(Merges), metadata.GetInteger(Bos), metadata.GetInteger(Eos), metadata.GetInteger(Padding),
                metadata.GetInteger(Unknown), metadata.GetString(ChatTemplate)),
            path);
    }

    /// <summary>Writes the vocabulary under the keys that llama.cpp reads, too.</summary>
    public static void Write(Vocabulary vocabulary, GgufMetadata metadata)
    {
        var fields = GgufVocabulary.To(vocabulary);
        metadata.Set(Model, fields.Model);
        if (fields.Pre is { } pre)
            metadata.Set(Pre, pre);
        metadata.Set(Tokens, fields.Tokens);
        if (fields.TokenTypes is { } types)
            metadata.Set(TokenTypes, types);
        if (fields.Merges is { } merges)
            metadata.Set(Merges, merges);

        foreach (var (key, id) in new[] { (Bos, fields.Bos), (Eos, fields.Eos), (Unknown, fields.Unknown), (Padding, fields.Padding) })
        {
            if (id is { } known)
                metadata.Set(key, (uint)known);
        }

        metadata.Set(AddBos, false);
        if (fields.ChatTemplate is { } template)
            metadata.Set(ChatTemplate, template);
    }
}
