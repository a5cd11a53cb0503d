using System.Collections.Immutable;

namespace Ouro.Formats.Gguf;

/// <summary>Everything that a GGUF file says before its tensor data, checked.</summary>
/// <remarks>
/// <code>
/// magic "GGUF" | version u32 | tensors u64 | keys u64
/// keys    x ( name str | type u32 | value )
/// tensors x ( name str | dimensions u32 | sizes u64, innermost first | type u32 | offset u64 )
/// padding to the alignment | tensor data, each tensor aligned
/// </code>
/// Numbers are little-endian; a string is a u64 length and UTF-8. Source: the GGUF specification in the ggml repository.
/// </remarks>
sealed record GgufHeader(int Version, int Alignment, GgufMetadata Metadata, IReadOnlyList<PlacedTensor> Tensors)
{
    public const int DefaultAlignment = 32;
    public const int MostDimensions = 4;

    const int LargestAlignment = 1 << 20;

    // An empty name is refused later; here it only gives the fewest bytes that an entry can take.
    const int LeastKeyBytes = sizeof(ulong) + sizeof(uint) + 1;
    const int LeastTensorBytes = sizeof(ulong) + sizeof(uint) + sizeof(uint) + sizeof(ulong);

    /// <summary>Parses and checks a header; touches no tensor data.</summary>
    /// <param name="start">The file from its first byte: whole, or cut after <see cref="HeaderLimits.GgufBytes"/>.</param>
    /// <param name="fileLength">Bytes in the whole file.</param>
    /// <exception cref="ModelFileException">Anything is wrong.</exception>
    public static GgufHeader Parse(string path, ReadOnlySpan<byte> start, long fileLength)
    {
        CheckSignature(path, start);
        var cursor = new GgufCursor(path, start);
        cursor.Next<uint>("the magic number");
        var version = ReadVersion(ref cursor);

        var tensorCount = cursor.Count(LeastTensorBytes, "the number of tensors");
        var keyCount = cursor.Count(LeastKeyBytes, "the number of metadata keys");
        if (tensorCount > HeaderLimits.Entries || keyCount > HeaderLimits.Entries)
            throw HeaderLimits.TooMany(path, tensorCount > keyCount ? "the tensors" : "the metadata keys");

        var metadata = new GgufMetadata(path);
        for (var i = 0; i < keyCount; i++)
            ReadKey(ref cursor, metadata);

        var alignment = ReadAlignment(path, metadata);

        var tensors = new List<PlacedTensor>(tensorCount);
        for (var i = 0; i < tensorCount; i++)
            tensors.Add(ReadTensor(ref cursor, alignment));

        var dataStart = AlignUp(cursor.Position, alignment);
        for (var i = 0; i < tensorCount; i++)
            tensors[i] = Place(path, tensors[i], dataStart, fileLength);

        TensorChecks.NamesAreUnique(path, tensors);
        TensorChecks.NoneOverlap(path, tensors);
        return new GgufHeader(version, alignment, metadata, tensors);
    }

    /// <summary>The first multiple of a power of two that is not below <paramref name="position"/>.</summary>
    public static long AlignUp(long position, int alignment) => checked(position + alignment - 1) & -alignment;

    static void CheckSignature(string path, ReadOnlySpan<byte> start)
    {
        if (!start.StartsWith("GGUF"u8))
            throw new ModelFileException(path, $"a GGUF file was expected, but {FileSignature.Describe(start)}.");
    }

    static int ReadVersion(ref GgufCursor cursor)
    {
        var version = cursor.Next<uint>("the version");
        return version switch
        {
            2 or 3 => (int)version,
            1 => throw new ModelFileException(cursor.Path,
                "this is GGUF version 1, which nobody writes any more; versions 2 and 3 are read, so convert the checkpoint again."),

            // A version is a small number, so empty low bytes mean that the file counts from the other end.
            not 0 when (version & 0xFFFF) == 0 => throw new ModelFileException(cursor.Path,
                "this GGUF file is big-endian; only little-endian files are read, so convert the original checkpoint again."),
            _ => throw new ModelFileException(cursor.Path,
                $"this is GGUF version {version}, but versions 2 and 3 are read; the file is damaged, or newer than this program."),
        };
    }

    static void ReadKey(ref GgufCursor cursor, GgufMetadata metadata)
    {
        var key = cursor.Text("the name of a metadata key", HeaderLimits.NameBytes);
        if (key.Length == 0)
            throw cursor.Damaged($"metadata key {metadata.Count + 1} has no name");

        if (metadata.Find(key) is not null)
            throw new ModelFileException(cursor.Path, $"metadata key {key.Quoted} occurs twice, so it is not clear which value counts; "
                + "fetch or convert the file again.");

        metadata.Add(key, cursor.Value($"metadata key {key.Quoted}"));
    }

    /// <summary>The alignment that a file states, 32 when it states none.</summary>
    public static int ReadAlignment(string path, GgufMetadata metadata)
    {
        var alignment = metadata.GetInteger(GgufMetadata.AlignmentKey) ?? DefaultAlignment;
        return alignment is > 0 and <= LargestAlignment && long.IsPow2(alignment)
            ? (int)alignment
            : throw new ModelFileException(path, $"metadata key '{GgufMetadata.AlignmentKey}' is {alignment}, but it must be a power of two "
                + $"up to {LargestAlignment:N0}; the file is damaged or was made by a faulty program, so fetch or convert it again.");
    }

    /// <summary>Reads one entry; its offset is still counted from the start of the tensor data.</summary>
    static PlacedTensor ReadTensor(ref GgufCursor cursor, int alignment)
    {
        var name = cursor.Text("the name of a tensor", HeaderLimits.NameBytes);
        if (name.Length == 0)
            throw cursor.Damaged($"the tensor before byte {cursor.Position:N0} has no name");

        var owner = $"tensor {name.Quoted}";
        var dimensions = cursor.Next<uint>(owner);
        if (dimensions > MostDimensions)
            throw cursor.Damaged($"{owner} has {dimensions} dimensions but GGUF allows {MostDimensions}");

        var shape = new long[dimensions];
        for (var i = shape.Length - 1; i >= 0; i--)      // innermost first in the file, outermost first in a shape
            shape[i] = cursor.Next<long>(owner);

        var number = cursor.Next<uint>(owner);
        if (GgufTensorTypes.Find(number) is not { } type)
            throw new ModelFileException(cursor.Path, $"{owner} has the type {GgufTensorTypes.NameOf(number)}, which is not supported; "
                + $"use a file whose tensors are of the types {GgufTensorTypes.SupportedNames}.");

        if (TensorSpec.Problem(type, shape) is { } problem)
            throw cursor.Damaged($"{owner} {problem}");

        var offset = cursor.Next<long>(owner);
        if (offset < 0 || offset % alignment != 0)
            throw cursor.Damaged($"{owner} starts at offset {(ulong)offset:N0}, which is not a multiple of the alignment, {alignment}");

        return new PlacedTensor(new TensorSpec(name, type, ImmutableArray.Create(shape)), offset);
    }

    /// <summary>Turns an offset into the tensor data into one into the file, and makes sure that the tensor lies within the file.</summary>
    static PlacedTensor Place(string path, PlacedTensor tensor, long dataStart, long fileLength)
    {
        // Negative when the file ends in the padding behind the header.
        var dataLength = fileLength - dataStart;
        var available = Math.Max(0, dataLength - Math.Min(dataLength, tensor.FileOffset));
        return tensor.FileOffset <= dataLength && tensor.Spec.ByteLength <= available
            ? tensor with { FileOffset = dataStart + tensor.FileOffset }
            : throw TensorChecks.Truncated(path, tensor.Spec, available);
    }
}
