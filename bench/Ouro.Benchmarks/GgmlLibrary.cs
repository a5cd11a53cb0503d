using System.Runtime.InteropServices;
using Ouro.Formats;

namespace Ouro.Benchmarks;

/// <summary>The quantiser of llama.cpp, called in the library that it comes in.</summary>
sealed unsafe class GgmlLibrary : IDisposable
{
    readonly nint _library;

    // size_t ggml_quantize_chunk(enum ggml_type, const float * src, void * dst, int64_t start, int64_t nrows, int64_t n_per_row, const float * imatrix)
    readonly delegate* unmanaged[Cdecl]<int, float*, byte*, long, long, long, float*, nuint> _quantize;

    /// <param name="folder">Of node-llama-cpp's compiled libraries, as <c>install-llama-cpp.sh</c> prints it.</param>
    public GgmlLibrary(string folder)
    {
        var path = Directory.EnumerateFiles(folder, "*ggml-base*").Order().FirstOrDefault()
            ?? throw new BenchmarkException($"{folder} has no libggml-base; bench/peers/install-llama-cpp.sh fetches it and prints its folder.");
        if (!NativeLibrary.TryLoad(Path.GetFullPath(path), out _library))
            throw new BenchmarkException($"{path} cannot be loaded as a library; bench/peers/install-llama-cpp.sh fetches one and prints its folder.");

        _quantize = (delegate* unmanaged[Cdecl]<int, float*, byte*, long, long, long, float*, nuint>)Symbol("ggml_quantize_chunk");
        Version = $"{Text("ggml_version")} ({Text("ggml_commit")})";
    }

    public string Version { get; }

    /// <summary>Writes <paramref name="rows"/> rows of <paramref name="type"/>; type numbers are the same on both sides.</summary>
    public void Quantize(ElementType type, ReadOnlySpan<float> values, int rows, Span<byte> blocks)
    {
        nuint written;
        fixed (float* source = values)
        fixed (byte* target = blocks)
            written = _quantize((int)type, source, target, 0, rows, values.Length / rows, null);

        if (written != (nuint)blocks.Length)
            throw new BenchmarkException($"ggml_quantize_chunk wrote {written:N0} bytes of {type}, not {blocks.Length:N0}.");
    }

    public void Dispose() => NativeLibrary.Free(_library);

    nint Symbol(string name) => NativeLibrary.TryGetExport(_library, name, out var address)
        ? address
        : throw new BenchmarkException($"The peer library has no {name}: it is not libggml-base.");

    string Text(string function) => Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint>)Symbol(function))()) ?? "unknown";
}
