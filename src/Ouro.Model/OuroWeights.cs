using Ouro.Formats;
using Ouro.Tensors;
using Ouro.Tensors.Gradients;

namespace Ouro.Model;

/// <summary>The weights of one layer. F is the width of the feed-forward part, D that of the state.</summary>
public sealed record OuroLayer(
    Matrix AttentionIn, WeightMatrix Query, WeightMatrix Key, WeightMatrix Value, WeightMatrix AttentionOutput, Matrix AttentionOut,
    Matrix FeedForwardIn, WeightMatrix FeedForwardGate, WeightMatrix FeedForwardUp, WeightMatrix FeedForwardDown, Matrix FeedForwardOut);

/// <summary>The weights of a model, ready for the forward pass. Shared by any number of sequences; nothing changes them here, but those of <see cref="Over"/> show what their owner changes.</summary>
public sealed class OuroWeights : IDisposable
{
    readonly List<WeightMatrix> _matrices = [];
    readonly WeightMemory? _memory;

    OuroWeights(OuroCheckpoint checkpoint, WeightLoading loading)
    {
        Config = checkpoint.Config;
        Activations = loading.Activations;
        _memory = loading.Memory;
        RopeLayout = checkpoint.RopeLayout;
        checkpoint.RefuseFurtherLayers();
        var byPlace = checkpoint.Tensors.ToDictionary(tensor => (tensor.Role, tensor.Layer));
        WeightMatrix Weights(TensorRole role, int layer = -1) => Keep(loading.Matrix(checkpoint.Require(byPlace[(role, layer)])));
        Matrix Norm(TensorRole role, int layer = -1) => ReadNorm(checkpoint.Require(byPlace[(role, layer)]));

        Embedding = Keep(WeightLoading.Table(checkpoint.Require(byPlace[(TensorRole.Embedding, -1)])));
        FinalNorm = Norm(TensorRole.FinalNorm);
        Head = Weights(Config.TiedHead ? TensorRole.Embedding : TensorRole.Head);
        Layers = LayersOf(Config, Weights, Norm);
        if (EarlyExitGate.Read(checkpoint) is { } gate)
        {
            GateWeight = RowOf(gate.Weight);
            GateBias = gate.Bias;
        }
    }

    OuroWeights(OuroConfig config, Func<TensorRole, int, Matrix> tensor)
    {
        Config = config;
        RopeLayout = RopeLayout.Halves;
        Activations = ActivationType.F32;
        WeightMatrix Weights(TensorRole role, int layer = -1) => new MatrixWeights(tensor(role, layer));

        Embedding = Weights(TensorRole.Embedding);
        FinalNorm = tensor(TensorRole.FinalNorm, -1);
        Head = config.TiedHead ? Embedding : Weights(TensorRole.Head);
        Layers = LayersOf(config, Weights, tensor);
        GateWeight = tensor(TensorRole.GateWeight, -1);
        GateBias = tensor(TensorRole.GateBias, -1)[0][0];
    }

    /// <summary>The measures.</summary>
    public OuroConfig Config { get; }

    /// <summary>How the rows of the query and key weights lie.</summary>
    public RopeLayout RopeLayout { get; }

    /// <summary>What quantised weights are multiplied with.</summary>
    public ActivationType Activations { get; }

    /// <summary>[V, D].</summary>
    public WeightMatrix Embedding { get; }

    /// <summary>[V, D]; the numbers of the embedding if the head is tied.</summary>
    public WeightMatrix Head { get; }

    /// <summary>[1, D].</summary>
    public Matrix FinalNorm { get; }

    /// <summary>The gate's weight [1, D], or null if the file has lost its gate: then every token runs at full depth.</summary>
    public Matrix? GateWeight { get; }

    /// <summary>The gate's bias.</summary>
    public float GateBias { get; }

    /// <summary>The layers, in order.</summary>
    public IReadOnlyList<OuroLayer> Layers { get; }

    /// <summary>Makes the weights ready: quantised matrices are packed into memory of their own, everything else stays mapped.</summary>
    /// <param name="checkpoint">Must outlive the weights.</param>
    /// <param name="backend">Whose threads do the packing.</param>
    /// <param name="activations">What quantised weights will be multiplied with; for <see cref="ActivationType.F32"/> they stay mapped, too.</param>
    /// <param name="progress">Told after each matrix.</param>
    /// <param name="cancel">Looked at before each matrix.</param>
    /// <exception cref="ModelFileException">A tensor is missing, has the wrong shape, or a norm, the gate or a scale holds NaN or an infinity.</exception>
    /// <exception cref="InsufficientMemoryException">The packed weights do not fit.</exception>
    public static OuroWeights Load(
        OuroCheckpoint checkpoint, CpuBackend backend, ActivationType activations = ActivationType.Int8,
        IProgress<TensorProgress>? progress = null, CancellationToken cancel = default)
    {
        var loading = new WeightLoading(checkpoint, backend, activations, progress, cancel);
        try
        {
            return new OuroWeights(checkpoint, loading);
        }
        catch
        {
            loading.Memory.Dispose();
            throw;
        }
    }

    /// <summary>Weights that lie in memory already, as training holds them: kept, not copied, so later changes are seen; only the gate's bias is copied.</summary>
    /// <param name="tensor">The matrix of a role and layer (-1 for what is there once): norms and the gate's weight [1, D], its bias [1, 1]; query and key
    /// rows half-split.</param>
    public static OuroWeights Over(OuroConfig config, Func<TensorRole, int, Matrix> tensor) => new(config, tensor);

    /// <summary>Lets go of the memory.</summary>
    public void Dispose()
    {
        foreach (var matrix in _matrices)
            matrix.Dispose();
        _matrices.Clear();
        _memory?.Dispose();
    }

    static OuroLayer[] LayersOf(OuroConfig config, Func<TensorRole, int, WeightMatrix> weights, Func<TensorRole, int, Matrix> norm)
        => [.. Enumerable.Range(0, config.Layers).Select(layer => new OuroLayer(
            norm(TensorRole.AttentionIn, layer),
            weights(TensorRole.Query, layer), weights(TensorRole.Key, layer), weights(TensorRole.Value, layer),
            weights(TensorRole.AttentionOutput, layer),
            norm(TensorRole.AttentionOut, layer),
            norm(TensorRole.FeedForwardIn, layer),
            weights(TensorRole.FeedForwardGate, layer), weights(TensorRole.FeedForwardUp, layer), weights(TensorRole.FeedForwardDown, layer),
            norm(TensorRole.FeedForwardOut, layer)))];

    WeightMatrix Keep(WeightMatrix matrix)
    {
        _matrices.Add(matrix);
        return matrix;
    }

    static Matrix ReadNorm(StoredTensor stored)
    {
        var values = StoredNumbers.Read(stored);
        return Array.TrueForAll(values, float.IsFinite)
            ? RowOf(values)
            : throw new ModelFileException(
                stored.Path, $"tensor {stored.Name.Quoted} holds numbers that are NaN or infinite. The file is damaged; fetch it again.");
    }

    static Matrix RowOf(float[] values)
    {
        var row = new Matrix(1, values.Length);
        values.CopyTo(row[0]);
        return row;
    }
}
