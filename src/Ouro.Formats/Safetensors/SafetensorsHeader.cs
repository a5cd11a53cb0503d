using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Ouro.Formats.Safetensors;

/// <summary>Everything that a safetensors file says before its tensor data, checked.</summary>
/// <remarks>
/// <code>
/// length of the JSON u64 | JSON | tensor data
///
/// JSON = { "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end] }, ..., "__metadata__": { string: string } }
/// </code>
/// Offsets are counted from the start of the data; together the ranges cover the data without gaps. Source: the description of the format
/// in the safetensors repository.
/// </remarks>
sealed record SafetensorsHeader(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<PlacedTensor> Tensors)
{
    /// <summary>The key of the part that describes the file and not a tensor.</summary>
    public const string MetadataKey = "__metadata__";

    /// <summary>Bytes of the length in front of the JSON.</summary>
    public const int LengthBytes = sizeof(ulong);

    /// <summary>Most dimensions of a tensor; the format sets no limit, but no model needs more.</summary>
    public const int MostDimensions = 8;

    /// <summary>Parses and checks a header; touches no tensor data.</summary>
    /// <param name="start">The file from its first byte: whole, or cut after <see cref="HeaderLimits.JsonBytes"/>.</param>
    /// <param name="fileLength">Bytes in the whole file.</param>
    /// <exception cref="ModelFileException">Anything is wrong.</exception>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> start, long fileLength)
    {
        var json = JsonPart(path, start, fileLength);
        var reader = new HeaderJson(path, json);
        var dataStart = LengthBytes + json.Length;

        Dictionary<string, string>? metadata = null;
        var tensors = new List<PlacedTensor>();
        reader.BeginObject("the header");
        while (reader.NextProperty(out var name))
        {
            if (name == MetadataKey)
                metadata = metadata is null ? ReadMetadata(path, ref reader) : throw Twice(path, "the header's property", name);
            else if (tensors.Count < HeaderLimits.Entries)
                tensors.Add(ReadTensor(path, ref reader, name, dataStart));
            else
                throw HeaderLimits.TooMany(path, "the tensors");
        }

        reader.End();
        TensorChecks.NamesAreUnique(path, tensors);
        tensors.Sort((one, other) => (one.FileOffset, one.End).CompareTo((other.FileOffset, other.End)));
        CheckCoverage(path, tensors, dataStart, fileLength);
        return new SafetensorsHeader(metadata ?? [], tensors);
    }

    static ReadOnlySpan<byte> JsonPart(string path, ReadOnlySpan<byte> start, long fileLength)
    {
        if (start.Length < LengthBytes)
            throw ModelFileException.Incomplete(path,
                $"a safetensors file begins with {LengthBytes} bytes of length, but this file has {fileLength} bytes");

        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (start.Length > LengthBytes && start[LengthBytes] != (byte)'{')
            throw new ModelFileException(path, $"a safetensors file was expected, but {FileSignature.Describe(start)}.");

        if (length > HeaderLimits.JsonBytes)
            throw ModelFileException.Damaged(path, $"the header claims {length:N0} bytes but at most {HeaderLimits.JsonBytes:N0} are allowed");

        return length <= (ulong)(start.Length - LengthBytes)
            ? start.Slice(LengthBytes, (int)length)
            : throw ModelFileException.Incomplete(path,
                $"the header needs {length:N0} bytes but only {start.Length - LengthBytes:N0} are left in the file");
    }

    static Dictionary<string, string> ReadMetadata(string path, ref HeaderJson reader)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        reader.BeginObject(MetadataKey);
        while (reader.NextProperty(out var key))
        {
            if (!metadata.TryAdd(key, reader.String($"{MetadataKey} entry {key.Quoted}")))
                throw Twice(path, $"the {MetadataKey} entry", key);

            if (metadata.Count > HeaderLimits.Entries)
                throw HeaderLimits.TooMany(path, $"the {MetadataKey} entries");
        }

        return metadata;
    }

    static PlacedTensor ReadTensor(string path, ref HeaderJson reader, string name, long dataStart)
    {
        if (name.Length is 0 or > HeaderLimits.NameBytes)
            throw ModelFileException.Damaged(path,
                $"a tensor has a name of {name.Length:N0} characters, but 1 to {HeaderLimits.NameBytes:N0} make sense");

        var owner = $"tensor {name.Quoted}";
        string? dtype = null;
        long[]? shape = null, range = null;
        reader.BeginObject(owner);
        while (reader.NextProperty(out var property))
        {
            switch (property)
            {
                case "dtype" when dtype is null:
                    dtype = reader.String($"the dtype of {owner}");
                    break;
                case "shape" when shape is null:
                    shape = reader.WholeNumbers($"the shape of {owner}", MostDimensions);
                    break;
                case "data_offsets" when range is null:
                    range = reader.WholeNumbers($"the data_offsets of {owner}", most: 2);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw Twice(path, $"in {owner} the property", property);
                default:
                    reader.Skip();
                    break;
            }
        }

        if (dtype is null || shape is null || range is not [var begin, var end])
            throw ModelFileException.Damaged(path, $"{owner} lacks its dtype, its shape or one of its two data_offsets");

        if (SafetensorsTypes.Find(dtype) is not { } type)
            throw new ModelFileException(path, $"{owner} has the dtype {dtype.Quoted}, which is not supported; "
                + $"save the checkpoint with tensors of the types {SafetensorsTypes.SupportedNames}.");

        if (TensorSpec.Problem(type, shape) is { } problem)
            throw ModelFileException.Damaged(path, $"{owner} {problem}");

        var spec = new TensorSpec(name, type, ImmutableArray.Create(shape));
        return end - begin == spec.ByteLength && begin <= long.MaxValue - dataStart - spec.ByteLength
            ? new PlacedTensor(spec, dataStart + begin)
            : throw ModelFileException.Damaged(path, $"{owner} lies at bytes {begin:N0} to {end:N0} of the data, but its shape and dtype need "
                + $"{spec.ByteLength:N0} bytes");
    }

    /// <summary>The ranges, sorted, must start at the data's start, touch each other, and end at the end of the file.</summary>
    static void CheckCoverage(string path, List<PlacedTensor> tensors, long dataStart, long fileLength)
    {
        var covered = dataStart;
        foreach (var tensor in tensors)
        {
            if (tensor.End > fileLength)
                throw TensorChecks.Truncated(path, tensor.Spec, Math.Max(0, fileLength - tensor.FileOffset));

            if (tensor.FileOffset != covered)
                throw ModelFileException.Damaged(path,
                    $"tensor {tensor.Spec.Name.Quoted} starts at byte {tensor.FileOffset - dataStart:N0} of the data, but the tensors before "
                    + $"it end at {covered - dataStart:N0}, and ranges must touch without overlap");

            covered = tensor.End;
        }

        if (covered != fileLength)
            throw ModelFileException.Damaged(path,
                $"the tensors end at byte {covered:N0} but the file at {fileLength:N0}, and nothing may follow them");
    }

    static ModelFileException Twice(string path, string what, string name) => new(path,
        $"{what} {name.Quoted} occurs twice, so it is not clear which one counts; fetch or convert the file again.");
}
