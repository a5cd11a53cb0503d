using System.Text;

namespace Ouro.Formats.Gguf;

/// <summary>Starts GGUF files of version 3.</summary>
public static class GgufWriter
{
    // Little-endian files of version 3 equal those of version 2; everybody writes 3.
    const uint Version = 3;

    // ggml keeps names in 64 bytes, the last of them zero, and refuses files with longer ones.
    const int LongestTensorName = 63;

    /// <summary>Lays the file out and writes its header; the caller then writes the tensors and commits.</summary>
    /// <param name="metadata">Written in its order; its general.alignment, when there, aligns the tensors (32 otherwise).</param>
    /// <param name="tensors">Laid out in this order; at most four dimensions, names unique and at most 63 bytes of UTF-8.</param>
    /// <exception cref="ModelFileException">GGUF cannot express a tensor, or the file cannot be created.</exception>
    public static TensorFileWriter Create(string path, GgufMetadata metadata, IReadOnlyList<TensorSpec> tensors)
        => TensorFileWriter.Create(path, Layout(path, metadata, tensors));

    internal static TensorLayout Layout(string path, GgufMetadata metadata, IReadOnlyList<TensorSpec> tensors)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        foreach (var tensor in tensors)
            CheckExpressible(path, tensor);

        var alignment = GgufHeader.ReadAlignment(path, metadata);
        var places = new List<PlacedTensor>(tensors.Count);
        var end = 0L;
        foreach (var tensor in tensors)
        {
            places.Add(new PlacedTensor(tensor, end));
            end = GgufHeader.AlignUp(places[^1].End, alignment);     // the last one is padded too: ggml reads whole paddings
        }

        TensorChecks.NamesAreUnique(path, places);
        var header = Header(metadata, places);
        var dataStart = GgufHeader.AlignUp(header.Length, alignment);
        return new TensorLayout(
            header.PaddedTo(dataStart),
            [.. places.Select(place => place with { FileOffset = dataStart + place.FileOffset })],
            checked(dataStart + end));
    }

    static GgufHeaderBytes Header(GgufMetadata metadata, List<PlacedTensor> places)
    {
        var header = new GgufHeaderBytes();
        header.Raw("GGUF"u8);
        header.Number(Version);
        header.Number((ulong)places.Count);
        header.Number((ulong)metadata.Entries.Count);

        foreach (var (key, value) in metadata.Entries)
        {
            header.Text(key);
            header.Value(value);
        }

        foreach (var (tensor, offset) in places)
        {
            header.Text(tensor.Name);
            header.Number((uint)tensor.Shape.Length);
            for (var i = tensor.Shape.Length - 1; i >= 0; i--)      // innermost first
                header.Number(tensor.Shape[i]);

            header.Number((uint)tensor.Type);
            header.Number(offset);
        }

        return header;
    }

    static void CheckExpressible(string path, TensorSpec tensor)
    {
        if (tensor.Shape.Length > GgufHeader.MostDimensions)
            throw new ModelFileException(path, $"tensor {tensor.Name.Quoted} has {tensor.Shape.Length} dimensions but GGUF allows "
                + $"{GgufHeader.MostDimensions}; leave it out or reshape it.");

        var nameBytes = Encoding.UTF8.GetByteCount(tensor.Name);
        if (nameBytes > LongestTensorName)
            throw new ModelFileException(path, $"tensor {tensor.Name.Quoted} has a name of {nameBytes} bytes but GGUF readers accept "
                + $"at most {LongestTensorName}; leave it out or rename it.");
    }
}
