using System.Numerics;
using System.Runtime.InteropServices;
using Ouro.Generation;
using Ouro.Text;

namespace Ouro.Chat;

/// <summary>How a reply is kept to a grammar.</summary>
/// <param name="Grammar">What the reply must be, from its first token or from behind <see cref="StartsAfter"/>.</param>
/// <param name="Trie">The model's tokens.</param>
/// <param name="PromptLength">Tokens that were given; the reply begins behind them.</param>
public sealed record Constraint(Grammar Grammar, TokenTrie Trie, int PromptLength)
{
    /// <summary>Tokens that may end the reply where the grammar is complete, and nowhere else; the vocabulary's by default.</summary>
    public IReadOnlyCollection<int> Stops { get; init; } = Trie.Tokenizer.Vocabulary.StopIds;

    /// <summary>If there is reasoning first: the token that ends it. Up to there the reply is free; behind it <see cref="Grammar.Gap"/> may come before the grammar's text.</summary>
    public int? StartsAfter { get; init; }

    /// <summary>Most bytes for what was found out about which tokens may follow where.</summary>
    public long CacheBytes { get; init; } = 8 << 20;
}

/// <summary>Lets another chooser choose only among the tokens that a grammar allows.</summary>
/// <remarks>
/// Tokens that are not allowed get the logit NaN, which a <see cref="Sampler"/> never chooses. The state of the grammar follows from the history alone: what is
/// remembered is only the way along the last history, of which the common beginning is used again; so guesses may come and go. Comparing
/// histories takes a fraction of a microsecond, a state that was met before a copy of the logits, a new one up to a few milliseconds. Not thread-safe.
/// </remarks>
public sealed class ConstrainedChooser : ITokenChooser
{
    readonly ITokenChooser _inner;
    readonly Constraint _constraint;
    readonly Grammar _grammar;
    readonly HashSet<int> _stops;
    readonly Vocabulary _vocabulary;

    // Told apart by reference; no grammar leads to either.
    readonly GrammarState _free = new([], isComplete: false);
    readonly GrammarState _ended = new([], isComplete: true);
    readonly GrammarState _lost = new([], isComplete: false);

    readonly List<int> _tokens = [];            // of the reply in the last history
    readonly List<GrammarState> _path = [];     // behind each of them
    GrammarStates _states;
    MaskCache _masks;
    float[] _logits = [];

    /// <param name="inner">Chooses among what is left.</param>
    /// <param name="constraint">What is allowed.</param>
    public ConstrainedChooser(ITokenChooser inner, Constraint constraint)
    {
        (_inner, _constraint) = (inner, constraint);
        _vocabulary = constraint.Trie.Tokenizer.Vocabulary;
        _stops = [.. constraint.Stops];
        _grammar = constraint.StartsAfter is null ? constraint.Grammar : Grammar.Sequence(Grammar.Gap, constraint.Grammar);
        _states = new GrammarStates(_grammar);
        _masks = new MaskCache(constraint.Trie, _states, constraint.CacheBytes);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The history does not fit the grammar, no token can go on, or no allowed logit is a number.</exception>
    public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, int position, bool isGuess = false)
    {
        var state = StateOf(history);
        if (ReferenceEquals(state, _free))
            return _inner.Choose(logits, history, position, isGuess);
        if (ReferenceEquals(state, _ended))
            throw new InvalidDataException("the reply has ended; nothing can follow it.");
        if (state.IsDead)
            throw new InvalidDataException("the reply so far does not have the form asked for, so nothing can be added to it; begin the reply again.");

        if (_logits.Length != logits.Length)
            _logits = new float[logits.Length];
        if (!Allow(state, logits))
            throw new InvalidDataException(state.IsComplete && !state.CanGoOn
                ? "the reply is complete, and the model has no token that ends it; name one that does."
                : "the form asked for goes on in a way that no token of this model's vocabulary can spell; ask for another form.");
        return _inner.Choose(_logits, history, position, isGuess);
    }

    /// <summary>True if the reply in a history, with or without a token that ends it, has the form asked for; false while it is cut short.</summary>
    /// <param name="history">Prompt and reply.</param>
    public bool IsComplete(ReadOnlySpan<int> history) => StateOf(history).IsComplete;

    /// <summary>Fewest bytes that the reply in a history lacks to be complete; null while it reasons, or if it cannot become complete.</summary>
    /// <param name="history">Prompt and reply.</param>
    public long? BytesToGo(ReadOnlySpan<int> history) => StateOf(history).Shortest is < Node.Never and var bytes ? bytes : null;

    /// <summary>Copies the logits of what may follow, and says whether there is anything.</summary>
    bool Allow(GrammarState state, ReadOnlySpan<float> logits)
    {
        _logits.AsSpan().Fill(float.NaN);
        var isAny = false;
        var mask = _masks[state];
        for (var word = 0; word < mask.Length && word * 64 < logits.Length; word++)
        {
            for (var bits = mask[word]; bits != 0; bits &= bits - 1)
            {
                var token = word * 64 + BitOperations.TrailingZeroCount(bits);
                if (token >= logits.Length)
                    break;

                _logits[token] = logits[token];
                isAny = true;
            }
        }

        foreach (var stop in _stops)
        {
            if ((uint)stop >= (uint)logits.Length)
                continue;

            _logits[stop] = state.IsComplete ? logits[stop] : float.NaN;
            isAny |= state.IsComplete;
        }

        return isAny;
    }

    GrammarState StateOf(ReadOnlySpan<int> history)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(history.Length, _constraint.PromptLength, nameof(history));
        if (_states.IsFull)
            Forget();

        var reply = history[_constraint.PromptLength..];
        var known = CollectionsMarshal.AsSpan(_tokens).CommonPrefixLength(reply);
        CollectionsMarshal.SetCount(_tokens, known);
        CollectionsMarshal.SetCount(_path, known);
        var state = known > 0 ? _path[^1] : _constraint.StartsAfter is null ? _states.Start : _free;
        foreach (var token in reply[known..])
        {
            state = Behind(state, token);
            _tokens.Add(token);
            _path.Add(state);
        }

        return state;
    }

    GrammarState Behind(GrammarState state, int token)
    {
        if (ReferenceEquals(state, _free))
            return token == _constraint.StartsAfter ? _states.Start : _free;
        if (ReferenceEquals(state, _ended))
            return _lost;
        if (_stops.Contains(token))
            return state.IsComplete ? _ended : _lost;

        return (uint)token < (uint)_vocabulary.Count && _vocabulary.Kinds[token] != TokenKind.Special
            ? _states.Next(state, _constraint.Trie.Tokenizer.BytesOf(token))
            : _lost;
    }

    /// <summary>Begins again with what is remembered of the grammar: all of it can be found again from the history.</summary>
    void Forget()
    {
        _tokens.Clear();
        _path.Clear();
        _states = new GrammarStates(_grammar);
        _masks = new MaskCache(_constraint.Trie, _states, _constraint.CacheBytes);
    }
}
