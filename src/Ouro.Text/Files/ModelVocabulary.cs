using Ouro.Formats.Gguf;

namespace Ouro.Text;

/// <summary>Where a model keeps its vocabulary, whatever kind of file it is.</summary>
public static class ModelVocabulary
{
    /// <summary>The vocabulary in a GGUF file itself, else in the <c>tokenizer.json</c> that lies beside the weights; null if there is neither.</summary>
    /// <param name="gguf">The file, or null for a published checkpoint.</param>
    /// <param name="folder">The folder that the weights lie in.</param>
    /// <exception cref="Formats.ModelFileException">One of them is there and cannot be used.</exception>
    public static Vocabulary? Find(GgufFile? gguf, string folder)
        => (gguf is null ? null : GgufTokenizer.Read(gguf.Metadata, gguf.Path)) ?? InFolder(folder);

    /// <summary>The vocabulary of the <c>tokenizer.json</c> in a folder; null if there is none.</summary>
    /// <exception cref="Formats.ModelFileException">It cannot be used.</exception>
    public static Vocabulary? InFolder(string folder)
        => Path.Combine(folder, TokenizerJson.TokenizerFile) is var path && File.Exists(path) ? TokenizerJson.Read(path) : null;
}
