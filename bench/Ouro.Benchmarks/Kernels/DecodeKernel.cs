using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Ouro.Formats;
using Ouro.Tensors.Quantization;

namespace Ouro.Benchmarks.Kernels;

/// <summary>Blocks of weights to numbers.</summary>
public class DecodeKernel
{
    const int Count = 1 << 16;

    readonly float[] _values = new float[Count];
    byte[] _blocks = [];

    [Params(ElementType.Q3_K, ElementType.Q4_K, ElementType.Q5_K, ElementType.Q6_K, ElementType.Q8_0)]
    public ElementType Type { get; set; }

    [GlobalSetup]
    public void Prepare() => _blocks = Numbers.Encoded(Type, Count);

    [Benchmark(Baseline = true)]
    public void Definition()
    {
        switch (Type)
        {
            case ElementType.Q3_K: OneByOne<Q3_K>(); break;
            case ElementType.Q4_K: OneByOne<Q4_K>(); break;
            case ElementType.Q5_K: OneByOne<Q5_K>(); break;
            case ElementType.Q6_K: OneByOne<Q6_K>(); break;
            default: OneByOne<Q8_0>(); break;
        }
    }

    [Benchmark]
    public void Fast() => ElementFormats.Decode(Type, _blocks, _values);

    void OneByOne<TBlock>()
        where TBlock : unmanaged, IBlock<TBlock>
    {
        var blocks = MemoryMarshal.Cast<byte, TBlock>(_blocks);
        for (var i = 0; i < _values.Length; i++)
            _values[i] = blocks[i / TBlock.Count][i % TBlock.Count];
    }
}
