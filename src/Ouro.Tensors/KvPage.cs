using System.Runtime.InteropServices;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

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
/// Memory for a loop is taken when something is first stored for that loop, so fewer loops need less. Within a loop: layer, then head, then keys
/// before values, then position: attention reads the heads of a page in one stretch, and memory is read the faster the longer its stretches
/// are. Not thread-safe while a loop is first stored to.
/// </remarks>
public sealed unsafe class KvPage(KvShape shape) : IDisposable
{
    /// <summary>Positions in a page: the block in which attention sums, too.</summary>
    public const int Positions = 64;

    readonly nint[] _loops = new nint[shape.Loops];
    int _users = 1;

    /// <summary>The measures.</summary>
    public KvShape Shape => shape;

    /// <summary>Bytes taken so far.</summary>
    public long BytesTaken => _loops.LongCount(loop => loop != 0) * LoopBytes;

    /// <summary>True if it has more than one user, so that nobody may write to it.</summary>
    public bool IsShared => _users > 1;

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

    /// <summary>Gives back the memory of a loop.</summary>
    public void Release(int loop)
    {
        RefuseIfShared();
        NativeMemory.AlignedFree((void*)_loops[loop]);
        _loops[loop] = 0;
    }

    /// <summary>This page for one more user, who disposes it, too.</summary>
    public KvPage Share()
    {
        _users++;
        return this;
    }

    /// <summary>A page of its own with the same keys and values.</summary>
    public KvPage Copy()
    {
        var copy = new KvPage(shape);
        for (var loop = 0; loop < _loops.Length; loop++)
        {
            if (_loops[loop] == 0)
                continue;

            copy.Reserve(loop);
            Buffer.MemoryCopy((void*)_loops[loop], (void*)copy._loops[loop], LoopBytes, LoopBytes);
        }

        return copy;
    }

    /// <summary>Copies the keys and values of one position from one loop's place to another's.</summary>
    /// <param name="position">From 0, within the page.</param>
    public void CopyPosition(int position, int from, int to)
    {
        RefuseIfShared();
        Reserve(to);
        for (var at = (long)position * shape.HeadBytes; at < LoopBytes; at += Positions * shape.HeadBytes)
            new ReadOnlySpan<byte>(Start(from) + at, shape.HeadBytes).CopyTo(new Span<byte>(Start(to) + at, shape.HeadBytes));
    }

    /// <summary>Puts the mean of the first loops' keys and values of a position into one loop's place.</summary>
    public void AveragePosition(int position, int loops, int to)
    {
        RefuseIfShared();
        Reserve(to);
        Span<float> sum = new float[shape.HeadSize], numbers = new float[shape.HeadSize];
        for (var at = (long)position * shape.HeadBytes; at < LoopBytes; at += Positions * shape.HeadBytes)
        {
            sum.Clear();
            for (var loop = 0; loop < loops; loop++)
            {
                ElementFormats.Decode(shape.Type, new ReadOnlySpan<byte>(Start(loop) + at, shape.HeadBytes), numbers);
                for (var i = 0; i < sum.Length; i++)
                    sum[i] += numbers[i] / loops;
            }

            ElementFormats.Encode(shape.Type, sum, new Span<byte>(Start(to) + at, shape.HeadBytes));
        }
    }

    /// <summary>Gives the memory back once nobody uses it. Pointers into it die with it, so whoever computes holds on to the page itself, as a <see cref="KvPlace"/> does.</summary>
    public void Dispose()
    {
        if (--_users > 0)
            return;

        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back the memory of a page that nobody disposed.</summary>
    ~KvPage() => Free();

    void RefuseIfShared()
    {
        if (IsShared)
            throw new InvalidOperationException("Others use this page; write to a copy.");
    }

    byte* Start(int loop)
        => _loops[loop] is not 0 and var start
            ? (byte*)start
            : throw new InvalidOperationException($"Nothing was stored for loop {loop + 1} of these positions.");

    long LoopBytes => Positions * shape.BytesPerPositionAndLoop;

    long Offset(int layer, int values, int head) => (2 * ((long)layer * shape.Heads + head) + values) * Positions * shape.HeadBytes;

    void Free()
    {
        for (var loop = 0; loop < _loops.Length; loop++)
        {
            NativeMemory.AlignedFree((void*)_loops[loop]);
            _loops[loop] = 0;
        }
    }
}
