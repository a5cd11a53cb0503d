using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Model.Conversion;

/// <summary>Reads runs of numbers of a stored tensor in the order of another layout, without mapping the file.</summary>
sealed class StoredRows(StoredTensor stored, RowOrder order)
{
    public StoredTensor Stored => stored;

    /// <summary>Copies the bytes of numbers <paramref name="first"/> and following; both ends lie between blocks.</summary>
    public void ReadBytes(long first, int count, Span<byte> bytes)
    {
        if (order.IsIdentity)
        {
            stored.Read(stored.Type.BytesFor(first), bytes);
            return;
        }

        var rowLength = stored.Shape[^1];
        for (var done = 0; done < count;)
        {
            var (row, column) = Math.DivRem(first + done, rowLength);
            var length = (int)Math.Min(rowLength - column, count - done);
            var from = (order.SourceOf(row) * rowLength) + column;
            stored.Read(stored.Type.BytesFor(from), bytes.Slice((int)stored.Type.BytesFor(done), (int)stored.Type.BytesFor(length)));
            done += length;
        }
    }

    /// <summary>Reads numbers and makes sure that each is finite. The result lies in <see cref="ChunkBuffers.Values"/>.</summary>
    /// <exception cref="ModelFileException">One is NaN or infinite.</exception>
    public Span<float> Read(long first, int count, ChunkBuffers buffers)
    {
        var bytes = buffers.Stored((int)stored.Type.BytesFor(count));
        ReadBytes(first, count, bytes);
        return Decode(bytes, buffers.Values(count));
    }

    /// <summary>Decodes bytes of this tensor and makes sure that each number is finite.</summary>
    /// <exception cref="ModelFileException">One is NaN or infinite.</exception>
    public Span<float> Decode(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        ElementFormats.Decode(stored.Type, bytes, values);
        return NonFinite.FirstIn(values) < 0 ? values : throw NonFinite.Refuse(stored);
    }
}
