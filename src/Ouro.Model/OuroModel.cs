using Ouro.Formats;
using Ouro.Tensors;

namespace Ouro.Model;

/// <summary>One token's turn through the stack: the unit of which passes are made.</summary>
/// <param name="Sequence">The text that it belongs to.</param>
/// <param name="Position">Its place in the text, from 0.</param>
/// <param name="Loop">The loop that it runs, from 0.</param>
public readonly record struct Row(KvSequence Sequence, int Position, int Loop);

/// <summary>Ouro's forward pass: one stack of layers, applied several times to every token.</summary>
/// <remarks>
/// Shapes: R rows in a pass, D width of the state, Q queries (heads * head size), K keys, F feed-forward width, V vocabulary.
/// <code>
/// state = embedding of the token                                   once
/// for each loop:
///   for each layer:
///     x -+- norm - attend - norm -(+)-+- norm - swiglu - norm -(+)- out
///        '-------------------------'  '-------------------------'
///   state = norm(state)        the next loop starts from the normed state
///   stop chance = sigmoid(gate . state);   logits = head * state
/// </code>
/// Rows of different loops, positions and sequences share a pass, since the weights are the same in every loop; each row attends to what its own
/// loop stored at earlier positions. A row's result does not depend on the other rows, bit for bit. One caller at a time. Source: arXiv:2510.25741.
/// </remarks>
public sealed class OuroModel
{
    readonly OuroWeights _weights;
    readonly IComputeBackend _backend;
    readonly Rope _rope;
    readonly Activations _normed, _attended, _fed, _read;           // [R, D], [R, Q], [R, F], [R, D]
    readonly Matrix _queries, _keys, _values;                       // [R, Q], [R, K], [R, K]
    readonly Matrix _branch, _gate, _up;                            // [R, D], [R, F], [R, F]
    KvPlace[] _places = [];
    int[] _positions = [];

    /// <param name="weights">Shared, kept.</param>
    /// <param name="backend">What computes, kept.</param>
    public OuroModel(OuroWeights weights, IComputeBackend backend)
    {
        (_weights, _backend) = (weights, backend);
        var config = weights.Config;
        _rope = new Rope(config.HeadSize, config.RopeTheta, weights.RopeLayout);
        _normed = new Activations(0, config.Width);
        _attended = new Activations(0, config.QueryWidth);
        _fed = new Activations(0, config.FeedForwardWidth);
        _read = new Activations(0, config.Width);
        _queries = new Matrix(0, config.QueryWidth);
        _keys = new Matrix(0, config.KvWidth);
        _values = new Matrix(0, config.KvWidth);
        _branch = new Matrix(0, config.Width);
        _gate = new Matrix(0, config.FeedForwardWidth);
        _up = new Matrix(0, config.FeedForwardWidth);
    }

    /// <summary>The measures.</summary>
    public OuroConfig Config => _weights.Config;

    /// <summary>False if the file has lost its gate.</summary>
    public bool HasGate => _weights.GateWeight is not null;

    /// <summary>What quantised weights are multiplied with.</summary>
    public ActivationType Activations => _weights.Activations;

    /// <summary>Room for the keys and values of one text.</summary>
    /// <param name="loops">Most loops that its tokens will run.</param>
    /// <param name="type">F32, F16 or Q8_0; what the head size does not divide falls back as <see cref="KvTypeFor"/> says.</param>
    /// <param name="policy">What tokens behind the prompt leave behind.</param>
    public KvSequence NewSequence(int loops, ElementType type = ElementType.F16, KvPolicy policy = KvPolicy.Exact)
        => new(new KvShape(Config.Layers, loops, Config.KvHeads, Config.HeadSize, KvTypeFor(type)), policy);

    /// <summary>The type that keys and values are really stored as: F16 where a head is not whole blocks of Q8_0.</summary>
    public ElementType KvTypeFor(ElementType wanted)
        => Config.HeadSize % wanted.ElementsPerBlock == 0 ? wanted : ElementType.F16;

    /// <summary>The state of a token before its first loop.</summary>
    /// <param name="states">[R, D], overwritten.</param>
    public void Embed(ReadOnlySpan<int> tokens, Matrix states) => CpuBackend.Embed(_weights.Embedding, tokens, states);

    /// <summary>Takes every row once through the stack and the norm at its end.</summary>
    /// <param name="rows">R rows in any order, each once; for each of them all earlier positions of its loop are stored or in this pass, too.</param>
    /// <param name="states">[R, D]: in, the embedding or the state after the row's previous loop; out, the normed state after this one.</param>
    public void Pass(ReadOnlySpan<Row> rows, Matrix states)
    {
        if (rows.Length != states.Rows || states.Columns != Config.Width)
            throw new ArgumentException($"{rows.Length} rows need states of [{rows.Length}, {Config.Width}], not [{states.Rows}, {states.Columns}].", nameof(states));
        if (rows.IsEmpty)
            return;

        var places = PlacesOf(rows);
        for (var layer = 0; layer < _weights.Layers.Count; layer++)
            Layer(layer, places, states);
        EndLoop(states);
    }

    /// <summary>Says at which positions the rows of the next calls of <see cref="Layer"/> stand; <see cref="Pass"/> does it by itself.</summary>
    public void Prepare(ReadOnlySpan<int> positions) => _rope.Prepare(positions);

    /// <summary>Takes rows through one layer: a part of <see cref="Pass"/>, for a backend that keeps keys and values in its own way.</summary>
    /// <param name="layer">Its number, from 0.</param>
    /// <param name="places">Where the rows' keys and values go; handed on to the backend.</param>
    /// <param name="states">[R, D], in place.</param>
    public void Layer(int layer, ReadOnlyMemory<KvPlace> places, Matrix states)
    {
        Attend(_weights.Layers[layer], layer, places, states);
        Feed(_weights.Layers[layer], states);
    }

    /// <summary>The norm that ends a loop: the last part of <see cref="Pass"/>.</summary>
    /// <param name="states">[R, D], in place.</param>
    public void EndLoop(Matrix states) => _backend.RmsNorm(states, _weights.FinalNorm, Config.NormEpsilon, states);

    /// <summary>The gate's logits: their sigmoid is the chance to stop at the loop that gave these states.</summary>
    /// <param name="states">[R, D] as <see cref="Pass"/> leaves them.</param>
    /// <param name="logits">[R].</param>
    /// <exception cref="InvalidOperationException">The file has lost its gate.</exception>
    public void Gate(Matrix states, Span<float> logits)
        => CpuBackend.Project(
            states, _weights.GateWeight ?? throw new InvalidOperationException("This model has no early-exit gate."), _weights.GateBias, logits);

    /// <summary>What the model would say after the loop that gave these states.</summary>
    /// <param name="states">[R, D] as <see cref="Pass"/> leaves them.</param>
    /// <param name="logits">[R, V], resized and overwritten.</param>
    public void Read(Matrix states, Matrix logits)
    {
        _read.Values.Resize(states.Rows);
        for (var row = 0; row < states.Rows; row++)
            states[row].CopyTo(_read.Values[row]);
        _read.Changed();
        _backend.Multiply(_weights.Head, _read, logits);
    }

    void Attend(OuroLayer layer, int index, ReadOnlyMemory<KvPlace> places, Matrix states)
    {
        _backend.RmsNorm(states, layer.AttentionIn, Config.NormEpsilon, _normed);
        _backend.Multiply(layer.Query, _normed, _queries);
        _backend.Multiply(layer.Key, _normed, _keys);
        _backend.Multiply(layer.Value, _normed, _values);
        _backend.Rotate(_rope, _queries);
        _backend.Rotate(_rope, _keys);

        // Every row stores before any row looks, so that rows of one text can stand in one pass.
        _backend.Store(places, index, _keys, _values);
        _backend.Attend(places, index, _queries, Config.Heads, _attended);
        _backend.Multiply(layer.AttentionOutput, _attended, _branch);
        _backend.AddRmsNorm(_branch, layer.AttentionOut, Config.NormEpsilon, states);
    }

    void Feed(OuroLayer layer, Matrix states)
    {
        _backend.RmsNorm(states, layer.FeedForwardIn, Config.NormEpsilon, _normed);
        _backend.Multiply(layer.FeedForwardGate, _normed, _gate);
        _backend.Multiply(layer.FeedForwardUp, _normed, _up);
        _backend.SwiGlu(_gate, _up, _fed);
        _backend.Multiply(layer.FeedForwardDown, _fed, _branch);
        _backend.AddRmsNorm(_branch, layer.FeedForwardOut, Config.NormEpsilon, states);
    }

    ReadOnlyMemory<KvPlace> PlacesOf(ReadOnlySpan<Row> rows)
    {
        if (_places.Length < rows.Length)
            (_places, _positions) = (new KvPlace[rows.Length], new int[rows.Length]);
        for (var i = 0; i < rows.Length; i++)
        {
            _places[i] = rows[i].Sequence.Place(rows[i].Position, rows[i].Loop);
            _positions[i] = rows[i].Position;
        }

        _rope.Prepare(_positions.AsSpan(0, rows.Length));
        return _places.AsMemory(0, rows.Length);
    }
}
