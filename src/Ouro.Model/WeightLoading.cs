using Ouro.Formats;
using Ouro.Tensors;

namespace Ouro.Model;

/// <summary>How the matrices of one checkpoint come from its files.</summary>
sealed class WeightLoading
{
    readonly CpuBackend _backend;
    readonly IProgress<TensorProgress>? _progress;
    readonly CancellationToken _cancel;
    readonly long _bytesTotal;
    long _bytesDone;

    public WeightLoading(
        OuroCheckpoint checkpoint, CpuBackend backend, ActivationType activations, IProgress<TensorProgress>? progress, CancellationToken cancel)
    {
        (_backend, Activations, _progress, _cancel) = (backend, activations, progress, cancel);
        var packed = checkpoint.Tensors
            .Where(tensor => tensor.Role != TensorRole.Embedding || checkpoint.Config.TiedHead)
            .Select(checkpoint.Find).OfType<StoredTensor>().Where(IsPacked).ToList();
        _bytesTotal = packed.Sum(stored => stored.ByteLength);
        Memory = new WeightMemory(packed.Sum(stored => WeightMatrix.PackedBytes(stored.Type, (int)stored.Shape[0], (int)stored.Shape[1])));
    }

    /// <summary>What quantised weights will be multiplied with.</summary>
    public ActivationType Activations { get; }

    /// <summary>Where packed matrices go.</summary>
    public WeightMemory Memory { get; }

    /// <summary>A matrix of which rows are looked up: mapped, since few of its pages are ever touched.</summary>
    public static WeightMatrix Table(StoredTensor stored)
        => WeightMatrix.Open(stored.Type, (int)stored.Shape[0], (int)stored.Shape[1], stored.Map());

    /// <summary>A matrix for products: packed, or mapped where packing would win nothing.</summary>
    /// <remarks>What is packed is read, not mapped, so the file's own pages do not count as resident beside the copy.</remarks>
    public WeightMatrix Matrix(StoredTensor stored)
    {
        _cancel.ThrowIfCancellationRequested();
        if (!IsPacked(stored))
            return Table(stored);

        try
        {
            var matrix = _backend.Pack(stored.Type, (int)stored.Shape[0], (int)stored.Shape[1], stored.Read, Memory);
            _bytesDone += stored.ByteLength;
            _progress?.Report(new TensorProgress(_bytesDone, _bytesTotal, stored.Name));
            return matrix;
        }
        catch (InvalidDataException damage)
        {
            throw new ModelFileException(stored.Path, $"tensor {stored.Name.Quoted}: {damage.Message}; the file is damaged, so fetch it again.", damage);
        }
    }

    bool IsPacked(StoredTensor stored) => Activations == ActivationType.Int8 && stored.Type.IsQuantized && stored.Shape.Length == 2;
}
