using Ouro.Formats;

namespace Ouro.Text;

/// <summary>The values of GGUF's <c>tokenizer.ggml.*</c> keys and of <c>tokenizer.chat_template</c>; null where a key is absent.</summary>
/// <param name="Model"><c>tokenizer.ggml.model</c>.</param>
/// <param name="Pre"><c>tokenizer.ggml.pre</c>.</param>
/// <param name="Tokens"><c>tokenizer.ggml.tokens</c>, by id.</param>
/// <param name="TokenTypes"><c>tokenizer.ggml.token_type</c>, by id.</param>
/// <param name="Merges"><c>tokenizer.ggml.merges</c>, by rank, each "left right".</param>
public sealed record GgufTokenizerFields(
    string Model, string? Pre, string[] Tokens, int[]? TokenTypes, string[]? Merges,
    long? Bos, long? Eos, long? Padding, long? Unknown, string? ChatTemplate);

/// <summary>Translates between a vocabulary and its GGUF metadata. <c>tokenizer.ggml.add_bos_token</c> is no part of it: Ouro adds none, so write false.</summary>
public static class GgufVocabulary
{
    const string ByteLevelModel = "gpt2";
    const string DigitsName = "smollm";   // llama.cpp's name for digits cut off, then GPT-2's pattern
    const string PlainName = "gpt-2";
    const string UnsaidName = "default";

    // GGUF's numbers that have no TokenKind of their own.
    const int UnknownType = 2, UnusedType = 5, ByteType = 6;

    /// <summary>Reads a vocabulary.</summary>
    /// <remarks>
    /// Without types, a token of several characters that no merge makes is special, since only adding can have put it there.
    /// Without a pre-tokenizer's name (or "default"), digits are cut off unless some merge makes a token of a digit and more: a tokenizer
    /// trained without the cut always has such tokens. Unknown and unused tokens are read as special ones.
    /// </remarks>
    /// <param name="path">For error messages.</param>
    /// <exception cref="ModelFileException">The fields contradict each other or describe another kind of tokenizer.</exception>
    public static Vocabulary From(GgufTokenizerFields fields, string path)
    {
        if (fields.Model != ByteLevelModel)
            throw new ModelFileException(path, $"tokenizer.ggml.model is {Quoting.Quote(fields.Model)}; only byte-level BPE, \"{ByteLevelModel}\", can be used.");

        var merges = fields.Merges ?? throw new ModelFileException(path, "tokenizer.ggml.merges is missing; convert the model again.");
        var kinds = fields.TokenTypes is { } types ? Array.ConvertAll(types, KindOf) : InferKinds(fields.Tokens, merges);
        var specials = new SpecialIds(
            Id(fields.Bos, "bos", path), Id(fields.Eos, "eos", path), Id(fields.Padding, "padding", path), Id(fields.Unknown, "unknown", path));
        return new Vocabulary(path, fields.Tokens, kinds, merges, PreTokenizerOf(fields.Pre, merges, path), specials, fields.ChatTemplate);
    }

    /// <summary>The fields to write; <see cref="From"/> gives an equal vocabulary back.</summary>
    public static GgufTokenizerFields To(Vocabulary vocabulary)
    {
        var merges = new string[vocabulary.Merges.Length];
        for (var rank = 0; rank < merges.Length; rank++)
            merges[rank] = $"{vocabulary.Tokens[vocabulary.Merges[rank].Left]} {vocabulary.Tokens[vocabulary.Merges[rank].Right]}";

        var types = Array.ConvertAll(vocabulary.Kinds.ToArray(), kind => (int)kind);
        var pre = vocabulary.PreTokenizer == PreTokenizerKind.DigitsThenGpt2 ? DigitsName : PlainName;
        var specials = vocabulary.Specials;
        return new GgufTokenizerFields(
            ByteLevelModel, pre, vocabulary.Tokens.ToArray(), types, merges,
            specials.Bos, specials.Eos, specials.Padding, specials.Unknown, vocabulary.ChatTemplate);
    }

    static TokenKind KindOf(int type) => type switch
    {
        UnknownType or UnusedType => TokenKind.Special,
        ByteType => TokenKind.Normal,
        _ => (TokenKind)type,   // the vocabulary refuses values that are no kind
    };

    static TokenKind[] InferKinds(string[] tokens, string[] merges)
    {
        var products = merges.Select(ProductOf).ToHashSet();
        return Array.ConvertAll(tokens, token => token.Length > 1 && !products.Contains(token) ? TokenKind.Special : TokenKind.Normal);
    }

    static PreTokenizerKind PreTokenizerOf(string? name, string[] merges, string path) => name switch
    {
        DigitsName => PreTokenizerKind.DigitsThenGpt2,
        PlainName => PreTokenizerKind.Gpt2,
        null or UnsaidName => merges.Any(merge => merge.AsSpan().ContainsAnyInRange('0', '9')) ? PreTokenizerKind.Gpt2 : PreTokenizerKind.DigitsThenGpt2,
        _ => throw new ModelFileException(
            path, $"tokenizer.ggml.pre is {Quoting.Quote(name)}; only \"{DigitsName}\" and \"{PlainName}\" can be used."),
    };

    static string ProductOf(string merge) => merge.Replace(" ", "", StringComparison.Ordinal);

    static int? Id(long? value, string role, string path)
        => value is null or (>= 0 and <= int.MaxValue) ? (int?)value : throw new ModelFileException(path, $"the {role} token id {value} is out of range.");
}
