using System.Runtime.InteropServices;
using Ouro.Formats;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Generation;

/// <summary>A token of a reply.</summary>
/// <param name="Id">The token.</param>
/// <param name="Depth">The loop, from 1, at which the position before it was read.</param>
/// <param name="LoopsRun">Loops that the position before it ran.</param>
/// <param name="Margin">The largest logit less the second largest: below 1e-3 another rounding could have chosen otherwise.</param>
public readonly record struct GeneratedToken(int Id, int Depth, int LoopsRun, float Margin);

/// <summary>One text that grows: the tokens so far, their keys and values, and what would be said next.</summary>
/// <remarks>
/// Every token runs all loops of its rule, so that later tokens find exact keys and values in every loop; the rule decides at which loop the
/// answer is read. Not thread-safe; sessions on one model take turns.
/// </remarks>
public sealed class Session : IDisposable
{
    readonly OuroModel _model;
    readonly KvSequence _sequence;
    readonly LoopRun _run;
    readonly LoopRun.AfterLoop _afterLoop;
    readonly Matrix _exitState;    // [1, D]: the newest token's state at the loop where it is read
    readonly Matrix _lastState;    // [1, D]
    readonly Matrix _logits;       // [1, V]
    readonly List<int> _tokens = [];
    readonly float[] _gateLogit = new float[1];

    ExitChances _chances;
    int _awaited;

    /// <param name="model">Shared, kept.</param>
    /// <param name="rule">When answers are read.</param>
    /// <param name="contextTokens">Most tokens in the text.</param>
    /// <param name="kvType">What keys and values are stored as: F32, F16 or Q8_0.</param>
    public Session(OuroModel model, ExitRule rule, int contextTokens, ElementType kvType = ElementType.F16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextTokens, 1);
        (_model, ContextTokens) = (model, contextTokens);
        // Without a gate nothing can say that a token is ready.
        Rule = model.HasGate ? rule : new ExitRule(rule.Loops);
        _sequence = model.NewSequence(rule.Loops, kvType);
        _run = new LoopRun(model, _sequence, rule.Loops);
        _afterLoop = AfterLoop;
        _exitState = new Matrix(1, model.Config.Width);
        _lastState = new Matrix(1, model.Config.Width);
        _logits = new Matrix(1, model.Config.Vocabulary);
    }

    /// <summary>When answers are read.</summary>
    public ExitRule Rule { get; }

    /// <summary>Most tokens in the text.</summary>
    public int ContextTokens { get; }

    /// <summary>The text so far.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Passes over the stack so far.</summary>
    public long Passes => _run.Passes;

    /// <summary>Rows (token and loop) computed so far.</summary>
    public long RowsRun => _run.Rows;

    /// <summary>Bytes of keys and values.</summary>
    public long KvBytes => _sequence.BytesTaken;

    /// <summary>The loop, from 1, at which the newest token is read; 0 before the first.</summary>
    public int Depth { get; private set; }

    /// <summary>What would be said after the newest token: [V]. Valid until the next <see cref="Feed"/>.</summary>
    public ReadOnlySpan<float> Logits => _logits[0];

    /// <summary>Adds tokens to the text and computes what would follow.</summary>
    /// <exception cref="InvalidOperationException">The context has no room for them.</exception>
    /// <exception cref="OperationCanceledException">Asked for between two passes; the text is as it was before.</exception>
    public void Feed(ReadOnlySpan<int> tokens, CancellationToken cancel = default)
    {
        if (tokens.IsEmpty)
            return;
        if (_tokens.Count + tokens.Length > ContextTokens)
            throw new InvalidOperationException($"The text would have {_tokens.Count + tokens.Length:N0} tokens, but its context holds {ContextTokens:N0}.");

        _awaited = tokens.Length - 1;
        _run.Run(tokens, _tokens.Count, _afterLoop, cancel);
        _tokens.AddRange(tokens);
        _model.Read(_exitState, _logits);
    }

    /// <summary>Makes the text this one: keeps what both have at the beginning, forgets what follows there, and feeds the rest.</summary>
    /// <remarks>The last token is always fed, since what follows it is asked for.</remarks>
    /// <exception cref="InvalidOperationException">The context has no room for it.</exception>
    public void Become(ReadOnlySpan<int> text, CancellationToken cancel = default)
    {
        var shared = CollectionsMarshal.AsSpan(_tokens).CommonPrefixLength(text);
        var kept = Math.Max(0, Math.Min(shared, text.Length - 1));
        _tokens.RemoveRange(kept, _tokens.Count - kept);
        Feed(text[kept..], cancel);
    }

    /// <summary>Writes a reply, token by token, until the context is full; the caller stops when it has read enough.</summary>
    /// <remarks>A token is fed only when the next one is asked for, so the last one of a reply costs nothing.</remarks>
    public IEnumerable<GeneratedToken> Write(Sampler sampler, CancellationToken cancel = default)
    {
        while (_tokens.Count <= ContextTokens)
        {
            var id = sampler.Choose(Logits, CollectionsMarshal.AsSpan(_tokens), _tokens.Count);
            yield return new GeneratedToken(id, Depth, Rule.Loops, Margin(Logits));
            if (_tokens.Count == ContextTokens)
                yield break;

            Feed([id], cancel);
        }
    }

    /// <summary>Gives the keys and values back.</summary>
    public void Dispose() => _sequence.Dispose();

    void AfterLoop(int firstToken, int loop, Matrix states)
    {
        var row = _awaited - firstToken;
        if (row >= states.Rows)
            return;
        if (loop == 0)
            (_chances, Depth) = (new ExitChances(), 0);

        states[row].CopyTo(_lastState[0]);
        if (!Rule.IsFixedDepth)
        {
            _model.Gate(_lastState, _gateLogit);
            _chances.Add(_gateLogit[0], isLast: loop + 1 == Rule.Loops);
        }

        if (Depth != 0 || !Rule.Reads(loop + 1, _chances.Cumulative))
            return;

        Depth = loop + 1;
        states[row].CopyTo(_exitState[0]);
    }

    static float Margin(ReadOnlySpan<float> logits)
    {
        var (best, second) = (float.NegativeInfinity, float.NegativeInfinity);
        foreach (var logit in logits)
        {
            if (logit > best)
                (best, second) = (logit, best);
            else if (logit > second)
                second = logit;
        }

        return best - second;
    }
}
