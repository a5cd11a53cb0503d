using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Ouro.Formats.Gguf;

/// <summary>Reads the little-endian parts of a GGUF header one after another, and never past its end.</summary>
/// <param name="path">The file that messages name.</param>
/// <param name="bytes">The file from its start: all of it, or as much as a header may take.</param>
ref struct GgufCursor(string path, ReadOnlySpan<byte> bytes)
{
    const int DeepestNesting = 8;

    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    readonly ReadOnlySpan<byte> _bytes = bytes;
    int _nestedArrays;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>The file that messages name.</summary>
    public readonly string Path => path;

    readonly int Remaining => _bytes.Length - Position;

    /// <summary>The next value. Nothing is swapped: files are little-endian, and so is every machine that .NET 10 runs models on.</summary>
    public T Next<T>(string what) where T : unmanaged => MemoryMarshal.Read<T>(Take((ulong)Unsafe.SizeOf<T>(), what));

    /// <summary>A count, checked before anyone reserves memory for the things counted.</summary>
    /// <param name="leastBytes">The fewest bytes that each of them takes.</param>
    public int Count(int leastBytes, string what)
    {
        var count = Next<ulong>(what);
        return count <= (ulong)(Remaining / leastBytes)
            ? (int)count
            : throw ModelFileException.Incomplete(path,
                $"{what} is {count:N0}, which needs more than the {Remaining:N0} bytes left for the header");
    }

    /// <summary>A string: a 64-bit length and UTF-8.</summary>
    /// <param name="longest">Most bytes allowed.</param>
    public string Text(string what, int longest = int.MaxValue)
    {
        var length = Next<ulong>(what);
        if (length > (ulong)longest)
            throw Damaged($"{what} is {length:N0} bytes long but at most {longest:N0} make sense");

        try
        {
            return StrictUtf8.GetString(Take(length, what));
        }
        catch (DecoderFallbackException)
        {
            throw new ModelFileException(path, $"{what} before byte {Position:N0} is not valid UTF-8; "
                + "the file is damaged or was made by a faulty program, so fetch or convert it again.");
        }
    }

    /// <summary>A type number and the value that follows it.</summary>
    /// <param name="owner">"metadata key 'x'", for messages.</param>
    public GgufValue Value(string owner) => Value(ValueType(owner), owner, depth: 0);

    /// <summary>What has been read contradicts the format.</summary>
    public readonly ModelFileException Damaged(string finding) => ModelFileException.Damaged(path, finding);

    GgufValue Value(GgufValueType type, string owner, int depth) => GgufValue.Of(type switch
    {
        GgufValueType.UInt8 => Next<byte>(owner),
        GgufValueType.Int8 => Next<sbyte>(owner),
        GgufValueType.UInt16 => Next<ushort>(owner),
        GgufValueType.Int16 => Next<short>(owner),
        GgufValueType.UInt32 => Next<uint>(owner),
        GgufValueType.Int32 => Next<int>(owner),
        GgufValueType.UInt64 => Next<ulong>(owner),
        GgufValueType.Int64 => Next<long>(owner),
        GgufValueType.Float32 => Next<float>(owner),
        GgufValueType.Float64 => Next<double>(owner),
        GgufValueType.Bool => Bools(1, owner)[0],
        GgufValueType.String => Text(owner),
        _ => Items(owner, depth),
    });

    object Items(string owner, int depth)
    {
        if (depth == DeepestNesting)
            throw Damaged($"{owner} nests arrays more than {DeepestNesting} deep, which no known writer does");

        if (depth > 0 && ++_nestedArrays > HeaderLimits.Entries)
            throw HeaderLimits.TooMany(path, $"the arrays nested in {owner}");

        var type = ValueType(owner);
        var count = Count(type.LeastBytes, $"the length of an array in {owner}");
        return type switch
        {
            GgufValueType.UInt8 => Numbers<byte>(count, owner),
            GgufValueType.Int8 => Numbers<sbyte>(count, owner),
            GgufValueType.UInt16 => Numbers<ushort>(count, owner),
            GgufValueType.Int16 => Numbers<short>(count, owner),
            GgufValueType.UInt32 => Numbers<uint>(count, owner),
            GgufValueType.Int32 => Numbers<int>(count, owner),
            GgufValueType.UInt64 => Numbers<ulong>(count, owner),
            GgufValueType.Int64 => Numbers<long>(count, owner),
            GgufValueType.Float32 => Numbers<float>(count, owner),
            GgufValueType.Float64 => Numbers<double>(count, owner),
            GgufValueType.Bool => Bools(count, owner),
            GgufValueType.String => Texts(count, owner),
            _ => Arrays(count, owner, depth),
        };
    }

    T[] Numbers<T>(int count, string owner) where T : unmanaged
        => MemoryMarshal.Cast<byte, T>(Take((ulong)count * (ulong)Unsafe.SizeOf<T>(), owner)).ToArray();

    bool[] Bools(int count, string owner)
    {
        var stored = Take((ulong)count, owner);
        return stored.IndexOfAnyExceptInRange((byte)0, (byte)1) < 0
            ? MemoryMarshal.Cast<byte, bool>(stored).ToArray()
            : throw Damaged($"{owner} holds a bool that is neither 0 nor 1");
    }

    string[] Texts(int count, string owner)
    {
        var texts = new string[count];
        for (var i = 0; i < count; i++)
            texts[i] = Text(owner);

        return texts;
    }

    GgufValue[] Arrays(int count, string owner, int depth)
    {
        var arrays = new GgufValue[count];
        for (var i = 0; i < count; i++)
            arrays[i] = Value(GgufValueType.Array, owner, depth + 1);

        return arrays;
    }

    GgufValueType ValueType(string owner)
    {
        var type = (GgufValueType)Next<int>(owner);
        return type.IsKnown
            ? type
            : throw Damaged($"{owner} has the type number {(uint)type} but GGUF knows 0 to 12");
    }

    ReadOnlySpan<byte> Take(ulong count, string what)
    {
        if (count > (ulong)Remaining)
            throw ModelFileException.Incomplete(path,
                $"{what} needs {count:N0} bytes at byte {Position:N0} but the header can reach to byte {_bytes.Length:N0} only");

        var taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }
}
