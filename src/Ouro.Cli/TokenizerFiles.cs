using Ouro.Formats.Gguf;
using Ouro.Model;
using Ouro.Serving.Store;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary>Finds a model's tokenizer, and carries it from one kind of file to the other.</summary>
static class TokenizerFiles
{
    const string FileName = "tokenizer.json";

    /// <summary>Small files of a published checkpoint that go along with its weights.</summary>
    static readonly string[] Companions =
    [
        FileName, "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt", "added_tokens.json", "chat_template.jinja",
        "configuration_ouro.py", "modeling_ouro.py",
    ];

    /// <summary>The vocabulary in the GGUF file itself, else in the tokenizer.json that lies beside the weights; null if there is neither.</summary>
    public static Vocabulary? Find(OuroCheckpoint checkpoint)
        => ModelVocabulary.Find(checkpoint.Gguf, checkpoint.Folder);

    /// <summary>The vocabulary of a model, or of a bare tokenizer.json or a folder with one.</summary>
    /// <exception cref="UserErrorException">There is none.</exception>
    public static Vocabulary Open(string path)
    {
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && File.Exists(path))
            return TokenizerJson.Read(path);
        if (Directory.Exists(path) && ModelVocabulary.InFolder(path) is { } found)
            return found;

        using var checkpoint = OuroCheckpoint.Open(path);
        return Find(checkpoint) ?? throw new UserErrorException($"{path}: has no tokenizer. Put its tokenizer.json beside the weights.");
    }

    /// <summary>The metadata that a GGUF file needs beyond what its source says; null if the source has no tokenizer files.</summary>
    public static GgufMetadata? Metadata(OuroCheckpoint source)
        => source.Gguf is null ? ModelTokenizer.MetadataToAdd(source, source.Folder) : null;

    /// <summary>The published tokenizer for a model without files, if the model has as many tokens as it.</summary>
    public static GgufMetadata? OfPublishedSize(OuroConfig config)
        => config.Vocabulary == OuroVocabulary.Instance.Count ? Written(OuroVocabulary.Instance) : null;

    /// <summary>Writes the tokenizer's files into a published checkpoint's folder.</summary>
    public static void Write(OuroCheckpoint source, string folder)
    {
        if (source.Gguf is { } gguf)
        {
            if (GgufTokenizer.Read(gguf.Metadata, gguf.Path) is { } vocabulary)
                TokenizerJson.Write(folder, vocabulary);
            return;
        }

        foreach (var name in Companions.Where(name => File.Exists(Path.Combine(source.Folder, name))))
            File.Copy(Path.Combine(source.Folder, name), Path.Combine(folder, name), overwrite: true);
    }

    static GgufMetadata Written(Vocabulary vocabulary)
    {
        var metadata = new GgufMetadata();
        GgufTokenizer.Write(vocabulary, metadata);
        return metadata;
    }
}
