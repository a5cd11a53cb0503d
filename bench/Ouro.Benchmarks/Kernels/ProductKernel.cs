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
    WeightMatrix _weights = null!;
    Activations _rows = null!;

    [Params(ElementType.Q3_K, ElementType.Q4_K, ElementType.Q5_K, ElementType.Q6_K, ElementType.Q8_0, ElementType.F16)]
    public ElementType Type { get; set; }

    [Params(1, 4)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _weights = WeightMatrix.Open(Type, Outputs, Inputs, Numbers.Encoded(Type, Outputs * Inputs));
        _rows = new Activations(Rows, Inputs, ActivationType.Int8);
        for (var row = 0; row < Rows; row++)
            Numbers.Gaussian(Inputs).CopyTo(_rows.Values[row]);
        _rows.Changed();
    }

    [Benchmark(Baseline = true)]
    public void Definition()
    {
        for (var output = 0; output < Outputs; output++)
        {
            _weights.DecodeRow(output, _decoded);
            for (var row = 0; row < Rows; row++)
                _result[row][output] = FloatProducts.Definition(_decoded, _rows.Values[row]);
        }
    }

    [Benchmark]
    public void Fast() => _backend.Multiply(_weights, _rows, _result);
}
