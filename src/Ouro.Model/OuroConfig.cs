namespace Ouro.Model;

/// <summary>The measures of a looped model: everything that its shapes and its arithmetic depend on.</summary>
/// <remarks>What came from a file has been checked by <see cref="FirstImpossibility"/>.</remarks>
public sealed record OuroConfig
{
    /// <summary>Exit thresholds of files are above this: a smaller one is a mistake, since any gate reaches it at once.</summary>
    const float LeastExitThreshold = 1e-6f;

    /// <summary>Layers in the stack (L); the stack as a whole is what loops.</summary>
    public required int Layers { get; init; }

    /// <summary>Numbers in the state of a token (D).</summary>
    public required int Width { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Numbers in a head; even.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Numbers in the hidden layer of the feed-forward part.</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Tokens in the vocabulary (V).</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Loops that the model was trained for (T).</summary>
    public required int Loops { get; init; }

    /// <summary>Added to the mean square before the root in every norm.</summary>
    public float NormEpsilon { get; init; } = 1e-6f;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 1_000_000;

    /// <summary>Longest text that the model was trained for, in tokens.</summary>
    public int ContextTokens { get; init; } = 65_536;

    /// <summary>The file's own exit threshold q in (0, 1]; 1 never exits early.</summary>
    public float ExitThreshold { get; init; } = 1;

    /// <summary>True if the embedding is used as the head, too.</summary>
    public bool TiedHead { get; init; }

    /// <summary>Numbers in the queries of a token.</summary>
    public int QueryWidth => Heads * HeadSize;

    /// <summary>Numbers in the keys (and in the values) of a token, for one loop and layer.</summary>
    public int KvWidth => KvHeads * HeadSize;

    /// <summary>Trained numbers, each counted once; with a gate, without a second copy of a tied head.</summary>
    public long ParameterCount => ModelTensors.Of(this).Sum(tensor => tensor.ElementCount);

    /// <summary>Says what is impossible about these measures, or null.</summary>
    /// <remarks>
    /// The bounds are far above any real model, and low enough that a tensor's numbers fit 63 bits and a row's 31. Products with the context or the loops may
    /// pass 63 bits: <see cref="Tensors.KvShape.BytesFor"/> counts with that.
    /// </remarks>
    public string? FirstImpossibility()
    {
        (string Name, long Value, long Most)[] measures =
        [
            ("the number of layers", Layers, 10_000),
            ("the width of the state", Width, 1 << 20),
            ("the number of heads", Heads, 1 << 16),
            ("the number of key/value heads", KvHeads, 1 << 16),
            ("the size of a head", HeadSize, 1 << 16),
            ("the width of the feed-forward part", FeedForwardWidth, 1 << 22),
            ("the number of tokens in the vocabulary", Vocabulary, 1 << 24),
            ("the number of loops", Loops, 4096),
            ("the context length", ContextTokens, 1 << 28),
        ];
        foreach (var (name, value, most) in measures)
        {
            if (value < 1 || value > most)
                return $"{name} is {value:N0}, which cannot be: it must be 1 to {most:N0}";
        }

        if (Heads % KvHeads != 0)
            return $"{Heads} heads cannot share {KvHeads} key/value heads: the first must be a multiple of the second";
        if (HeadSize % 2 != 0)
            return $"the size of a head is {HeadSize}, but rotary positions turn numbers in pairs: it must be even";
        if ((long)Heads * HeadSize > 1 << 22)
            return $"{Heads:N0} heads of {HeadSize:N0} numbers are more than any model has";
        if (!(NormEpsilon is >= 0 and < 1))
            return $"the epsilon of the norms is {NormEpsilon}, which cannot be: it must be at least 0 and below 1";
        if (!(RopeTheta is > 0 and < 1e15))
            return $"the rotary base is {RopeTheta}, which cannot be: it must be above 0 and below 1e15";
        return ExitThreshold is > LeastExitThreshold and <= 1
            ? null
            : $"the exit threshold is {ExitThreshold}, which cannot be: it must be above {LeastExitThreshold} and at most 1";
    }
}
