using Ouro.Formats.Gguf;

namespace Ouro.Model.Conversion;

/// <summary>What a conversion is asked to do. Immutable.</summary>
public sealed record ConversionOptions
{
    /// <summary>The types to store; null keeps every matrix in the type it has (see <see cref="ModelConversion"/> for quantised matrices on the way to safetensors).</summary>
    public WeightMix? Mix { get; init; }

    /// <summary>What the file calls the model (<c>general.name</c>); null keeps what the source says.</summary>
    public string? ModelName { get; init; }

    /// <summary>Store tensors that no part of the model claims, under their own names, instead of stopping at them.</summary>
    public bool KeepUnknown { get; init; }

    /// <summary>Names, as the source has them, of tensors to leave out; recorded in the file.</summary>
    public IReadOnlyList<string> Drop { get; init; } = [];

    /// <summary>Leave the early-exit gate out; recorded in the file.</summary>
    public bool WithoutGate { get; init; }

    /// <summary>Replace what is at the place of the output.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Quantise a second time what is quantised already, at the cost of both errors.</summary>
    public bool AllowRequantize { get; init; }

    /// <summary>For a repair: the source holds only norms, gate and enough weights to know the file by; the others are taken on trust.</summary>
    public bool SourceIsPart { get; init; }

    /// <summary>Threads that encode at once; 0 takes one per processor. The bytes written do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>Further metadata for a GGUF file, such as the tokenizer's; set after everything that a source GGUF said.</summary>
    public GgufMetadata? Metadata { get; init; }

    /// <summary>Called with the folder of a safetensors model before it is put in its place, to add the tokenizer's files.</summary>
    public Action<string>? AddFiles { get; init; }
}

/// <summary>What was written.</summary>
/// <param name="Path">The file or folder.</param>
/// <param name="Type">The mix's name, or the types of most of the bytes when none was asked for.</param>
/// <param name="Bytes">Of the file, or of all weight files of the folder.</param>
/// <param name="Notes">What a person should know, one sentence each; often empty.</param>
/// <param name="Dropped">Names of tensors left out on request.</param>
public sealed record ConversionResult(string Path, string Type, long Bytes, IReadOnlyList<string> Notes, IReadOnlyList<string> Dropped);
