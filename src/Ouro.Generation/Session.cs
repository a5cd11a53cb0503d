using System.Runtime.ExceptionServices;
using Ouro.Formats;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Generation;

/// <summary>One text that grows, with a scheduler to itself: fed and continued by calls that return when it is done.</summary>
/// <remarks>Not thread-safe; sessions on one model take turns.</remarks>
public sealed class Session : IDisposable
{
    readonly Scheduler _scheduler;
    readonly Sequence _sequence;
    readonly Matrix _state;     // [1, D]
    readonly Matrix _logits;    // [1, V]

    /// <param name="model">Shared, kept.</param>
    /// <param name="rule">When answers are read.</param>
    /// <param name="contextTokens">Most tokens in the text.</param>
    /// <param name="kvType">What keys and values are stored as: F32, F16 or Q8_0.</param>
    public Session(OuroModel model, ExitRule rule, int contextTokens, ElementType kvType = ElementType.F16)
        : this(model, new SequenceOptions(rule, contextTokens) { KvType = kvType })
    {
    }

    /// <param name="model">Shared, kept.</param>
    /// <param name="options">How the text is computed.</param>
    public Session(OuroModel model, SequenceOptions options)
    {
        _scheduler = new Scheduler(model);
        _sequence = _scheduler.Open(options);
        _state = new Matrix(1, model.Config.Width);
        _logits = new Matrix(1, model.Config.Vocabulary);
    }

    /// <summary>How the text is computed.</summary>
    public SequenceOptions Options => _sequence.Options;

    /// <summary>When answers are read.</summary>
    public ExitRule Rule => _sequence.Rule;

    /// <summary>Most tokens in the text.</summary>
    public int ContextTokens => _sequence.Options.ContextTokens;

    /// <summary>The text so far.</summary>
    public ReadOnlySpan<int> Tokens => _sequence.Tokens;

    /// <summary>Passes over the stack so far.</summary>
    public long Passes => _scheduler.Passes;

    /// <summary>Rows (token and loop) computed so far.</summary>
    public long RowsRun => _scheduler.Rows;

    /// <summary>What the text has cost so far.</summary>
    public SequenceCounters Counters => _sequence.Counters;

    /// <summary>Bytes of keys and values.</summary>
    public long KvBytes => _sequence.KvBytes;

    /// <summary>What keys and values are really stored as: F16 where a head is not whole blocks of the type asked for.</summary>
    public ElementType KvType => _sequence.KvShape.Type;

    /// <summary>The loop, from 1, at which the newest token was read; 0 while there is nothing to read.</summary>
    public int Depth => _sequence.Depth;

    /// <summary>What would be said after the newest token: [V]. Valid until the next call that changes the text.</summary>
    /// <exception cref="InvalidOperationException">Nothing has been fed yet, <see cref="Become"/> was cut short, or a reply was written since.</exception>
    public ReadOnlySpan<float> Logits
    {
        get
        {
            if (!_sequence.IsRead)
                throw new InvalidOperationException("Nothing has been read yet; feed the text first.");

            _sequence.ExitState.CopyTo(_state[0]);
            _scheduler.Model.Read(_state, _logits);
            return _logits[0];
        }
    }

    /// <summary>Adds tokens to the text and computes what would follow; no tokens change nothing.</summary>
    /// <exception cref="InvalidOperationException">The context has no room for them; nothing has changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token is not in the vocabulary; nothing has changed.</exception>
    /// <exception cref="OperationCanceledException">Asked for between two passes; text, depth and logits are as they were before.</exception>
    public void Feed(ReadOnlySpan<int> tokens, CancellationToken cancel = default)
    {
        if (tokens.IsEmpty)
            return;

        _sequence.Stop();
        var (count, depth, isRead) = (_sequence.Tokens.Length, _sequence.Depth, _sequence.IsRead);
        _sequence.Feed(tokens);
        try
        {
            RunUntilRead(cancel);
        }
        catch (OperationCanceledException)
        {
            _sequence.Rewind(count, depth, isRead);
            throw;
        }
    }

    /// <summary>Makes the text this one: keeps what both have at the beginning, forgets what follows there, and feeds the rest.</summary>
    /// <remarks>The last token is always fed, since what follows it is asked for. An empty text leaves nothing to read.</remarks>
    /// <exception cref="InvalidOperationException">The context has no room for it; nothing has changed.</exception>
    /// <exception cref="OperationCanceledException">Asked for between two passes; the text is what both had at the beginning, and unread.</exception>
    /// <returns>How many tokens were kept, and so cost nothing.</returns>
    public int Become(ReadOnlySpan<int> text, CancellationToken cancel = default)
    {
        var kept = _sequence.Become(text);
        try
        {
            if (!text.IsEmpty)
                RunUntilRead(cancel);
        }
        catch (OperationCanceledException)
        {
            _sequence.Rewind(kept, depth: 0, isRead: false);
            throw;
        }

        return kept;
    }

    /// <summary>Writes a reply, token by token, until the limit, a stop token or the end of the context; the caller stops when it has read enough.</summary>
    /// <param name="limit">Most tokens to write.</param>
    /// <param name="stops">Tokens that end the reply, themselves included.</param>
    /// <exception cref="InvalidDataException">The chooser found no number among the logits.</exception>
    public IEnumerable<GeneratedToken> Write(
        ITokenChooser chooser, int limit = int.MaxValue, IReadOnlySet<int>? stops = null, CancellationToken cancel = default)
    {
        _sequence.Write(chooser, limit, stops);
        try
        {
            while (true)
            {
                while (_sequence.TryTake(out var token))
                    yield return token;
                if (_sequence.Failure is { } failure)
                    ExceptionDispatchInfo.Throw(failure);
                if (!_sequence.IsWriting)
                    yield break;

                Step(cancel);
            }
        }
        finally
        {
            _sequence.Stop();
        }
    }

    /// <summary>Runs the loops that tokens have left to run which were read early.</summary>
    public void Complete(CancellationToken cancel = default)
    {
        while (_sequence.HasWork)
            Step(cancel);
    }

    /// <summary>Gives the keys and values back.</summary>
    public void Dispose() => _scheduler.Dispose();

    void RunUntilRead(CancellationToken cancel)
    {
        while (!_sequence.IsRead)
            Step(cancel);
    }

    void Step(CancellationToken cancel)
    {
        var isAnythingDone = _scheduler.Step(cancel);
        if (_sequence.Failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        if (!isAnythingDone)
            throw new InvalidOperationException("The text waits for something that no pass will bring.");
    }
}
