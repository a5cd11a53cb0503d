using BenchmarkDotNet.Attributes;
using Ouro.Formats;
using Ouro.Tensors;

namespace Ouro.Benchmarks.Kernels;

/// <summary>One row of sixteen heads of 128 looks back at 512 positions, on one thread.</summary>
public class AttentionKernel
{
    const int Heads = 16;
    const int HeadSize = 128;
    const int Context = 512;

    readonly CpuBackend _backend = new(1);
    readonly Matrix _queries = Numbers.Matrix(1, Heads * HeadSize);
    readonly Matrix _keys = Numbers.Matrix(Context, Heads * HeadSize);
    readonly Activations _result = new(1, Heads * HeadSize);
    readonly float[] _scores = new float[Context];
    KvPlace[] _last = [];

    [Params(ElementType.F16, ElementType.Q8_0)]
    public ElementType Cache { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var shape = new KvShape(Layers: 1, Loops: 1, Heads, HeadSize, Cache);
        KvPage[] pages = [.. Enumerable.Range(0, Context / KvPage.Positions).Select(_ => new KvPage(shape))];
        foreach (var page in pages)
            page.Reserve(0);
        KvPlace[] places = [.. Enumerable.Range(0, Context).Select(position => new KvPlace(pages, 0, position))];
        _backend.Store(places, 0, _keys, _keys);
        _last = [places[^1]];
    }

    /// <summary>In single precision throughout: what the cache's type would round does not change how long a number at a time takes.</summary>
    [Benchmark(Baseline = true)]
    public void Definition()
    {
        for (var head = 0; head < Heads; head++)
        {
            var part = head * HeadSize;
            var query = _queries[0].Slice(part, HeadSize);
            var largest = float.NegativeInfinity;
            for (var position = 0; position < Context; position++)
            {
                _scores[position] = FloatProducts.Definition(query, _keys[position].Slice(part, HeadSize)) / MathF.Sqrt(HeadSize);
                largest = MathF.Max(largest, _scores[position]);
            }

            var total = 0f;
            var sum = _result.Values[0].Slice(part, HeadSize);
            sum.Clear();
            for (var position = 0; position < Context; position++)
            {
                var share = MathF.Exp(_scores[position] - largest);
                total += share;
                var value = _keys[position].Slice(part, HeadSize);
                for (var i = 0; i < HeadSize; i++)
                    sum[i] += share * value[i];
            }

            for (var i = 0; i < HeadSize; i++)
                sum[i] /= total;
        }
    }

    [Benchmark]
    public void Fast() => _backend.Attend(_last, 0, _queries, Heads, _result);
}
