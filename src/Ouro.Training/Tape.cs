using Ouro.Model;
using Ouro.Tensors;
using Ouro.Tensors.Gradients;

namespace Ouro.Training;

/// <summary>Computes the operations of a forward pass, remembers what they met, and plays them backwards.</summary>
/// <remarks>
/// The forward pass fills the same buffers again and again, so a buffer's gradient belongs to what it held last: an operation that overwrites a
/// buffer takes that gradient and leaves none, one that only reads a buffer adds to it. What an operation will need is copied when it runs,
/// once however many operations read it. Gradients of weights go to their parameters.
/// </remarks>
sealed class Tape : IComputeBackend
{
    readonly CpuBackend _backend;
    readonly CpuGradients _gradients;
    readonly Dictionary<object, Parameter> _parameters = new(ReferenceEqualityComparer.Instance);
    readonly Dictionary<Matrix, BufferGradient> _ofBuffers = new(ReferenceEqualityComparer.Instance);
    readonly Dictionary<Matrix, TapeCopy> _copies = new(ReferenceEqualityComparer.Instance);
    readonly TapeStore _store;
    TapeSection? _recording;
    ReadOnlyMemory<RowRange> _documents;
    (Matrix Keys, Matrix Values) _stored;

    public Tape(TrainableModel model, OuroWeights weights, CpuBackend backend, CpuGradients gradients, TapeStore store)
    {
        (_backend, _gradients, _store) = (backend, gradients, store);
        foreach (var parameter in model.Parameters)
            _parameters[parameter.Values] = parameter;
        foreach (var layer in weights.Layers)
        {
            foreach (var matrix in (WeightMatrix[])
                [layer.Query, layer.Key, layer.Value, layer.AttentionOutput, layer.FeedForwardGate, layer.FeedForwardUp, layer.FeedForwardDown])
                _parameters[matrix] = _parameters[((MatrixWeights)matrix).Values];
        }
    }

    /// <summary>Begins a pass, whatever an exception left of the one before.</summary>
    /// <param name="documents">Which rows are one document each.</param>
    public void Begin(ReadOnlyMemory<RowRange> documents)
    {
        Stop();
        _store.CloseAll();
        foreach (var gradient in _ofBuffers.Values)
            gradient.Take();
        _documents = documents;
    }

    /// <summary>Remembers, until <see cref="Stop"/>, the operations that follow, and forgets what the section still held.</summary>
    public void Record(TapeSection section)
    {
        Empty(section);
        _copies.Clear();
        _recording = section;
    }

    public void Stop() => _recording = null;

    /// <summary>Plays a section backwards and empties it.</summary>
    public void PlayBack(TapeSection section)
    {
        for (var i = section.Operations.Count - 1; i >= 0; i--)
        {
            section.Operations[i]();
            _store.CloseAll();
        }

        Empty(section);
    }

    /// <summary>The gradient of what a buffer holds.</summary>
    public BufferGradient Of(Matrix buffer)
    {
        if (!_ofBuffers.TryGetValue(buffer, out var gradient))
            _ofBuffers[buffer] = gradient = new BufferGradient(buffer.Columns);
        return gradient;
    }

    public void RmsNorm(Matrix x, Matrix weight, float epsilon, Activations result)
    {
        var input = Keep(x);
        _backend.RmsNorm(x, weight, epsilon, result);
        Overwritten(result.Values);
        Then(() => Norm(input, x, weight, epsilon, result.Values));
    }

    public void RmsNorm(Matrix x, Matrix weight, float epsilon, Matrix result)
    {
        var input = Keep(x);
        _backend.RmsNorm(x, weight, epsilon, result);
        Overwritten(result);
        Then(() => Norm(input, x, weight, epsilon, result));
    }

    public void AddRmsNorm(Matrix x, Matrix weight, float epsilon, Matrix residual)
    {
        var input = Keep(x);
        _backend.AddRmsNorm(x, weight, epsilon, residual);
        Overwritten(residual);
        Then(() =>
        {
            var gradient = Of(residual);
            if (gradient.IsZero)
                throw new InvalidOperationException("A residual stream that nobody reads was played back.");
            _gradients.RmsNorm(_store.Open(input), weight, epsilon, gradient.Values, Of(x).Write(), _parameters[weight].Gradient, add: false);
        });
    }

    public void Multiply(WeightMatrix weights, Activations rows, Matrix result)
    {
        var input = Keep(rows.Values);
        _backend.Multiply(weights, rows, result);
        Overwritten(result);
        Then(() =>
        {
            var parameter = _parameters[weights];
            var gradient = Of(result).Take();
            var add = !Of(rows.Values).IsZero;
            _gradients.AddWeightGradient(gradient, _store.Open(input), parameter.Gradient);
            _gradients.InputGradient(gradient, parameter.Values, Of(rows.Values).Write(), add);
        });
    }

    public void Rotate(Rope rope, Matrix heads)
    {
        _backend.Rotate(rope, heads);
        Overwritten(heads);
        Then(() => _gradients.Rotate(rope, Of(heads).Values));
    }

    /// <summary>A document's keys and values are all in the pass: nothing is stored for later ones.</summary>
    public void Store(ReadOnlyMemory<KvPlace> places, int layer, Matrix keys, Matrix values) => _stored = (keys, values);

    public void Attend(ReadOnlyMemory<KvPlace> places, int layer, Matrix queries, int heads, Activations result)
    {
        var (documents, stored) = (_documents, _stored);
        _gradients.Attend(queries, stored.Keys, stored.Values, documents, heads, result.Values);
        result.Changed();
        var (q, k, v) = (Keep(queries), Keep(stored.Keys), Keep(stored.Values));
        Overwritten(result.Values);
        Then(() => _gradients.Attend(
            _store.Open(q), _store.Open(k), _store.Open(v), documents, heads, Of(result.Values).Take(),
            Of(queries).Write(), Of(stored.Keys).Write(), Of(stored.Values).Write()));
    }

    public void SwiGlu(Matrix gate, Matrix up, Activations result)
    {
        _backend.SwiGlu(gate, up, result);
        var (g, u) = (Keep(gate), Keep(up));
        Overwritten(result.Values);
        Then(() => _gradients.SwiGlu(_store.Open(g), _store.Open(u), Of(result.Values).Take(), Of(gate).Write(), Of(up).Write()));
    }

    void Norm(TapeCopy? input, Matrix x, Matrix weight, float epsilon, Matrix result)
    {
        var gradient = Of(result).Take();
        var add = !Of(x).IsZero;
        _gradients.RmsNorm(_store.Open(input), weight, epsilon, gradient, Of(x).Write(), _parameters[weight].Gradient, add);
    }

    void Empty(TapeSection section)
    {
        section.Operations.Clear();
        section.Copies.ForEach(_store.TakeBack);
        section.Copies.Clear();
    }

    void Then(Action backwards) => _recording?.Operations.Add(backwards);

    void Overwritten(Matrix buffer) => _copies.Remove(buffer);

    /// <summary>A copy of what a buffer holds now, for the way back; null when nothing is recorded.</summary>
    TapeCopy? Keep(Matrix buffer)
    {
        if (_recording is null)
            return null;

        if (!_copies.TryGetValue(buffer, out var copy))
        {
            _copies[buffer] = copy = _store.Make(buffer);
            _recording.Copies.Add(copy);
        }

        return copy;
    }
}

/// <summary>The operations of a part of a forward pass, and the copies that they need to go back.</summary>
sealed class TapeSection
{
    public List<Action> Operations { get; } = [];

    public List<TapeCopy> Copies { get; } = [];
}

/// <summary>The gradient of what a buffer holds; while it is zero its numbers are not there, and the first to write need not add.</summary>
sealed class BufferGradient(int columns)
{
    /// <summary>[R, columns]; anything while <see cref="IsZero"/>.</summary>
    public Matrix Values { get; } = new(0, columns);

    public bool IsZero { get; private set; } = true;

    /// <summary>The numbers, for an operation that writes or adds to all of them.</summary>
    public Matrix Write()
    {
        IsZero = false;
        return Values;
    }

    /// <summary>The numbers, for the operation that overwrote the buffer: before it, what the buffer held has no gradient yet.</summary>
    public Matrix Take()
    {
        IsZero = true;
        return Values;
    }
}
