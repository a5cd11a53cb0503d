using Ouro.Formats;
using Ouro.Formats.Gguf;

namespace Ouro.Model.Conversion;

/// <summary>What a GGUF file of ours remembers of the checkpoint that it was made from, so that the checkpoint can be made again bit for bit.</summary>
/// <param name="Most">The type of most of its tensors.</param>
/// <param name="Exceptions">The types of the others, by published name.</param>
sealed record SourceRecord(ElementType Most, IReadOnlyDictionary<string, ElementType> Exceptions)
{
    const string TypeKey = "ouro.conversion.source_dtype";
    const string ExceptionsKey = "ouro.conversion.source_dtype_exceptions";

    /// <summary>Names of the tensors that were left out, as the source had them.</summary>
    public const string DroppedKey = "ouro.conversion.dropped";

    /// <summary>The type that a tensor had.</summary>
    public ElementType this[string publishedName] => Exceptions.TryGetValue(publishedName, out var type) ? type : Most;

    /// <summary>The record of a published checkpoint.</summary>
    public static SourceRecord Of(IReadOnlyList<KnownTensor> tensors)
    {
        var most = tensors.GroupBy(tensor => tensor.Stored.Type).MaxBy(group => group.Sum(tensor => tensor.Stored.ByteLength))!.Key;
        return new SourceRecord(
            most,
            tensors.Where(tensor => tensor.Stored.Type != most).ToDictionary(tensor => tensor.Model.HuggingFaceName, tensor => tensor.Stored.Type));
    }

    /// <summary>The record in a file; null if it has none.</summary>
    /// <exception cref="ModelFileException">There is one, but it names a type that there is not.</exception>
    public static SourceRecord? Read(GgufMetadata metadata, string path)
    {
        if (metadata.GetString(TypeKey) is not { } most)
            return null;

        var exceptions = new Dictionary<string, ElementType>();
        foreach (var entry in metadata.GetStrings(ExceptionsKey) ?? [])
        {
            var split = entry.LastIndexOf('=');
            exceptions[split < 0 ? entry : entry[..split]] = Parse(entry[(split + 1)..], path);
        }

        return new SourceRecord(Parse(most, path), exceptions);
    }

    public void Write(GgufMetadata metadata)
    {
        metadata.Set(TypeKey, Most.ToString());
        if (Exceptions.Count > 0)
            metadata.Set(ExceptionsKey, Exceptions.Select(entry => $"{entry.Key}={entry.Value}").ToArray());
    }

    static ElementType Parse(string name, string path)
        => name is nameof(ElementType.F32) or nameof(ElementType.F16) or nameof(ElementType.BF16)
            ? Enum.Parse<ElementType>(name)
            : throw new ModelFileException(path, $"'{TypeKey}' says that the source was stored in '{FileText.Short(name)}', "
                + "but published checkpoints are F32, F16 or BF16. The file is damaged; convert it again.");
}
