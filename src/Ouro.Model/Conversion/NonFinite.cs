using System.Numerics;
using System.Runtime.InteropServices;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Model.Conversion;

/// <summary>Finds NaN and infinities among weights.</summary>
static class NonFinite
{
    const uint Exponent = 0x7F80_0000;

    /// <summary>The index of the first number that is NaN or infinite; -1 when there is none.</summary>
    public static int FirstIn(ReadOnlySpan<float> values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<uint>>(values);
        var i = 0;
        var mask = new Vector<uint>(Exponent);
        while (i < vectors.Length && !Vector.EqualsAny(vectors[i] & mask, mask))
            i++;

        for (var j = i * Vector<uint>.Count; j < values.Length; j++)
        {
            if (!float.IsFinite(values[j]))
                return j;
        }

        return -1;
    }

    /// <summary>How many numbers of a tensor are NaN or infinite, and the index of the first; (0, -1) when none is. Reads all of it.</summary>
    public static (long Count, long First) In(StoredTensor stored)
    {
        var rows = new StoredRows(stored, RowOrder.AsStored);
        var (count, at) = (0L, -1L);
        var buffers = new ChunkBuffers();
        foreach (var chunk in ChunkRun.Cut([stored.ElementCount]))
        {
            var bytes = buffers.Stored((int)stored.Type.BytesFor(chunk.Count));
            rows.ReadBytes(chunk.First, chunk.Count, bytes);
            var values = buffers.Values(chunk.Count);
            ElementFormats.Decode(stored.Type, bytes, values);
            for (var i = FirstIn(values); i >= 0 && i < values.Length; i++)
            {
                if (float.IsFinite(values[i]))
                    continue;

                at = count++ == 0 ? chunk.First + i : at;
            }
        }

        return (count, at);
    }

    /// <summary>Why a tensor with such numbers cannot be used.</summary>
    public static ModelFileException Refuse(StoredTensor stored)
    {
        var (count, first) = In(stored);
        return new ModelFileException(
            stored.Path, $"tensor '{FileText.Short(stored.Name)}' holds {count:N0} number{(count == 1 ? " that is" : "s that are")} NaN or "
                + $"infinite (the first at index "
                + $"{first:N0} of {stored.ElementCount:N0}), and a model with such weights answers nothing but noise. Fetch it again, or mend "
                + $"the training run that made it.");
    }
}
