using System.Runtime.InteropServices;

namespace Ouro.Tensors;

/// <summary>Fills <paramref name="destination"/> with the bytes of a stored matrix from <paramref name="offset"/> on; called from several threads at once.</summary>
public delegate void WeightReader(long offset, Span<byte> destination);

/// <summary>One piece of memory for the packed weights of a model.</summary>
/// <remarks>
/// One piece, and in large pages where the system gives them, so that a pass over the weights needs few address translations. Nothing is
/// resident before it is written to. Matrices point into it, so it must outlive them. Parts are taken by one thread.
/// </remarks>
public sealed unsafe partial class WeightMemory : IDisposable
{
    const int Alignment = 64;
    const int LargePage = 2 << 20;
    const int AdviseLargePages = 14;

    readonly long _size;
    byte* _start;
    long _taken;

    /// <param name="size">Bytes, at least 0: the sum of <see cref="WeightMatrix.PackedBytes"/> of what is to be packed.</param>
    /// <exception cref="InsufficientMemoryException">The machine has not so much memory, or gives it to no one.</exception>
    public WeightMemory(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (size > available)
        {
            throw new InsufficientMemoryException(
                $"packed weights take {size:N0} bytes, and {available:N0} are there; weights multiplied in single precision (activations f32) stay in their file");
        }

        _size = size;
        try
        {
            _start = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(size, Alignment), (nuint)(size < LargePage ? Alignment : LargePage));
        }
        catch (OutOfMemoryException)
        {
            throw new InsufficientMemoryException($"the system gives no {size:N0} bytes for packed weights");
        }

        if (OperatingSystem.IsLinux() && size >= LargePage)
            _ = Advise(_start, (nuint)size, AdviseLargePages);   // where that is refused, ordinary pages do
    }

    /// <summary>Gives back memory that nobody disposed.</summary>
    ~WeightMemory() => Free();

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>The next so many bytes, at a multiple of 64, with anything in them.</summary>
    /// <exception cref="InvalidOperationException">More is taken than there is.</exception>
    internal byte* Take(long bytes)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        if (bytes > _size - _taken)
            throw new InvalidOperationException($"{bytes:N0} bytes of weight memory are wanted, but {_size - _taken:N0} of {_size:N0} are left.");

        var part = _start + _taken;
        _taken += Rounded(bytes);
        return part;
    }

    /// <summary>What <see cref="Take"/> uses up for so many bytes.</summary>
    internal static long Rounded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);

    void Free()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
