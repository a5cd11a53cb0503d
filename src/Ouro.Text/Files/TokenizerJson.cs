using System.Security.Cryptography;
using Ouro.Formats;

namespace Ouro.Text;

/// <summary>The tokenizer files of a Hugging Face model folder.</summary>
/// <remarks>
/// Only Ouro's kind is accepted: byte-level BPE with GPT-2's pre-tokenizer, with or without digits cut off first. A file with any
/// other step is refused by name rather than read into a tokenizer that would cut text differently.
/// </remarks>
public static class TokenizerJson
{
    internal const string TokenizerFile = "tokenizer.json";
    internal const string SettingsFile = "tokenizer_config.json";
    internal const string SpecialsFile = "special_tokens_map.json";
    internal const string TemplateFile = "chat_template.jinja";
    internal const string VocabularyFile = "vocab.json";
    internal const string MergesFile = "merges.txt";

    /// <summary>Reads <c>tokenizer.json</c> and, where they lie beside it, <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and <c>chat_template.jinja</c>.</summary>
    /// <remarks>
    /// Merges may be written "a b" or ["a", "b"]. Roles and template come from the first file that names them, in the order
    /// template file, configuration, map. Saved truncation and padding settings belong to whoever saved them and are not applied.
    /// </remarks>
    /// <param name="path">The folder, or the <c>tokenizer.json</c> itself.</param>
    /// <exception cref="ModelFileException">A file cannot be read, is broken, or describes another kind of tokenizer.</exception>
    public static Vocabulary Read(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, TokenizerFile) : path;
        if (!File.Exists(file))
            throw new ModelFileException(path, $"no {TokenizerFile} here; name a model folder that has one.");

        return new TokenizerJsonReader(file, JsonField.ReadBytes(file)).Read(TokenizerSettings.Beside(file));
    }

    /// <summary>Writes <c>tokenizer.json</c>, <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c>, <c>vocab.json</c> and <c>merges.txt</c>, replacing what is there.</summary>
    /// <param name="folder">Made if it does not exist.</param>
    public static void Write(string folder, Vocabulary vocabulary)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.WriteAllBytes(Path.Combine(folder, TokenizerFile), TokenizerJsonWriter.Tokenizer(vocabulary));
        AtomicFile.WriteAllBytes(Path.Combine(folder, SettingsFile), TokenizerJsonWriter.Settings(vocabulary));
        AtomicFile.WriteAllBytes(Path.Combine(folder, SpecialsFile), TokenizerJsonWriter.SpecialsMap(vocabulary));
        AtomicFile.WriteAllBytes(Path.Combine(folder, VocabularyFile), TokenizerJsonWriter.Vocabulary(vocabulary));
        AtomicFile.WriteAllBytes(Path.Combine(folder, MergesFile), TokenizerJsonWriter.Merges(vocabulary));
    }

    /// <summary>What tells vocabularies apart: SHA-256 of the <c>tokenizer.json</c> that <see cref="Write"/> writes.</summary>
    /// <returns>32 bytes.</returns>
    public static byte[] Sha256(Vocabulary vocabulary) => SHA256.HashData(TokenizerJsonWriter.Tokenizer(vocabulary));
}
