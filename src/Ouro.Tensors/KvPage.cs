using System.Runtime.InteropServices;
using Ouro.Formats;

namespace Ouro.Tensors;

/// <summary>The measures of a key/value store.</summary>
/// <param name="Layers">Layers of the stack.</param>
/// <param name="Loops">Most loops that a position can have keys and values for.</param>
/// <param name="Heads">Key/value heads.</param>
/// <param name="HeadSize">Numbers in a head.</param>
/// <param name="Type">How the numbers are stored; <paramref name="HeadSize"/> must be whole blocks of it.</param>
public sealed record KvShape(int Layers, int Loops, int Heads, int HeadSize, ElementType Type)
{
    /// <summary>Bytes of one key or one value of one head.</summary>
    public int HeadBytes { get; } = checked((int)Type.BytesFor(HeadSize));

    /// <summary>Bytes that one position takes in one loop, keys and values of all layers.</summary>
    public long BytesPerPositionAndLoop => 2L * Layers * Heads * HeadBytes;

    /// <summary>Bytes that one position takes in all loops.</summary>
    public long BytesPerPosition => Loops * BytesPerPositionAndLoop;

    /// <summary>Bytes that so many positions take in all loops; 2^63 - 1 if there are more.</summary>
    public long BytesFor(int positions) => (long)Int128.Min((Int128)positions * BytesPerPosition, long.MaxValue);
}

/// <summary>Keys and values of <see cref="Positions"/> consecutive positions of one sequence, for every loop and layer.</summary>
/// <remarks>
/// Memory for a loop is taken when something is first stored for that loop, so fewer loops need less. Within a loop: layer, then keys before
/// values, then head, then position: attention reads one head of a page in one stretch. Not thread-safe while a loop is first stored to.
/// </remarks>
public sealed unsafe class KvPage(KvShape shape) : IDisposable
{
    /// <summary>Positions in a page: the block in which attention sums, too.</summary>
    public const int Positions = 64;

    readonly nint[] _loops = new nint[shape.Loops];

    /// <summary>The measures.</summary>
    public KvShape Shape => shape;

    /// <summary>Bytes taken so far.</summary>
    public long BytesTaken => _loops.LongCount(loop => loop != 0) * Positions * shape.BytesPerPositionAndLoop;

    /// <summary>Where the keys (or values) of a head begin: <see cref="Positions"/> times <see cref="KvShape.HeadBytes"/> bytes.</summary>
    internal byte* Keys(int loop, int layer, int head) => Start(loop) + Offset(layer, values: 0, head);

    /// <inheritdoc cref="Keys"/>
    internal byte* Values(int loop, int layer, int head) => Start(loop) + Offset(layer, values: 1, head);

    /// <summary>Takes the memory of a loop unless it is there.</summary>
    /// <exception cref="OutOfMemoryException">The system has no more memory to give.</exception>
    public void Reserve(int loop)
    {
        if (_loops[loop] == 0)
            _loops[loop] = (nint)NativeMemory.AlignedAlloc((nuint)(Positions * shape.BytesPerPositionAndLoop), 64);
    }

    /// <summary>Gives the memory back. Pointers into it die with it, so whoever computes holds on to the page itself, as a <see cref="KvPlace"/> does.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back the memory of a page that nobody disposed.</summary>
    ~KvPage() => Free();

    byte* Start(int loop)
        => _loops[loop] is not 0 and var start
            ? (byte*)start
            : throw new InvalidOperationException($"Nothing was stored for loop {loop + 1} of these positions.");

    long Offset(int layer, int values, int head) => (((2L * layer + values) * shape.Heads) + head) * Positions * shape.HeadBytes;

    void Free()
    {
        for (var loop = 0; loop < _loops.Length; loop++)
        {
            NativeMemory.AlignedFree((void*)_loops[loop]);
            _loops[loop] = 0;
        }
    }
}
