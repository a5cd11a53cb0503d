using System.IO.Enumeration;
using Ouro.Formats;
using Ouro.Formats.Safetensors;
using Ouro.Model;
using Ouro.Serving.Store;

namespace Ouro.Serving.Hub;

/// <summary>Which files of a repository make up the model that was asked for.</summary>
static class HubChoice
{
    /// <summary>Types of GGUF files in the order in which they are taken when nobody asked for one: small first, but not so small that it shows.</summary>
    static readonly string[] Preferred = ["q4_k_m", "q8_0", "q6_k", "q5_k_m", "q5_k", "q4_k", "q3_k_l", "q3_k", "f16", "bf16", "f32"];

    /// <summary>Small files that go with safetensors. Programs (.py) and pickles (.bin, .pt) are never fetched.</summary>
    static readonly string[] Companions =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "chat_template.jinja", "merges.txt", "vocab.json",
    ];

    /// <summary>The GGUF file that was asked for, or that is best; null if the repository has none and no file was asked for.</summary>
    /// <exception cref="StoreException">None fits, several do, or the model is cut into several files.</exception>
    public static HubFile? Gguf(HubRepository repository)
    {
        HubFile[] files = [.. repository.Files.Where(file => file.Name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))];
        if (repository.Reference.Pattern is not { } pattern)
            return files.Length == 0 ? null : Whole(repository, Best(files));
        if (files.Length == 0 && IsTypeOnly(pattern))
            return null;   // safetensors can be converted to that type

        var fitting = files.Where(file => Fits(file.Name, pattern)).ToArray();
        return fitting switch
        {
            [var one] => Whole(repository, one),
            [] => throw new StoreException(StoreFault.NotFound, $"{repository.Reference}: no .gguf file there fits {pattern.Quoted}{(files.Length == 0 ? "" : $"; there are {Quoting.QuoteFew([.. files.Select(file => file.Name)])}")}. Name one of them, or leave the part after ':' out."),
            _ => throw new StoreException(StoreFault.Invalid, $"{repository.Reference}: {fitting.Length:N0} files fit {pattern.Quoted}: {Quoting.QuoteFew([.. fitting.Select(file => file.Name)])}. Name one of them."),
        };
    }

    /// <summary>config.json and the tokenizer's files, as far as they are there.</summary>
    /// <exception cref="StoreException">There is no config.json.</exception>
    public static IReadOnlyList<HubFile> SmallFiles(HubRepository repository)
        => [Config(repository), .. Companions.Select(repository.Find).OfType<HubFile>()];

    /// <summary>The measures of the model.</summary>
    /// <exception cref="StoreException">There are none.</exception>
    public static HubFile Config(HubRepository repository) => repository.Find(HuggingFaceConfig.FileName)
        ?? throw new StoreException(StoreFault.NotFound, $"{repository.Reference}: there is no {HuggingFaceConfig.FileName}{(repository.Files.Count == 0 ? " and no other file that can be used" : "")}, so this is no model. Check the name.");

    /// <summary>The one file of weights, or null if there are shards.</summary>
    public static HubFile? SingleWeights(HubRepository repository) => repository.Find(SafetensorsCheckpoint.SingleFileName);

    /// <summary>The list of shards.</summary>
    /// <exception cref="StoreException">There is none.</exception>
    public static HubFile Index(HubRepository repository) => repository.Find(SafetensorsCheckpoint.IndexFileName)
        ?? throw new StoreException(
            StoreFault.NotFound, $"{repository.Reference}: there are neither .gguf nor .safetensors files there that can be used. Pickles (.bin, .pt) are never fetched, since they can run any code; name a repository with safetensors.");

    /// <summary>A shard that the index names.</summary>
    /// <exception cref="StoreException">The repository does not have it.</exception>
    public static HubFile Shard(HubRepository repository, string name) => repository.Find(name)
        ?? throw new StoreException(StoreFault.NotFound, $"{repository.Reference}: the index names {name.Quoted}, but the repository does not have that file. Name another revision.");

    /// <summary>Whether a pattern is no more than the name of a type that weights can be converted to.</summary>
    public static bool IsTypeOnly(string pattern) => Model.Conversion.WeightMix.Find(pattern) is not null;

    static HubFile Best(HubFile[] files)
        => Preferred.Select(type => files.FirstOrDefault(file => HasType(file.Name, type))).FirstOrDefault(file => file is not null) ?? files[0];

    static bool Fits(string name, string pattern)
        => pattern.AsSpan().ContainsAny('*', '?')
            ? FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true) || FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(name), ignoreCase: true)
            : string.Equals(name, pattern, StringComparison.OrdinalIgnoreCase) || HasType(name, pattern)
                || string.Equals(Path.GetFileName(name), pattern, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a file's name ends in a type, as <c>model-q8_0.gguf</c> and <c>model.Q8_0.gguf</c> do.</summary>
    static bool HasType(string name, string type)
    {
        var stem = Path.GetFileNameWithoutExtension(name);
        return stem.EndsWith(type, StringComparison.OrdinalIgnoreCase) && (stem.Length == type.Length || stem[^(type.Length + 1)] is '-' or '.' or '_');
    }

    static HubFile Whole(HubRepository repository, HubFile file)
        => file.Name.Contains("-of-", StringComparison.Ordinal)
            ? throw new StoreException(StoreFault.Invalid, $"{repository.Reference}: {file.Name.Quoted} is one part of several, and parts of GGUF files are not put together. Name a file that is whole, or a repository with safetensors.")
            : file;
}
