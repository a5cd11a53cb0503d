namespace Ouro.Tensors;

/// <summary>Memory of a thread's own for the span of one call, kept for the next.</summary>
static unsafe class Scratch
{
    [ThreadStatic]
    static byte[]? _bytes;

    /// <summary>At least <paramref name="bytes"/> bytes at a multiple of 64, with anything in them; a later call on this thread reuses them.</summary>
    public static byte* Bytes(long bytes)
    {
        if (_bytes is null || _bytes.Length < bytes + 64)
            _bytes = GC.AllocateUninitializedArray<byte>(checked((int)Math.Max(bytes + 64, 64 * 1024)), pinned: true);
        var address = (nuint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _bytes[0]);
        return (byte*)((address + 63) & ~(nuint)63);
    }
}
