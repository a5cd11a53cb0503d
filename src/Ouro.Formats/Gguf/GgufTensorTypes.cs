using System.Collections.Frozen;

namespace Ouro.Formats.Gguf;

/// <summary>GGML's tensor type numbers: which can be used here, and the names of the others for messages.</summary>
static class GgufTensorTypes
{
    static readonly FrozenDictionary<uint, string> UnsupportedNames = new Dictionary<uint, string>
    {
        [2] = "Q4_0",
        [3] = "Q4_1",
        [6] = "Q5_0",
        [7] = "Q5_1",
        [9] = "Q8_1",
        [10] = "Q2_K",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [20] = "IQ4_NL",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [23] = "IQ4_XS",
        [24] = "I8",
        [25] = "I16",
        [26] = "I32",
        [27] = "I64",
        [28] = "F64",
        [29] = "IQ1_M",
        [31] = "Q4_0_4_4",
        [32] = "Q4_0_4_8",
        [33] = "Q4_0_8_8",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [39] = "MXFP4",
    }.ToFrozenDictionary();

    /// <summary>The supported types by name, for messages.</summary>
    public static string SupportedNames { get; } = string.Join(", ", Enum.GetNames<ElementType>());

    /// <summary>The element type of a number in a file; null when it is not supported.</summary>
    public static ElementType? Find(uint number) => Enum.IsDefined((ElementType)number) ? (ElementType)number : null;

    /// <summary>What to call a number that is not supported.</summary>
    public static string NameOf(uint number) => UnsupportedNames.GetValueOrDefault(number, $"number {number}");
}
