using System.Collections.Frozen;

namespace Ouro.Formats.Gguf;

/// <summary>Types of metadata values, with the numbers that GGUF files use.</summary>
public enum GgufValueType
{
    /// <summary><see cref="byte"/>.</summary>
    UInt8 = 0,

    /// <summary><see cref="sbyte"/>.</summary>
    Int8 = 1,

    /// <summary><see cref="ushort"/>.</summary>
    UInt16 = 2,

    /// <summary><see cref="short"/>.</summary>
    Int16 = 3,

    /// <summary><see cref="uint"/>.</summary>
    UInt32 = 4,

    /// <summary><see cref="int"/>.</summary>
    Int32 = 5,

    /// <summary><see cref="float"/>.</summary>
    Float32 = 6,

    /// <summary><see cref="bool"/>, one byte, 0 or 1.</summary>
    Bool = 7,

    /// <summary><see cref="string"/>: a 64-bit length and UTF-8.</summary>
    String = 8,

    /// <summary>An array: the type of its elements, a 64-bit count, the elements.</summary>
    Array = 9,

    /// <summary><see cref="ulong"/>.</summary>
    UInt64 = 10,

    /// <summary><see cref="long"/>.</summary>
    Int64 = 11,

    /// <summary><see cref="double"/>.</summary>
    Float64 = 12,
}

/// <summary>The one table of value types: what holds them in memory, and the fewest bytes that one takes in a file.</summary>
static class GgufValueTypes
{
    static readonly (GgufValueType Type, Type Held, int Bytes)[] Table =
    [
        (GgufValueType.UInt8, typeof(byte), 1),
        (GgufValueType.Int8, typeof(sbyte), 1),
        (GgufValueType.UInt16, typeof(ushort), 2),
        (GgufValueType.Int16, typeof(short), 2),
        (GgufValueType.UInt32, typeof(uint), 4),
        (GgufValueType.Int32, typeof(int), 4),
        (GgufValueType.Float32, typeof(float), 4),
        (GgufValueType.Bool, typeof(bool), 1),
        (GgufValueType.String, typeof(string), 8),
        (GgufValueType.Array, typeof(GgufValue), 12),
        (GgufValueType.UInt64, typeof(ulong), 8),
        (GgufValueType.Int64, typeof(long), 8),
        (GgufValueType.Float64, typeof(double), 8),
    ];

    static readonly FrozenDictionary<Type, GgufValueType> ByHeldType = Table.ToFrozenDictionary(row => row.Held, row => row.Type);

    extension(GgufValueType type)
    {
        /// <summary>False for numbers that GGUF does not define.</summary>
        public bool IsKnown => type >= 0 && (int)type < Table.Length;

        /// <summary>Bytes of one value in a file; of a string or an array, of the shortest.</summary>
        public int LeastBytes => Table[(int)type].Bytes;
    }

    /// <summary>The type that stores objects of <paramref name="held"/>; null when GGUF has none.</summary>
    public static GgufValueType? Of(Type held) => ByHeldType.TryGetValue(held, out var type) ? type : null;
}
