using System.Runtime.InteropServices;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Model.Conversion;

/// <summary>Where the numbers of a tensor to be written come from.</summary>
interface ITensorSource
{
    /// <summary>Bytes that making the whole tensor takes: what progress is counted in.</summary>
    long Bytes { get; }

    /// <summary>Makes numbers <paramref name="first"/> and following, already in the type and order of the tensor to be written.</summary>
    /// <remarks>Called from several threads for different parts; the bytes depend on the place alone.</remarks>
    void Make(long first, int count, Span<byte> encoded, ChunkBuffers buffers);
}

/// <summary>A tensor of a model file, re-encoded where its type changes and copied byte for byte where it does not.</summary>
/// <param name="mustBeExact">Refuse if the new type cannot hold one of the numbers as it is.</param>
sealed class StoredSource(StoredRows rows, ElementType type, bool mustBeExact = false) : ITensorSource
{
    long _clamped;

    public long Bytes => rows.Stored.ByteLength;

    /// <summary>Numbers so far that were beyond the range of F16 and became its largest.</summary>
    public long Clamped => Interlocked.Read(ref _clamped);

    public StoredTensor Stored => rows.Stored;

    public void Make(long first, int count, Span<byte> encoded, ChunkBuffers buffers)
    {
        if (rows.Stored.Type == type)
        {
            rows.ReadBytes(first, count, encoded);
            rows.Decode(encoded, buffers.Values(count));
            return;
        }

        var values = rows.Read(first, count, buffers);
        ElementFormats.Encode(type, values, encoded);
        if (type == ElementType.F16)
            CountClamped(values);
        if (mustBeExact)
            RequireExact(values, encoded, buffers.Others(count));
    }

    void CountClamped(ReadOnlySpan<float> values)
    {
        var count = 0L;
        foreach (var value in values)
            count += MathF.Abs(value) > (float)Half.MaxValue ? 1 : 0;
        Interlocked.Add(ref _clamped, count);
    }

    void RequireExact(ReadOnlySpan<float> values, ReadOnlySpan<byte> encoded, Span<float> decoded)
    {
        ElementFormats.Decode(type, encoded, decoded);
        if (MemoryMarshal.AsBytes(values).SequenceEqual(MemoryMarshal.AsBytes((ReadOnlySpan<float>)decoded)))
            return;

        throw new ModelFileException(
            rows.Stored.Path, $"tensor '{rows.Stored.Name}' is said to come from {type}, but holds numbers that {type} cannot, so it was "
                + $"changed since. "
                + "Choose the type yourself: --type f32 keeps every number.");
    }
}

/// <summary>A few numbers already in memory, such as the gate's.</summary>
sealed class NumbersSource(ReadOnlyMemory<float> numbers, ElementType type) : ITensorSource
{
    public long Bytes => type.BytesFor(numbers.Length);

    public void Make(long first, int count, Span<byte> encoded, ChunkBuffers buffers)
        => ElementFormats.Encode(type, numbers.Span.Slice((int)first, count), encoded);
}
