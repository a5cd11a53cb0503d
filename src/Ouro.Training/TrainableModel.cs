using Ouro.Formats;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Tensors;

namespace Ouro.Training;

/// <summary>A looped model whose weights can be changed: parameters and gradients in single precision.</summary>
public sealed class TrainableModel
{
    const float SecondNorm = 0.1f;

    readonly Dictionary<(TensorRole, int), Parameter> _byPlace;

    TrainableModel(OuroConfig config, IEnumerable<Parameter> parameters)
    {
        Config = config;
        Parameters = [.. parameters];
        _byPlace = Parameters.ToDictionary(parameter => (parameter.Tensor.Role, parameter.Tensor.Layer));
    }

    /// <summary>The measures.</summary>
    public OuroConfig Config { get; }

    /// <summary>Every tensor of the model, the gate's among them, in the order of <see cref="ModelTensors"/>.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>A model with random weights.</summary>
    /// <remarks>
    /// Matrices are Gaussian with deviation 1 / sqrt(inputs), which is 0.022 at the published width (0.02 there); norms are 1, the gate 0. The embedding has
    /// deviation 1, as the states that end a loop have, so that the first loop meets what the others meet; a tied one, being the head too, has 1 / sqrt(D).
    /// Second norms start at <see cref="SecondNorm"/>, so that a loop begins as little more than the identity: with 1, small models learn much slower, and
    /// their later loops stay worse than the first (LOG.md).
    /// </remarks>
    public static TrainableModel Random(OuroConfig config, ulong seed)
    {
        var model = Zero(config);
        foreach (var parameter in model.Parameters)
        {
            var tensor = parameter.Tensor;
            var (mean, deviation) = tensor switch
            {
                { IsSecondNorm: true } => (SecondNorm, 0f),
                { IsNorm: true } => (1f, 0f),
                { IsGate: true } => (0f, 0f),
                { Role: TensorRole.Embedding } when !config.TiedHead => (0f, 1f),
                _ => (0f, 1 / MathF.Sqrt(parameter.Values.Columns)),
            };
            for (var row = 0; row < parameter.Values.Rows; row++)
                new GaussianNumbers(seed, StreamOf(tensor, row)).Fill(parameter.Values[row], mean, deviation);
        }

        return model;
    }

    /// <summary>A checkpoint's weights, whatever their type, widened. A gate that was lost starts at zero.</summary>
    /// <exception cref="ModelFileException">
    /// A tensor other than the gate is missing, has the wrong shape or holds NaN or an infinity, one belongs to no part of the model, or the gate is damaged.
    /// </exception>
    public static TrainableModel Open(OuroCheckpoint checkpoint)
    {
        checkpoint.RefuseFurtherLayers();
        if (checkpoint.Unclaimed() is [var unknown, ..])
        {
            throw new ModelFileException(
                checkpoint.Path, $"tensor {unknown.Name.Quoted} is not part of any Ouro model, and training would lose it; make a copy without it with 'ouro convert --drop'.");
        }

        var model = Zero(checkpoint.Config);
        foreach (var parameter in model.Parameters)
        {
            if (checkpoint.Numbers(parameter.Tensor) is { } numbers)
            {
                Fill(parameter.Values, Array.TrueForAll(numbers, float.IsFinite)
                    ? numbers
                    : throw new ModelFileException(
                        checkpoint.Path, $"tensor {checkpoint.NameOf(parameter.Tensor).Quoted} holds numbers that are NaN or infinite. The file is damaged; fetch it again."));
            }
            else if (!parameter.Tensor.IsGate)
                checkpoint.Require(parameter.Tensor);
        }

        return model;
    }

    /// <summary>A parameter by what it is for, and its layer from 0, or -1 for what is there once.</summary>
    public Parameter this[TensorRole role, int layer = -1] => _byPlace[(role, layer)];

    /// <summary>The weights for a forward pass: not copied, but for the gate's bias. Make them anew when that may have changed.</summary>
    public OuroWeights Weights() => OuroWeights.Over(Config, (role, layer) => _byPlace[(role, layer)].Values);

    /// <summary>The same parameters, not copied, under other measures that keep their shapes: loops, rotary base, context, threshold.</summary>
    /// <exception cref="ArgumentException">A tensor would have another shape.</exception>
    public TrainableModel With(OuroConfig config)
    {
        if (!ModelTensors.Of(config).SelectMany(tensor => tensor.Shape).SequenceEqual(Parameters.SelectMany(parameter => parameter.Tensor.Shape)))
            throw new ArgumentException("Measures that change the shape of a tensor need a new model.", nameof(config));
        return new TrainableModel(config, Parameters);
    }

    /// <summary>A deeper model whose layers are copies of this one's: the paper's fork from 24 to 48 layers.</summary>
    /// <param name="layers">A multiple of this model's.</param>
    public TrainableModel Upcycle(int layers, UpcycleOrder order)
    {
        if (layers < Config.Layers || layers % Config.Layers != 0)
            throw new ArgumentException($"{Config.Layers} layers can be copied into a multiple of {Config.Layers}, not into {layers}.", nameof(layers));

        var model = Zero(Config with { Layers = layers });
        foreach (var parameter in model.Parameters)
        {
            var layer = parameter.Tensor.Layer;
            var source = layer < 0 ? -1 : LayerCopies.SourceOf(layer, Config.Layers, layers, order);
            Copy(this[parameter.Tensor.Role, source].Values, parameter.Values);
        }

        return model;
    }

    static TrainableModel Zero(OuroConfig config)
    {
        if (config.FirstImpossibility() is { } problem)
            throw new ArgumentException(problem, nameof(config));
        return new TrainableModel(config, ModelTensors.Of(config).Select(tensor => new Parameter(tensor)));
    }

    static ulong StreamOf(ModelTensor tensor, int row) => ((ulong)tensor.Role << 56) | ((ulong)(tensor.Layer + 1) << 32) | (uint)row;

    static void Fill(Matrix matrix, float[] numbers)
    {
        for (var row = 0; row < matrix.Rows; row++)
            numbers.AsSpan(row * matrix.Columns, matrix.Columns).CopyTo(matrix[row]);
    }

    static void Copy(Matrix from, Matrix to)
    {
        for (var row = 0; row < from.Rows; row++)
            from[row].CopyTo(to[row]);
    }
}
