using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ouro.Benchmarks;

/// <summary>Reads <paramref name="bytes"/> bytes, a multiple of 4096, and returns something that depends on all of them.</summary>
unsafe delegate ulong ReadLoop(byte* start, long bytes);

/// <summary>A large piece of memory and plain loops that read it.</summary>
sealed unsafe partial class MemoryRead : IDisposable
{
    public static readonly (string Name, ReadLoop Loop)[] Loops =
    [
        ("256-bit, one stream", Vectors256),
        ("256-bit, four streams", Streams256),
        ("256-bit, one stream, prefetch 2 KiB ahead", Prefetched256),
        ("512-bit, one stream", Vectors512),
        ("512-bit, four streams", Streams512),
    ];

    const int HugePage = 1 << 21;
    const int AdviseHugePages = 14;   // MADV_HUGEPAGE of Linux

    readonly byte* _start;
    ulong _seen;

    public MemoryRead(long length)
    {
        Length = length;
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)length, HugePage);
        if (OperatingSystem.IsLinux())
            _ = Advise(_start, (nuint)length, AdviseHugePages);
        NativeMemory.Fill(_start, (nuint)length, 1);
    }

    public long Length { get; }

    /// <summary>Reads all of the memory once, each of <paramref name="threads"/> a part of its own.</summary>
    public void Read(ReadLoop loop, int threads)
    {
        if (threads == 1)
        {
            _seen ^= loop(_start, Length);
            return;
        }

        // Parts are much larger than caches, and starting a thread takes microseconds of the milliseconds that a part takes.
        var part = Length / threads / 4096 * 4096;
        var readers = Enumerable.Range(0, threads).Select(i => new Thread(() => Interlocked.Add(ref _seen, loop(_start + i * part, part)))).ToArray();
        foreach (var reader in readers)
            reader.Start();
        foreach (var reader in readers)
            reader.Join();
    }

    public void Dispose() => NativeMemory.AlignedFree(_start);

    public static ulong Vectors256(byte* start, long bytes)
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

    public static ulong Prefetched256(byte* start, long bytes)
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

    public static ulong Streams256(byte* start, long bytes)
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

    public static ulong Vectors512(byte* start, long bytes)
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

    public static ulong Streams512(byte* start, long bytes)
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
