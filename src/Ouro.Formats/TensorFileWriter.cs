namespace Ouro.Formats;

/// <summary>Writes the tensors of a new model file, in any order, piece by piece; the file appears only when all of it is there.</summary>
/// <remarks>
/// Made by <see cref="Gguf.GgufWriter"/> or <see cref="Safetensors.SafetensorsWriter"/>. <see cref="Write"/> may be called from several
/// threads. A writer disposed before <see cref="Commit"/> leaves nothing behind. See <see cref="AtomicFile"/>.
/// </remarks>
public sealed class TensorFileWriter : IDisposable
{
    readonly AtomicFile _file;
    readonly TensorLayout _layout;
    readonly WrittenRanges[] _written;

    TensorFileWriter(AtomicFile file, TensorLayout layout)
    {
        (_file, _layout) = (file, layout);
        _written = [.. layout.Tensors.Select(_ => new WrittenRanges())];
    }

    internal static TensorFileWriter Create(string path, TensorLayout layout)
    {
        var file = AtomicFile.Create(path, layout.FileLength);
        try
        {
            file.Write(0, layout.Header.Span);
            return new TensorFileWriter(file, layout);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Where the finished file will be.</summary>
    public string Path => _file.Path;

    /// <summary>Bytes of the finished file.</summary>
    public long FileLength => _layout.FileLength;

    /// <summary>Where the first byte of a tensor lies, counted from the start of the file.</summary>
    /// <param name="tensor">Its index in the list that the file was created with.</param>
    public long TensorOffset(int tensor) => _layout.Tensors[tensor].FileOffset;

    /// <summary>Writes a part of a tensor. Bytes written twice keep the later value.</summary>
    /// <param name="tensor">Its index in the list that the file was created with.</param>
    /// <param name="offset">Counted from the tensor's first byte.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such tensor, or the range reaches outside it.</exception>
    /// <exception cref="ModelFileException">The disk is full or fails.</exception>
    public void Write(int tensor, long offset, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tensor);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(tensor, _written.Length);
        var placed = _layout.Tensors[tensor];
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, placed.Spec.ByteLength - bytes.Length);

        _file.Write(placed.FileOffset + offset, bytes);
        lock (_written[tensor])
            _written[tensor].Add(offset, offset + bytes.Length);
    }

    /// <summary>Makes sure that every byte of every tensor was written, waits for the disk, and puts the file in its place.</summary>
    /// <exception cref="InvalidOperationException">A part of a tensor was never written.</exception>
    /// <exception cref="ModelFileException">The disk fails, or the place cannot be replaced.</exception>
    public void Commit()
    {
        for (var i = 0; i < _written.Length; i++)
            if (_written[i].FirstGap(_layout.Tensors[i].Spec.ByteLength) is { } gap)
                throw new InvalidOperationException($"Tensor {_layout.Tensors[i].Spec.Name.Quoted} was not written from byte {gap:N0} on.");

        _file.Commit();
    }

    /// <summary>Deletes the unfinished file unless it was committed.</summary>
    public void Dispose() => _file.Dispose();
}

/// <summary>A model file to be: its first bytes, and the place of every tensor in the order that the caller listed them.</summary>
/// <param name="Header">Everything before the tensor data, padding included.</param>
/// <param name="FileLength">Bytes of the whole file.</param>
sealed record TensorLayout(ReadOnlyMemory<byte> Header, IReadOnlyList<PlacedTensor> Tensors, long FileLength);
