namespace Ouro.Formats;

/// <summary>A tensor in an open file. Its place lies within the file; its bytes are read only when asked for.</summary>
/// <remarks>Usable from several threads until the file that it came from is disposed.</remarks>
public sealed class StoredTensor : TensorSpec
{
    readonly MappedFile _file;

    internal StoredTensor(MappedFile file, PlacedTensor placed)
        : base(placed.Spec.Name, placed.Spec.Type, placed.Spec.Shape)
        => (_file, FileOffset) = (file, placed.FileOffset);

    /// <summary>The file that holds the tensor; of a sharded checkpoint, the shard.</summary>
    public string Path => _file.Path;

    /// <summary>Where the first byte lies, counted from the start of the file.</summary>
    public long FileOffset { get; }

    /// <summary>All bytes of the tensor, memory-mapped: nothing is copied, and pages become resident as they are touched.</summary>
    /// <remarks>Valid until the file is disposed.</remarks>
    /// <exception cref="ModelFileException">The tensor is larger than 2^31 - 1 bytes, or the system refuses the map.</exception>
    public ReadOnlyMemory<byte> Map() => ByteLength <= int.MaxValue
        ? _file.Map(FileOffset, (int)ByteLength)
        : throw new ModelFileException(Path, $"tensor {Name.Quoted} has {ByteLength:N0} bytes, but at most {int.MaxValue:N0} can be "
            + "mapped at once; convert the model to a smaller type, such as Q8_0.");

    /// <summary>Copies bytes of the tensor without mapping it, so that nothing stays resident.</summary>
    /// <param name="offset">Counted from the tensor's first byte.</param>
    /// <param name="destination">Filled whole.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range reaches outside the tensor.</exception>
    /// <exception cref="ModelFileException">The file can no longer be read, or has become shorter.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - destination.Length);
        _file.Read(FileOffset + offset, destination);
    }
}

/// <summary>A tensor and the place of its first byte, counted from the start of its file.</summary>
public readonly record struct PlacedTensor(TensorSpec Spec, long FileOffset)
{
    /// <summary>The place behind its last byte.</summary>
    public long End => FileOffset + Spec.ByteLength;
}
