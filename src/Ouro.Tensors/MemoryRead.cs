using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Tensors;

/// <summary>A large piece of memory and plain loops that read it: the fastest of them is the wall that a pass over the weights runs into.</summary>
/// <remarks>Not thread-safe.</remarks>
public sealed unsafe partial class MemoryRead : IDisposable
{
    static readonly (string Name, ReadLoop Loop)[] Loops =
    [
        ("256-bit, one stream", Vectors256),
        ("256-bit, four streams", Streams256),
        ("256-bit, one stream, prefetch 2 KiB ahead", Prefetched256),
        .. Vector512.IsHardwareAccelerated ? new (string, ReadLoop)[] { ("512-bit, one stream", Vectors512), ("512-bit, four streams", Streams512) } : [],
    ];

    const int HugePage = 1 << 21;
    const int AdviseHugePages = 14;   // MADV_HUGEPAGE of Linux

    readonly byte* _start;
    ulong _seen;

    /// <param name="length">Bytes, all written once here; many times the caches, a multiple of 4096.</param>
    /// <exception cref="OutOfMemoryException">The system has no such memory to give.</exception>
    public MemoryRead(long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 4096);
        Length = length;
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)length, HugePage);
        if (OperatingSystem.IsLinux())
            _ = Advise(_start, (nuint)length, AdviseHugePages);
        NativeMemory.Fill(_start, (nuint)length, 1);
    }

    /// <summary>Reads <paramref name="bytes"/> bytes, a multiple of 4096, and returns something that depends on all of them.</summary>
    delegate ulong ReadLoop(byte* start, long bytes);

    /// <summary>What each loop does, in a few words.</summary>
    public static IReadOnlyList<string> LoopNames { get; } = [.. Loops.Select(loop => loop.Name)];

    /// <summary>Bytes that each reading reads.</summary>
    public long Length { get; }

    /// <summary>Reads all of the memory once, each thread a part of its own.</summary>
    /// <param name="loop">Index into <see cref="LoopNames"/>.</param>
    /// <param name="threads">At least 1.</param>
    public void Read(int loop, int threads)
    {
        var read = Loops[loop].Loop;
        if (threads == 1)
        {
            _seen ^= read(_start, Length);
            return;
        }

        // Parts are much larger than caches, and starting a thread takes microseconds of the milliseconds that a part takes.
        var part = Length / threads / 4096 * 4096;
        var readers = Enumerable.Range(0, threads).Select(i => new Thread(() => Interlocked.Add(ref _seen, read(_start + i * part, part)))).ToArray();
        foreach (var reader in readers)
            reader.Start();
        foreach (var reader in readers)
            reader.Join();
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => NativeMemory.AlignedFree(_start);

    static ulong Vectors256(byte* start, long bytes)
    {
        Vector256<ulong> a = default, b = default, c = default, d = default;
        for (var end = start + bytes; start < end; start += 128)
        {
            a ^= Vector256.Load((ulong*)start);
            b ^= Vector256.Load((ulong*)(start + 32));
            c ^= Vector256.Load((ulong*)(start + 64));
            d ^= Vector256.Load((ulong*)(start + 96));
        }

        return Vector256.Sum(a ^ b ^ c ^ d);
    }

    static ulong Prefetched256(byte* start, long bytes)
    {
        Vector256<ulong> a = default, b = default, c = default, d = default;
        for (var end = start + bytes; start < end; start += 128)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(start + 2048);
                Sse.Prefetch0(start + 2112);
            }

            a ^= Vector256.Load((ulong*)start);
            b ^= Vector256.Load((ulong*)(start + 32));
            c ^= Vector256.Load((ulong*)(start + 64));
            d ^= Vector256.Load((ulong*)(start + 96));
        }

        return Vector256.Sum(a ^ b ^ c ^ d);
    }

    static ulong Streams256(byte* start, long bytes)
    {
        Vector256<ulong> a = default, b = default, c = default, d = default;
        var quarter = bytes / 4;
        for (var end = start + quarter; start < end; start += 64)
        {
            a ^= Vector256.Load((ulong*)start) ^ Vector256.Load((ulong*)(start + 32));
            b ^= Vector256.Load((ulong*)(start + quarter)) ^ Vector256.Load((ulong*)(start + quarter + 32));
            c ^= Vector256.Load((ulong*)(start + 2 * quarter)) ^ Vector256.Load((ulong*)(start + 2 * quarter + 32));
            d ^= Vector256.Load((ulong*)(start + 3 * quarter)) ^ Vector256.Load((ulong*)(start + 3 * quarter + 32));
        }

        return Vector256.Sum(a ^ b ^ c ^ d);
    }

    static ulong Vectors512(byte* start, long bytes)
    {
        Vector512<ulong> a = default, b = default, c = default, d = default;
        for (var end = start + bytes; start < end; start += 256)
        {
            a ^= Vector512.Load((ulong*)start);
            b ^= Vector512.Load((ulong*)(start + 64));
            c ^= Vector512.Load((ulong*)(start + 128));
            d ^= Vector512.Load((ulong*)(start + 192));
        }

        return Vector512.Sum(a ^ b ^ c ^ d);
    }

    static ulong Streams512(byte* start, long bytes)
    {
        Vector512<ulong> a = default, b = default, c = default, d = default;
        var quarter = bytes / 4;
        for (var end = start + quarter; start < end; start += 64)
        {
            a ^= Vector512.Load((ulong*)start);
            b ^= Vector512.Load((ulong*)(start + quarter));
            c ^= Vector512.Load((ulong*)(start + 2 * quarter));
            d ^= Vector512.Load((ulong*)(start + 3 * quarter));
        }

        return Vector512.Sum(a ^ b ^ c ^ d);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);
}
