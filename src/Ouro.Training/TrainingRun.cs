using Ouro.Model;
using Ouro.Tensors;
using Ouro.Tensors.Gradients;
using Ouro.Training.Data;

namespace Ouro.Training;

/// <summary>How a model is trained, apart from what it is trained for.</summary>
public sealed record TrainingOptions
{
    /// <summary>
    /// Activation checkpointing: a layer is computed once more on the way back, from the state that entered it, so that memory holds the inside of one
    /// layer and not of layers * loops. It costs a third more time.
    /// </summary>
    public bool Recompute { get; init; } = true;

    /// <summary>How activations are kept for the way back.</summary>
    public StorageType Storage { get; init; } = StorageType.F32;
}

/// <summary>The forward pass of <see cref="OuroModel"/> over whole documents, and its way back into the parameters' gradients.</summary>
/// <remarks>Everything is bit-identical for any number of threads. One caller at a time.</remarks>
public sealed class TrainingRun
{
    readonly TrainableModel _model;
    readonly TrainingOptions _options;
    readonly CpuGradients _gradients;
    readonly OuroModel _forward;
    readonly TapeStore _store;
    readonly Tape _tape;
    readonly ReadOut _readOut;
    readonly Matrix _states;
    readonly List<Matrix> _ended = [], _endedGradients = [];            // by loop, [R, D]
    readonly List<TapeCopy?> _entered = [];                             // by loop and layer, [R, D], if layers are computed again
    readonly List<TapeSection> _layers = [], _ends = [];                // by loop and layer; by loop

    /// <param name="model">Kept.</param>
    /// <param name="backend">Whose threads compute, kept.</param>
    public TrainingRun(TrainableModel model, CpuBackend backend, TrainingOptions? options = null)
    {
        _options = options ?? new TrainingOptions();
        _model = model;
        _gradients = new CpuGradients(backend);
        var weights = model.Weights();
        _store = new TapeStore(_gradients, _options.Storage);
        _tape = new Tape(model, weights, backend, _gradients, _store);
        _forward = new OuroModel(weights, _tape);
        _readOut = new ReadOut(model, weights, backend, _gradients);
        _states = new Matrix(0, model.Config.Width);
    }

    /// <summary>Adds a batch's share of a step to the gradients.</summary>
    /// <param name="targetsInStep">Targets of all batches of the step, at least 1: gradients are those of the mean over them.</param>
    /// <returns>The losses of this batch.</returns>
    public LossReport Accumulate(TokenBatch batch, Objective objective, int targetsInStep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(targetsInStep, 1);
        var loops = objective.Loops(_model.Config.Loops);
        Forward(batch, loops, isRecorded: !objective.TrainsGateOnly);
        var report = _readOut.Accumulate(batch, objective, _ended, objective.TrainsGateOnly ? null : _endedGradients, loops, targetsInStep);
        if (!objective.TrainsGateOnly)
            Backward(batch, loops);
        return report;
    }

    /// <summary>The losses of a batch, with nothing learnt.</summary>
    public LossReport Evaluate(TokenBatch batch, Objective objective)
    {
        var loops = objective.Loops(_model.Config.Loops);
        Forward(batch, loops, isRecorded: false);
        return _readOut.Evaluate(batch, objective, _ended, loops);
    }

    /// <summary>What the model would say at each target, loop by loop.</summary>
    public Readings Read(TokenBatch batch)
    {
        Forward(batch, _model.Config.Loops, isRecorded: false);
        return _readOut.Read(batch, _ended, _model.Config.Loops);
    }

    void Forward(TokenBatch batch, int loops, bool isRecorded)
    {
        Reserve(loops);
        var positions = new int[batch.Inputs.Length];
        foreach (var (start, length) in batch.Segments)
        {
            for (var position = 0; position < length; position++)
                positions[start + position] = position;
        }

        _tape.Begin(batch.Segments);
        _forward.Prepare(positions);
        _forward.Embed(batch.Inputs, _states);
        for (var loop = 0; loop < loops; loop++)
        {
            for (var layer = 0; layer < _model.Config.Layers; layer++)
                ForwardLayer(loop, layer, isRecorded);
            if (isRecorded)
                _tape.Record(_ends[loop]);
            _forward.EndLoop(_states);
            _tape.Stop();
            _gradients.Copy(_states, _ended[loop]);
        }
    }

    void ForwardLayer(int loop, int layer, bool isRecorded)
    {
        var index = loop * _model.Config.Layers + layer;
        if (isRecorded && _options.Recompute)
            _entered[index] = _store.Make(_states);
        else if (isRecorded)
            _tape.Record(_layers[index]);
        _forward.Layer(layer, default, _states);
        _tape.Stop();
    }

    void Backward(TokenBatch batch, int loops)
    {
        var gradient = _tape.Of(_states);
        for (var loop = loops - 1; loop >= 0; loop--)
        {
            if (gradient.IsZero)
                _gradients.Copy(_endedGradients[loop], gradient.Write());
            else
                CpuGradients.Add(_endedGradients[loop], gradient.Values);
            _tape.PlayBack(_ends[loop]);
            for (var layer = _model.Config.Layers - 1; layer >= 0; layer--)
                BackwardLayer(loop, layer);
        }

        CpuGradients.AddEmbeddingGradient(batch.Inputs, gradient.Take(), _model[TensorRole.Embedding].Gradient);
    }

    void BackwardLayer(int loop, int layer)
    {
        var index = loop * _model.Config.Layers + layer;
        var section = _layers[_options.Recompute ? 0 : index];
        if (_entered[index] is { } entered)
        {
            _gradients.Copy(_store.Open(entered), _states);
            TakeBack(index);
            _tape.Record(section);
            _forward.Layer(layer, default, _states);
            _tape.Stop();
        }

        _tape.PlayBack(section);
    }

    void TakeBack(int index)
    {
        if (_entered[index] is { } entered)
            _store.TakeBack(entered);
        _entered[index] = null;
    }

    void Reserve(int loops)
    {
        for (var index = 0; index < _entered.Count; index++)
            TakeBack(index);    // those of a pass that an exception ended

        while (_ended.Count < loops)
        {
            _ended.Add(new Matrix(0, _model.Config.Width));
            _endedGradients.Add(new Matrix(0, _model.Config.Width));
            _ends.Add(new TapeSection());
        }

        while (_layers.Count < loops * _model.Config.Layers)
        {
            _entered.Add(null);
            _layers.Add(new TapeSection());
        }
    }
}
