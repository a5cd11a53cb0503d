using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Ouro.Formats.Gguf;

/// <summary>Collects the little-endian parts of a GGUF header, one after another: the mirror of <see cref="GgufCursor"/>.</summary>
sealed class GgufHeaderBytes
{
    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Bytes collected so far.</summary>
    public int Length => _bytes.WrittenCount;

    /// <summary>What was collected, followed by zeros up to <paramref name="length"/>.</summary>
    public ReadOnlyMemory<byte> PaddedTo(long length)
    {
        _bytes.Write(new byte[length - Length]);
        return _bytes.WrittenMemory;
    }

    public void Raw(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    public void Number<T>(T value) where T : unmanaged => _bytes.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    public void Text(string text)
    {
        var length = StrictUtf8.GetByteCount(text);
        Number((ulong)length);
        _bytes.Advance(StrictUtf8.GetBytes(text, _bytes.GetSpan(length)));
    }

    /// <summary>A type number and the value.</summary>
    public void Value(GgufValue value)
    {
        Number((uint)value.Type);
        Content(value);
    }

    void Content(GgufValue value)
    {
        switch (value.Type)
        {
            case GgufValueType.Array: Items(value); break;
            case GgufValueType.String: Text((string)value.Content); break;
            case GgufValueType.Bool: Number((bool)value.Content); break;
            case GgufValueType.UInt8: Number((byte)value.Content); break;
            case GgufValueType.Int8: Number((sbyte)value.Content); break;
            case GgufValueType.UInt16: Number((ushort)value.Content); break;
            case GgufValueType.Int16: Number((short)value.Content); break;
            case GgufValueType.UInt32: Number((uint)value.Content); break;
            case GgufValueType.Int32: Number((int)value.Content); break;
            case GgufValueType.UInt64: Number((ulong)value.Content); break;
            case GgufValueType.Int64: Number((long)value.Content); break;
            case GgufValueType.Float32: Number((float)value.Content); break;
            case GgufValueType.Float64: Number((double)value.Content); break;
            default: throw new InvalidOperationException($"Unknown metadata type {value.Type}.");
        }
    }

    void Items(GgufValue array)
    {
        Number((uint)array.ElementType!.Value);
        Number((ulong)((Array)array.Content).Length);
        switch (array.ElementType)
        {
            case GgufValueType.Array: Array.ForEach((GgufValue[])array.Content, Content); break;
            case GgufValueType.String: Array.ForEach((string[])array.Content, Text); break;
            case GgufValueType.Bool: Numbers((bool[])array.Content); break;
            case GgufValueType.UInt8: Numbers((byte[])array.Content); break;
            case GgufValueType.Int8: Numbers((sbyte[])array.Content); break;
            case GgufValueType.UInt16: Numbers((ushort[])array.Content); break;
            case GgufValueType.Int16: Numbers((short[])array.Content); break;
            case GgufValueType.UInt32: Numbers((uint[])array.Content); break;
            case GgufValueType.Int32: Numbers((int[])array.Content); break;
            case GgufValueType.UInt64: Numbers((ulong[])array.Content); break;
            case GgufValueType.Int64: Numbers((long[])array.Content); break;
            case GgufValueType.Float32: Numbers((float[])array.Content); break;
            case GgufValueType.Float64: Numbers((double[])array.Content); break;
            default: throw new InvalidOperationException($"Unknown metadata type {array.ElementType}.");
        }
    }

    void Numbers<T>(T[] numbers) where T : unmanaged => _bytes.Write(MemoryMarshal.AsBytes(numbers.AsSpan()));
}
