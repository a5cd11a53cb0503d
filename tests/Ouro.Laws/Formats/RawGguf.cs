using System.Text;

namespace Ouro.Laws.Formats;

/// <summary>Writes GGUF bytes exactly as told, right or wrong, independently of the writer under test.</summary>
sealed class RawGguf
{
    readonly List<byte[]> _keys = [];
    readonly List<byte[]> _tensors = [];

    public byte[] Magic { get; init; } = "GGUF"u8.ToArray();
    public uint Version { get; init; } = 3;
    public ulong? KeyCount { get; init; }
    public ulong? TensorCount { get; init; }
    public int Alignment { get; init; } = 32;
    public int DataBytes { get; init; }

    public static byte[] Text(string text) => [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public RawGguf Key(string name, uint type, params byte[] value) => Key(Text(name), type, value);

    public RawGguf Key(byte[] name, uint type, params byte[] value)
    {
        _keys.Add([.. name, .. BitConverter.GetBytes(type), .. value]);
        return this;
    }

    /// <param name="sizes">Innermost first, as in the file.</param>
    public RawGguf Tensor(string name, ulong[] sizes, uint type = 0, ulong offset = 0, uint? dimensions = null) => Tensor(Text(name), sizes, type, offset, dimensions);

    public RawGguf Tensor(byte[] name, ulong[] sizes, uint type = 0, ulong offset = 0, uint? dimensions = null)
    {
        _tensors.Add(
        [
            .. name,
            .. BitConverter.GetBytes(dimensions ?? (uint)sizes.Length),
            .. sizes.SelectMany(BitConverter.GetBytes),
            .. BitConverter.GetBytes(type),
            .. BitConverter.GetBytes(offset),
        ]);
        return this;
    }

    public byte[] Build()
    {
        byte[] header =
        [
            .. Magic,
            .. BitConverter.GetBytes(Version),
            .. BitConverter.GetBytes(TensorCount ?? (ulong)_tensors.Count),
            .. BitConverter.GetBytes(KeyCount ?? (ulong)_keys.Count),
            .. _keys.SelectMany(key => key),
            .. _tensors.SelectMany(tensor => tensor),
        ];
        var dataStart = (header.Length + Alignment - 1) / Alignment * Alignment;
        Array.Resize(ref header, dataStart + DataBytes);
        return header;
    }
}
