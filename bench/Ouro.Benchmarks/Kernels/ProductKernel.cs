using BenchmarkDotNet.Attributes;
using Ouro.Formats;
using Ouro.Tensors;

namespace Ouro.Benchmarks.Kernels;

/// <summary>A weight matrix that fits the second cache times one row or four of 8-bit activations, on one thread.</summary>
public class ProductKernel
{
    const int Outputs = 64;
    const int Inputs = 2048;

    readonly CpuBackend _backend = new(1);
    readonly Matrix _result = new(4, Outputs);
    readonly float[] _decoded = new float[Inputs];
    WeightMemory? _memory;
    WeightMatrix _stored = null!;
    WeightMatrix _weights = null!;
    Activations _rows = null!;

    [Params(ElementType.Q3_K, ElementType.Q4_K, ElementType.Q5_K, ElementType.Q6_K, ElementType.Q8_0, ElementType.F16)]
    public ElementType Type { get; set; }

    [Params(1, 4)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var bytes = Numbers.Encoded(Type, Outputs * Inputs);
        _stored = WeightMatrix.Open(Type, Outputs, Inputs, bytes);
        _weights = _stored;
        if (Type.IsQuantized)
        {
            _memory = new WeightMemory(WeightMatrix.PackedBytes(Type, Outputs, Inputs));
            _weights = _backend.Pack(Type, Outputs, Inputs, (offset, to) => bytes.AsSpan((int)offset, to.Length).CopyTo(to), _memory);
        }

        _rows = new Activations(Rows, Inputs);
        for (var row = 0; row < Rows; row++)
            Numbers.Gaussian(Inputs).CopyTo(_rows.Values[row]);
        _rows.Changed();
    }

    [Benchmark(Baseline = true)]
    public void Definition()
    {
        for (var output = 0; output < Outputs; output++)
        {
            _stored.DecodeRow(output, _decoded);
            for (var row = 0; row < Rows; row++)
                _result[row][output] = FloatProducts.Definition(_decoded, _rows.Values[row]);
        }
    }

    [Benchmark]
    public void Fast() => _backend.Multiply(_weights, _rows, _result);
}
