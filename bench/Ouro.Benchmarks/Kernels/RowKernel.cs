using BenchmarkDotNet.Attributes;
using Ouro.Tensors;

namespace Ouro.Benchmarks.Kernels;

/// <summary>The operations on one row of the 1.4B shape, on one thread.</summary>
public class RowKernel
{
    const int Width = 2048;
    const int FeedForwardWidth = 5632;

    readonly CpuBackend _backend = new(1);
    readonly Matrix _state = Numbers.Matrix(1, Width), _weight = Numbers.Matrix(1, Width), _gate = Numbers.Matrix(1, FeedForwardWidth), _up = Numbers.Matrix(1, FeedForwardWidth);
    readonly Matrix _heads = Numbers.Matrix(1, Width);
    readonly Activations _normed = new(1, Width), _fed = new(1, FeedForwardWidth);
    readonly Rope _rope = new(headSize: 128, theta: 1e6, RopeLayout.Interleaved);

    [Params("norm", "swiglu", "rope")]
    public string Operation { get; set; } = "";

    [GlobalSetup]
    public void Prepare() => _rope.Prepare([17]);

    [Benchmark(Baseline = true)]
    public void Definition()
    {
        switch (Operation)
        {
            case "norm": Norm(); break;
            case "swiglu": SwiGlu(); break;
            default: Turn(); break;
        }
    }

    [Benchmark]
    public void Fast()
    {
        switch (Operation)
        {
            case "norm": _backend.RmsNorm(_state, _weight, 1e-6f, _normed); break;
            case "swiglu": _backend.SwiGlu(_gate, _up, _fed); break;
            default: _backend.Rotate(_rope, _heads); break;
        }
    }

    void Norm()
    {
        var row = _state[0];
        var weight = _weight[0];
        var result = _normed.Values[0];
        var factor = 1 / MathF.Sqrt(FloatProducts.Definition(row, row) / Width + 1e-6f);
        for (var i = 0; i < Width; i++)
            result[i] = row[i] * factor * weight[i];
    }

    void SwiGlu()
    {
        var gate = _gate[0];
        var up = _up[0];
        var result = _fed.Values[0];
        for (var i = 0; i < FeedForwardWidth; i++)
            result[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
    }

    void Turn()
    {
        var heads = _heads[0];
        for (var i = 0; i < Width; i += 2)
        {
            var (sine, cosine) = MathF.SinCos(17 * MathF.Pow(1e6f, -(i % 128) / 128f));
            (heads[i], heads[i + 1]) = (heads[i] * cosine - heads[i + 1] * sine, heads[i] * sine + heads[i + 1] * cosine);
        }
    }
}
