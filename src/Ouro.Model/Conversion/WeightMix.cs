using System.Collections.Immutable;
using Ouro.Formats;

namespace Ouro.Model.Conversion;

/// <summary>A named choice of element types for the tensors of a model, such as <c>q4_k_m</c>. Immutable.</summary>
/// <remarks>
/// Norms stay in single precision in every mix. A tensor whose rows are not whole blocks of the type meant for it gets <c>q8_0</c> if its rows are
/// whole blocks of that, else <c>f16</c>. Layers are physical layers: a stack that loops is stored once.
/// </remarks>
public sealed class WeightMix
{
    /// <summary>Every mix, from the largest file to the smallest.</summary>
    public static ImmutableArray<WeightMix> All { get; } =
    [
        new("f32", 0, ElementType.F32),
        new("f16", 1, ElementType.F16),
        new("bf16", 32, ElementType.BF16),
        new("q8_0", 7, ElementType.Q8_0),
        new("q6_k", 18, ElementType.Q6_K),
        new("q5_k_m", 17, ElementType.Q5_K) { Head = ElementType.Q6_K, MoreBits = ElementType.Q6_K },
        new("q5_k", 16, ElementType.Q5_K),
        new("q4_k_m", 15, ElementType.Q4_K) { Head = ElementType.Q6_K, MoreBits = ElementType.Q6_K },
        new("q4_k", 14, ElementType.Q4_K),
        new("q3_k_l", 13, ElementType.Q3_K) { Head = ElementType.Q6_K, Sensitive = ElementType.Q5_K },
        new("q3_k", 11, ElementType.Q3_K),
    ];

    WeightMix(string name, int fileType, ElementType baseType) => (Name, FileType, Base) = (name, fileType, baseType);

    /// <summary>What people call it, in lower case.</summary>
    public string Name { get; }

    /// <summary>The number of <c>general.file_type</c> in GGUF files: llama.cpp's name for the nearest of its own mixes.</summary>
    public int FileType { get; }

    /// <summary>The type of every matrix without a reason for another.</summary>
    public ElementType Base { get; }

    /// <summary>The type of the head; of the embedding, too, where that is the head.</summary>
    ElementType? Head { get; init; }

    /// <summary>The type of values and of the second feed-forward matrix in layers that <see cref="HasMoreBits"/>.</summary>
    ElementType? MoreBits { get; init; }

    /// <summary>The type of values, of attention's output and of the second feed-forward matrix in every layer.</summary>
    ElementType? Sensitive { get; init; }

    /// <summary>The mix of this name, in upper or lower case; null when there is none.</summary>
    public static WeightMix? Find(string name) => All.FirstOrDefault(mix => mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>True for the first eighth of the layers, the last eighth, and every third layer between: errors there cost most.</summary>
    /// <remarks>Source: llama.cpp's <c>use_more_bits</c>; eighths are rounded down.</remarks>
    /// <param name="layer">Counted from 0.</param>
    public static bool HasMoreBits(int layer, int layers)
        => layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;

    /// <summary>The type that a tensor gets.</summary>
    public ElementType TypeOf(ModelTensor tensor, OuroConfig config)
        => tensor.IsNorm || tensor.IsGate ? ElementType.F32 : Fitting(Meant(tensor, config), tensor.Shape[^1]);

    /// <summary>The type that a matrix would get if its rows were whole blocks.</summary>
    internal ElementType Meant(ModelTensor tensor, OuroConfig config) => tensor.Role switch
    {
        TensorRole.Head => Head ?? Base,
        TensorRole.Embedding when config.TiedHead => Head ?? Base,
        TensorRole.Value or TensorRole.FeedForwardDown when MoreBits is { } more && HasMoreBits(tensor.Layer, config.Layers) => more,
        TensorRole.Value or TensorRole.FeedForwardDown or TensorRole.AttentionOutput => Sensitive ?? Base,
        _ => Base,
    };

    static ElementType Fitting(ElementType meant, long rowLength)
    {
        ReadOnlySpan<ElementType> choices = [meant, ElementType.Q8_0];
        foreach (var type in choices)
        {
            if (rowLength % type.ElementsPerBlock == 0)
                return type;
        }

        return ElementType.F16;
    }
}
