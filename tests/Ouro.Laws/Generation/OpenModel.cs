using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Laws.Generation;

/// <summary>A model with everything it needs, on one thread unless said otherwise.</summary>
sealed class OpenModel : IDisposable
{
    readonly OuroCheckpoint _checkpoint;
    readonly OuroWeights _weights;
    readonly CpuBackend _backend;

    public OpenModel(string path, ActivationType activations = ActivationType.F32, int threads = 1)
    {
        _checkpoint = OuroCheckpoint.Open(path);
        _backend = new CpuBackend(threads);
        _weights = OuroWeights.Load(_checkpoint, _backend, activations);
        Model = new OuroModel(_weights, _backend);
    }

    public OuroModel Model { get; }

    public void Dispose()
    {
        _backend.Dispose();
        _weights.Dispose();
        _checkpoint.Dispose();
    }
}
