using Ouro.Formats.Gguf;
using Ouro.Model;
using Ouro.Text;

namespace Ouro.Cli;

/// <summary>Carries a model's tokenizer from one kind of file to the other.</summary>
static class TokenizerFiles
{
    /// <summary>Small files of a published checkpoint that go along with its weights.</summary>
    static readonly string[] Companions =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt", "added_tokens.json", "chat_template.jinja",
        "configuration_ouro.py", "modeling_ouro.py",
    ];

    /// <summary>The metadata that a GGUF file needs beyond what its source says; null if the source has no tokenizer files.</summary>
    public static GgufMetadata? Metadata(OuroCheckpoint source)
    {
        if (source.Gguf is not null || !File.Exists(Path.Combine(source.Folder, "tokenizer.json")))
            return null;

        var metadata = new GgufMetadata();
        GgufTokenizer.Write(TokenizerJson.Read(source.Folder), metadata);
        return metadata;
    }

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
}
