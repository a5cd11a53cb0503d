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
    int _exitLoop;      // of the token being run; 0 until it is read
    bool _isRead;       // logits belong to the text as it is

    /// <param name="model">Shared, kept.</param>
    /// <param name="rule">When answers are read.</param>
    /// <param name="contextTokens">Most tokens in the text.</param>
    /// <param name="kvType">What keys and values are stored as: F32, F16 or Q8_0.</param>
    public Session(OuroModel model, ExitRule rule, int contextTokens, ElementType kvType = ElementType.F16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextTokens, 1);
        (_model, ContextTokens) = (model, contextTokens);
        Rule = rule.For(model);
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

    /// <summary>What keys and values are really stored as: F16 where a head is not whole blocks of the type asked for.</summary>
    public ElementType KvType => _sequence.Shape.Type;

    /// <summary>The loop, from 1, at which the newest token was read; 0 while there is nothing to read.</summary>
    public int Depth { get; private set; }

    /// <summary>What would be said after the newest token: [V]. Valid until the next <see cref="Feed"/>.</summary>
    /// <exception cref="InvalidOperationException">Nothing has been fed yet, or <see cref="Become"/> was cut short.</exception>
    public ReadOnlySpan<float> Logits
        => _isRead ? _logits[0] : throw new InvalidOperationException("Nothing has been read yet; feed the text first.");

    /// <summary>Adds tokens to the text and computes what would follow; no tokens change nothing.</summary>
    /// <exception cref="InvalidOperationException">The context has no room for them; nothing has changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token is not in the vocabulary; nothing has changed.</exception>
    /// <exception cref="OperationCanceledException">Asked for between two passes; text, depth and logits are as they were before.</exception>
    public void Feed(ReadOnlySpan<int> tokens, CancellationToken cancel = default)
    {
        if (tokens.IsEmpty)
            return;
        CheckRoom((long)_tokens.Count + tokens.Length);
        _awaited = tokens.Length - 1;
        _run.Run(tokens, _tokens.Count, _afterLoop, cancel);
        _tokens.AddRange(tokens);
        _model.Read(_exitState, _logits);
        (Depth, _isRead) = (_exitLoop, true);
    }

    /// <summary>Makes the text this one: keeps what both have at the beginning, forgets what follows there, and feeds the rest.</summary>
    /// <remarks>The last token is always fed, since what follows it is asked for. An empty text leaves nothing to read.</remarks>
    /// <exception cref="InvalidOperationException">The context has no room for it; nothing has changed.</exception>
    /// <exception cref="OperationCanceledException">Asked for between two passes; the text is what both had at the beginning, and unread.</exception>
    /// <returns>How many tokens were kept, and so cost nothing.</returns>
    public int Become(ReadOnlySpan<int> text, CancellationToken cancel = default)
    {
        CheckRoom(text.Length);
        var shared = CollectionsMarshal.AsSpan(_tokens).CommonPrefixLength(text);
        var kept = Math.Max(0, Math.Min(shared, text.Length - 1));
        _tokens.RemoveRange(kept, _tokens.Count - kept);
        (Depth, _isRead) = (0, false);
        Feed(text[kept..], cancel);
        return kept;
    }

    /// <summary>Writes a reply, token by token, until the context is full; the caller stops when it has read enough.</summary>
    /// <remarks>A token is fed only when the next one is asked for, so the last one of a reply costs nothing.</remarks>
    public IEnumerable<GeneratedToken> Write(Sampler sampler, CancellationToken cancel = default)
    {
        while (true)
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

    void CheckRoom(long tokens)
    {
        if (tokens > ContextTokens)
            throw new InvalidOperationException($"The text would have {tokens:N0} tokens, but its context holds {ContextTokens:N0}.");
    }

    void AfterLoop(int firstToken, int loop, Matrix states)
    {
        var row = _awaited - firstToken;
        if (row >= states.Rows)
            return;
        if (loop == 0)
            (_chances, _exitLoop) = (new ExitChances(), 0);

        states[row].CopyTo(_lastState[0]);
        if (!Rule.IsFixedDepth)
        {
            _model.Gate(_lastState, _gateLogit);
            _chances.Add(_gateLogit[0], isLast: loop + 1 == Rule.Loops);
        }

        if (_exitLoop != 0 || !Rule.Reads(loop + 1, _chances.Cumulative))
            return;

        _exitLoop = loop + 1;
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
