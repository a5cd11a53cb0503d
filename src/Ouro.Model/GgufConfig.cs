using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Model;

/// <summary>A GGUF file's metadata to measures and back. Keys are those of the published Ouro GGUF files, plus our own for the gate.</summary>
public static class GgufConfig
{
    /// <summary>The architecture that a file of ours names.</summary>
    public const string Architecture = "ouro";

    /// <summary>The gate's weight as an array of D floats.</summary>
    public const string GateWeightKey = "ouro.early_exit.gate_weight";

    /// <summary>The gate's bias as an array of one float.</summary>
    public const string GateBiasKey = "ouro.early_exit.gate_bias";

    /// <summary>The threshold q that the file proposes.</summary>
    public const string ThresholdKey = "ouro.early_exit.threshold";

    /// <summary>Other spellings under which the gate's arrays are accepted.</summary>
    internal static readonly (string Weight, string Bias)[] GateKeys =
    [
        (GateWeightKey, GateBiasKey),
        ("ouro.early_exit_gate.weight", "ouro.early_exit_gate.bias"),
    ];

    /// <summary>Reads the measures from an <c>ouro</c> file.</summary>
    /// <exception cref="ModelFileException">It is not an Ouro file, a key is missing, or a number cannot be.</exception>
    public static OuroConfig Read(GgufFile file)
    {
        var metadata = file.Metadata;
        var architecture = metadata.GetString("general.architecture")
            ?? throw new ModelFileException(file.Path, "does not name its architecture, so nobody knows how to compute it. Fetch or convert it again.");
        if (architecture != Architecture)
            throw RefuseArchitecture(file, architecture);
        return ReadAs(file, architecture, loopsOrElse: null);
    }

    /// <summary>Reads the measures from keys under another name than ours: what a relabelled file still says.</summary>
    /// <param name="loopsOrElse">Loops to assume if the file does not tell; null refuses such a file.</param>
    /// <exception cref="ModelFileException">A key is missing, or a number cannot be.</exception>
    internal static OuroConfig ReadAs(GgufFile file, string prefix, int? loopsOrElse)
    {
        var metadata = file.Metadata;
        if (metadata.GetBoolean($"{prefix}.skip_loop_final_norm") == true)
            throw new ModelFileException(file.Path, $"asks for loops without a norm between them ('{prefix}.skip_loop_final_norm'), which no Ouro model has.");

        var heads = Integer(file, $"{prefix}.attention.head_count");
        var width = Integer(file, $"{prefix}.embedding_length");
        var headSize = Integer(file, $"{prefix}.attention.key_length", orElse: heads > 0 ? width / heads : 0);
        if (Integer(file, $"{prefix}.attention.value_length", orElse: headSize) != headSize)
            throw new ModelFileException(file.Path, "gives keys and values heads of different sizes, which no Ouro model has.");
        if (Integer(file, $"{prefix}.rope.dimension_count", orElse: headSize) != headSize)
            throw new ModelFileException(file.Path, $"turns only a part of each head by position ('{prefix}.rope.dimension_count'), which no Ouro model does.");

        var config = new OuroConfig
        {
            Layers = Integer(file, $"{prefix}.block_count"),
            Width = width,
            Heads = heads,
            KvHeads = Integer(file, $"{prefix}.attention.head_count_kv", orElse: heads),
            HeadSize = headSize,
            FeedForwardWidth = Integer(file, $"{prefix}.feed_forward_length"),
            Vocabulary = VocabularyOf(file, prefix),
            Loops = Integer(file, $"{prefix}.num_loops", loopsOrElse),
            NormEpsilon = (float)(metadata.GetNumber($"{prefix}.attention.layer_norm_rms_epsilon") ?? 1e-6),
            RopeTheta = metadata.GetNumber($"{prefix}.rope.freq_base") ?? throw Missing(file, $"{prefix}.rope.freq_base"),
            ContextTokens = Integer(file, $"{prefix}.context_length"),
            ExitThreshold = (float)(metadata.GetNumber(ThresholdKey) ?? 1),
            TiedHead = file.Find("output.weight") is null,
        };
        return config.FirstImpossibility() is { } problem
            ? throw new ModelFileException(file.Path, $"{problem}. The file is damaged; fetch or convert it again.")
            : config;
    }

    /// <summary>Writes the measures; the tokenizer, the gate and the file type are set by others.</summary>
    public static void Write(OuroConfig config, GgufMetadata metadata)
    {
        metadata.Set("general.architecture", Architecture);
        metadata.Set("ouro.block_count", (uint)config.Layers);
        metadata.Set("ouro.context_length", (uint)config.ContextTokens);
        metadata.Set("ouro.embedding_length", (uint)config.Width);
        metadata.Set("ouro.feed_forward_length", (uint)config.FeedForwardWidth);
        metadata.Set("ouro.attention.head_count", (uint)config.Heads);
        metadata.Set("ouro.attention.head_count_kv", (uint)config.KvHeads);
        metadata.Set("ouro.attention.key_length", (uint)config.HeadSize);
        metadata.Set("ouro.attention.value_length", (uint)config.HeadSize);
        metadata.Set("ouro.rope.dimension_count", (uint)config.HeadSize);
        metadata.Set("ouro.rope.freq_base", (float)config.RopeTheta);
        metadata.Set("ouro.attention.layer_norm_rms_epsilon", config.NormEpsilon);
        metadata.Set("ouro.vocab_size", (uint)config.Vocabulary);
        metadata.Set("ouro.num_loops", (uint)config.Loops);
        metadata.Set("ouro.skip_loop_final_norm", false);
        metadata.Set(ThresholdKey, config.ExitThreshold);
    }

    /// <summary>What the file's keys begin with: its own architecture if that is a plain name, ours otherwise.</summary>
    internal static string PrefixOf(GgufFile file)
        => file.Metadata.GetString("general.architecture") is { Length: > 0 and <= 60 } name && name.All(symbol => char.IsAsciiLetterOrDigit(symbol) || symbol is '-' or '_')
            ? name
            : Architecture;

    /// <summary>True if the file is an Ouro model under a Llama label: it has the norms that no Llama has, or this family's think tags.</summary>
    internal static bool LooksLikeOuro(GgufFile file)
        => file.Tensors.Any(tensor => tensor.Name.EndsWith(".post_ffw_norm.weight", StringComparison.Ordinal))
            || file.Metadata.GetStrings("tokenizer.ggml.tokens") is [_, "<|im_start|>", "<|im_end|>", "<think>", "</think>", ..]
            || file.Metadata.GetString("general.name")?.Contains("ouro", StringComparison.OrdinalIgnoreCase) == true;

    static ModelFileException RefuseArchitecture(GgufFile file, string architecture)
    {
        var shown = architecture.Length <= 60 ? architecture : architecture[..60] + "...";
        return new(file.Path, LooksLikeOuro(file)
            ? $"is an Ouro model relabelled as '{shown}': it has lost its loops, its gate and perhaps its second norms, and would print fluent garbage. "
                + "Convert the original checkpoint with 'ouro convert'; 'ouro verify' lists what is lost."
            : $"is a model of architecture '{shown}', but only looped models of architecture 'ouro' can be run. Choose an Ouro model.");
    }

    static int VocabularyOf(GgufFile file, string prefix)
        => file.Find("token_embd.weight") is { Shape: [var rows, _] } ? (int)Math.Min(rows, int.MaxValue) : Integer(file, $"{prefix}.vocab_size");

    static int Integer(GgufFile file, string key, int? orElse = null)
    {
        var value = file.Metadata.GetInteger(key) ?? orElse ?? throw Missing(file, key);
        return (int)Math.Clamp(value, int.MinValue, int.MaxValue);
    }

    static ModelFileException Missing(GgufFile file, string key)
        => new(file.Path, $"does not say '{key}', without which the model cannot be computed. Fetch or convert it again.");
}
