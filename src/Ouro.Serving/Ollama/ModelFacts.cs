using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Ouro.Chat;
using Ouro.Formats;
using Ouro.Formats.Gguf;
using Ouro.Model;
using Ouro.Text;

namespace Ouro.Serving.Ollama;

/// <summary>What a model's file says about itself.</summary>
sealed record ModelFact
{
    /// <summary><c>gguf</c> or <c>safetensors</c>.</summary>
    public required string Format { get; init; }

    /// <summary>The measures.</summary>
    public required OuroConfig Config { get; init; }

    /// <summary>What most weights are stored as, such as <c>Q4_K_M</c>.</summary>
    public required string Quantization { get; init; }

    /// <summary>The chat template, or null.</summary>
    public required string? Template { get; init; }

    /// <summary>What it can do, in Ollama's words.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Keys and values of its description; lists are left out.</summary>
    public required IReadOnlyList<KeyValuePair<string, object?>> Info { get; init; }

    /// <summary>Trained numbers, as people say it.</summary>
    public string Parameters => Config.ParameterCount switch
    {
        >= 1_000_000_000 and var count => (count / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + "B",
        >= 1_000_000 and var count => (count / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + "M",
        var count => (count / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + "K",
    };

    /// <summary>Writes Ollama's field <c>details</c>.</summary>
    public void WriteDetails(Utf8JsonWriter json)
    {
        json.WriteStartObject("details");
        json.WriteString("parent_model", "");
        json.WriteString("format", Format);
        json.WriteString("family", GgufConfig.Architecture);
        json.WriteStrings("families", [GgufConfig.Architecture]);
        json.WriteString("parameter_size", Parameters);
        json.WriteString("quantization_level", Quantization);
        json.WriteEndObject();
    }
}

/// <summary>Looks into models' files, and remembers what it saw while they do not change. Thread-safe.</summary>
sealed class ModelFacts
{
    const int MostRemembered = 1000;

    readonly ConcurrentDictionary<(string Path, long Size, DateTimeOffset Changed), ModelFact> _known = new();

    /// <summary>What a model's file says.</summary>
    /// <exception cref="ModelFileException">It cannot be used.</exception>
    public ModelFact Of(CatalogModel entry)
    {
        var key = (entry.Path, entry.Size, entry.ModifiedAt);
        if (_known.TryGetValue(key, out var known))
            return known;

        if (_known.Count >= MostRemembered)
            _known.Clear();
        return _known[key] = Look(entry.Path);
    }

    /// <summary>What a model's file says; null if it cannot be used, as of one that is being replaced.</summary>
    public ModelFact? TryOf(CatalogModel entry)
    {
        try
        {
            return Of(entry);
        }
        catch (Exception problem) when (problem is ModelFileException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static ModelFact Look(string path)
    {
        using var checkpoint = OuroCheckpoint.Open(path);
        var metadata = checkpoint.Gguf?.Metadata ?? Described(checkpoint.Config);
        var vocabulary = ModelVocabulary.Find(checkpoint.Gguf, checkpoint.Folder);
        var info = metadata.Entries.Where(entry => entry.Key != "tokenizer.chat_template")
            .Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Type == GgufValueType.Array ? null : entry.Value.Content)).ToList();
        info.Add(KeyValuePair.Create<string, object?>("general.parameter_count", checkpoint.Config.ParameterCount));
        return new ModelFact
        {
            Format = checkpoint.Gguf is null ? "safetensors" : "gguf",
            Config = checkpoint.Config,
            Quantization = NameOfType(metadata.GetInteger("general.file_type")) ?? MostUsed(checkpoint),
            Template = vocabulary?.ChatTemplate,
            Capabilities = Capabilities(vocabulary),
            Info = info,
        };
    }

    static List<string> Capabilities(Vocabulary? vocabulary)
    {
        List<string> all = ["completion"];
        if (vocabulary is null)
            return all;

        if (ChatFormat.FitsIn(vocabulary))
        {
            all.Add("tools");
            if (vocabulary.FindSpecial(KnownTokens.Think) is not null)
                all.Add("thinking");
        }

        all.Add("embedding");
        return all;
    }

    static GgufMetadata Described(OuroConfig config)
    {
        var metadata = new GgufMetadata();
        GgufConfig.Write(config, metadata);
        return metadata;
    }

    /// <summary>Numbers of <c>general.file_type</c>, which are llama.cpp's, as people call them; null for others.</summary>
    static string? NameOfType(long? number) => number switch
    {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        32 => "BF16",
        _ => null,
    };

    static string MostUsed(OuroCheckpoint checkpoint)
        => checkpoint.StoredTensors.GroupBy(tensor => tensor.Type).MaxBy(group => group.Sum(tensor => tensor.ByteLength))?.Key.ToString().ToUpperInvariant() ?? "unknown";
}
