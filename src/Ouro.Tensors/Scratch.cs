namespace Ouro.Tensors;

/// <summary>Memory of a thread's own for the span of one call, kept for the next.</summary>
static unsafe class Scratch
{
    [ThreadStatic]
    static byte[]? _bytes;

    [ThreadStatic]
    static byte[]? _panel;

    /// <summary>At least <paramref name="bytes"/> bytes at a multiple of 64, with anything in them; a later call on this thread reuses them.</summary>
    public static byte* Bytes(long bytes) => Aligned(ref _bytes, bytes);

    /// <summary>The same, beside <see cref="Bytes"/>: for products inside an operation that has scratch memory of its own.</summary>
    public static float* Panel(int numbers) => (float*)Aligned(ref _panel, numbers * (long)sizeof(float));

    static byte* Aligned(ref byte[]? kept, long bytes)
    {
        if (kept is null || kept.Length < bytes + 64)
            kept = GC.AllocateUninitializedArray<byte>(checked((int)Math.Max(bytes + 64, 64 * 1024)), pinned: true);
        var address = (nuint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref kept[0]);
        return (byte*)((address + 63) & ~(nuint)63);
    }
}
