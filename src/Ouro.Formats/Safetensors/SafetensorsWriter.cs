using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ouro.Formats.Safetensors;

/// <summary>Starts safetensors files.</summary>
public static class SafetensorsWriter
{
    // The data must start at a multiple of 8, so spaces fill the JSON up.
    const int HeaderAlignment = 8;

    static readonly Dictionary<string, string> PyTorchMetadata = new() { ["format"] = "pt" };

    /// <summary>Lays the file out and writes its header; the caller then writes the tensors and commits.</summary>
    /// <param name="tensors">
    /// F32, F16 and BF16, names unique. Data is laid out with wider types first, so that every tensor is aligned to its elements, and
    /// otherwise in this order.
    /// </param>
    /// <param name="metadata">The file's own description; "format": "pt" when null, which Hugging Face libraries expect.</param>
    /// <exception cref="ModelFileException">safetensors cannot express a tensor, or the file cannot be created.</exception>
    public static TensorFileWriter Create(
        string path, IReadOnlyList<TensorSpec> tensors, IReadOnlyDictionary<string, string>? metadata = null)
        => TensorFileWriter.Create(path, Layout(path, tensors, metadata ?? PyTorchMetadata));

    internal static TensorLayout Layout(
        string path, IReadOnlyList<TensorSpec> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        foreach (var tensor in tensors)
            CheckExpressible(path, tensor);

        var places = new PlacedTensor[tensors.Count];
        var end = 0L;
        foreach (var i in Enumerable.Range(0, places.Length).OrderByDescending(i => tensors[i].Type.BytesPerBlock))
        {
            places[i] = new PlacedTensor(tensors[i], end);
            end = checked(end + tensors[i].ByteLength);
        }

        TensorChecks.NamesAreUnique(path, places);
        var header = Header(places, metadata);
        return new TensorLayout(
            header,
            [.. places.Select(place => place with { FileOffset = header.Length + place.FileOffset })],
            checked(header.Length + end));
    }

    static byte[] Header(PlacedTensor[] places, IReadOnlyDictionary<string, string> metadata)
    {
        using var stream = new MemoryStream();
        stream.Write(stackalloc byte[SafetensorsHeader.LengthBytes]);       // the length, known at the end
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            foreach (var place in places)
                WriteTensor(json, place);

            json.WriteEndObject();
        }

        while (stream.Length % HeaderAlignment != 0)
            stream.WriteByte((byte)' ');

        var header = stream.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - SafetensorsHeader.LengthBytes);
        return header;
    }

    static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
            return;

        json.WriteStartObject(SafetensorsHeader.MetadataKey);
        foreach (var (key, value) in metadata)
            json.WriteString(key, value);

        json.WriteEndObject();
    }

    static void WriteTensor(Utf8JsonWriter json, PlacedTensor place)
    {
        json.WriteStartObject(place.Spec.Name);
        json.WriteString("dtype", SafetensorsTypes.NameOf(place.Spec.Type));
        json.WriteStartArray("shape");
        foreach (var size in place.Spec.Shape)
            json.WriteNumberValue(size);

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(place.FileOffset);
        json.WriteNumberValue(place.End);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void CheckExpressible(string path, TensorSpec tensor)
    {
        if (SafetensorsTypes.NameOf(tensor.Type) is null)
            throw new ModelFileException(path, $"tensor {tensor.Name.Quoted} is of type {tensor.Type}, but safetensors files hold "
                + $"{SafetensorsTypes.SupportedNames}; convert it to one of these first.");

        if (tensor.Shape.Length > SafetensorsHeader.MostDimensions || tensor.Name == SafetensorsHeader.MetadataKey)
            throw new ModelFileException(path, $"tensor {tensor.Name.Quoted} with {tensor.Shape.Length} dimensions cannot be stored: "
                + $"at most {SafetensorsHeader.MostDimensions} are allowed, and the name {SafetensorsHeader.MetadataKey} is taken; "
                + "leave it out or rename it.");
    }
}
