using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Generation;

/// <summary>One text in a <see cref="Scheduler"/>: what is certain of it, and the tokens on their way through the loops.</summary>
/// <remarks>
/// Columns stand in order of position, and none has run more loops than the one before it. The first ones may only be completing their deeper
/// loops, the next one is the newest certain token, and those behind it stand on guesses:
/// <code>
/// position   17      18      19      20
/// loops run   4       3       2       1        one pass later each has run one loop more
///           done   certain  guess   guess on a guess
/// </code>
/// When the answer of the newest certain token is known and the guess behind it was right, that is the newest certain one; otherwise it and all
/// behind it are dropped. Guesses decide only what is computed early, so the text is that of plain decoding. Not thread-safe.
/// </remarks>
public sealed partial class Sequence : IDisposable
{
    static readonly IReadOnlySet<int> NoStops = new HashSet<int>();

    readonly Scheduler _scheduler;
    readonly KvSequence _kv;
    readonly List<Column> _columns = [];
    readonly Queue<GeneratedToken> _written = new(64);
    readonly int[] _tokens;
    readonly DraftPlan _plan;
    readonly float[] _exitState;

    // _started and _promptEnd <= _count; _certain <= _count; columns stand at positions below _started, without a gap at the end.
    int _count;         // tokens, guesses included
    int _certain;       // tokens that are certain
    int _started;       // tokens that have, or had, a column, or whose keys and values are known from another text
    int _promptEnd;     // tokens before this one were given
    int _lossyFrom = int.MaxValue;   // the first position whose keys and values are not those of a full-depth run
    ITokenChooser? _chooser;
    IReadOnlySet<int> _stops = NoStops;
    int _limit;
    bool _isFull;       // the newest token that was written is beyond the context
    bool _isRead;       // the exit state is that of the newest token, and nobody has continued from it
    bool _isDisposed;
    float _texts = 1;   // texts that write in a pass, lately

    internal Sequence(Scheduler scheduler, SequenceOptions options)
    {
        (_scheduler, Options) = (scheduler, options);
        Rule = options.Rule.For(scheduler.Model);
        _kv = scheduler.Model.NewSequence(Rule.Loops, options.KvType, options.Policy);
        scheduler.RefuseWhatNeverFits(this);
        _tokens = new int[options.ContextTokens];
        _plan = new DraftPlan(Rule.Loops, options.Policy.IsShared() ? 0 : options.DraftLoops, scheduler.Costs, scheduler.ReadCosts);
        _exitState = new float[scheduler.Model.Config.Width];
    }

    /// <summary>As it was opened.</summary>
    public SequenceOptions Options { get; }

    /// <summary>When answers are read: full depth where the model has lost its gate.</summary>
    public ExitRule Rule { get; }

    /// <summary>The tokens that are certain.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _certain);

    /// <summary>The loop, from 1, of the newest read-out: of the newest token, or, of a reply, of the token before it; 0 while nothing was read.</summary>
    public int Depth { get; private set; }

    /// <summary>True if the newest token was read and nobody has continued from it.</summary>
    public bool IsRead => _isRead;

    /// <summary>The newest token's state where it was read [D]; valid while <see cref="IsRead"/>.</summary>
    public ReadOnlySpan<float> ExitState => _exitState;

    /// <summary>Tokens at the beginning of the text whose keys and values were known from other texts, and so cost nothing.</summary>
    public int Recalled { get; private set; }

    /// <summary>What it has cost so far.</summary>
    public SequenceCounters Counters { get; private set; }

    /// <summary>Bytes of keys and values.</summary>
    public long KvBytes => _kv.BytesTaken;

    /// <summary>What keys and values are really stored as.</summary>
    public KvShape KvShape => _kv.Shape;

    /// <summary>The loop after which the next token is guessed now; 0 if it is not.</summary>
    public int DraftLoops => _plan.DraftLoops;

    /// <summary>Bytes of keys and values that its whole context takes.</summary>
    public long MostKvBytes
        => (long)Int128.Min(((long)Options.ContextTokens + KvPage.Positions - 1) / KvPage.Positions * (Int128)KvPage.Positions * _kv.Shape.BytesPerPosition, long.MaxValue);

    /// <summary>True while there is no room for its keys and values; passes leave it out.</summary>
    public bool IsWaiting { get; private set; } = true;

    /// <summary>True if it is being continued.</summary>
    public bool IsWriting => _chooser is not null;

    /// <summary>Why it could not be computed or continued; null otherwise. A text that failed is empty, and other texts go on.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>True if the next pass would have rows of it.</summary>
    public bool HasWork
    {
        get
        {
            if (IsWaiting)
                return false;
            if (_started < _promptEnd)
                return true;
            foreach (var column in _columns)
            {
                if (!column.IsDone)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Makes the text this one: keeps what both have at the beginning, forgets what follows there, and feeds the rest.</summary>
    /// <remarks>The last token is always fed, since what follows it is asked for. What a lossy policy wrote is not kept.</remarks>
    /// <returns>How many tokens were kept, or are known from other texts, and so cost nothing.</returns>
    /// <exception cref="InvalidOperationException">The context has no room for it; nothing has changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token is not in the vocabulary; nothing has changed.</exception>
    public int Become(ReadOnlySpan<int> text)
    {
        Check(text, before: 0);
        var kept = Math.Min(Tokens.CommonPrefixLength(text), Math.Max(0, text.Length - 1));
        kept = Math.Min(kept, Reusable());
        Truncate(kept);
        Append(text[kept..]);
        return Math.Max(kept, _started);
    }

    /// <summary>Adds tokens to the text; passes compute them.</summary>
    /// <exception cref="InvalidOperationException">The context has no room for them; nothing has changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token is not in the vocabulary; nothing has changed.</exception>
    public void Feed(ReadOnlySpan<int> tokens)
    {
        Check(tokens, _certain);
        Stop();
        if (_lossyFrom < _certain)
            RunAgain();
        Append(tokens);
    }

    /// <summary>Continues the text until <see cref="Stop"/>, a stop token, the limit or the end of the context.</summary>
    /// <param name="limit">Most tokens to write, at least 0.</param>
    /// <param name="stops">Tokens that end the reply, themselves included.</param>
    /// <exception cref="InvalidOperationException">The text is empty, or is being continued already.</exception>
    public void Write(ITokenChooser chooser, int limit = int.MaxValue, IReadOnlySet<int>? stops = null)
    {
        ArgumentNullException.ThrowIfNull(chooser);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_certain == 0)
            throw new InvalidOperationException("Nothing has been read yet; feed the text first.");
        if (IsWriting)
            throw new InvalidOperationException("The text is being continued already.");
        if (limit < 1)
            return;

        var isReadAndWhole = _isRead && _started == _certain;
        if (!isReadAndWhole && _started == _certain && ColumnAt(_certain - 1) is not { ExitLoop: 0 })
            RunLastAgain();                     // what was read is no longer known
        (_chooser, _limit, _stops, Failure) = (chooser, limit, stops ?? NoStops, null);
        while (_started >= _promptEnd && _started < _certain)
            Start(_started, isPrompt: false);   // the last token of a reply that ended
        if (isReadAndWhole)
            _scheduler.ReadNow(this);           // the text was fed, and read, before anybody continued it
        _isRead = false;
    }

    /// <summary>Takes the next token of the reply, if there is one.</summary>
    public bool TryTake(out GeneratedToken token) => _written.TryDequeue(out token);

    /// <summary>Ends the reply: guesses are forgotten, and so are tokens that nobody took.</summary>
    /// <remarks>The newest token that remains is run again when something is to follow it.</remarks>
    public void Stop()
    {
        if (!IsWriting && _written.Count == 0)
            return;

        End();
        _certain -= _written.Count - (_isFull && _written.Count > 0 ? 1 : 0);
        _written.Clear();
        _isFull = false;
        RunLastAgain();     // it has perhaps been judged already
    }

    /// <summary>Takes the text out of the scheduler and gives its memory back, but for what the scheduler keeps for texts with the same beginning.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;

        _isDisposed = true;
        try
        {
            Keep(withRest: true);
        }
        finally
        {
            Empty();
            _scheduler.Remove(this);
            _kv.Dispose();
        }
    }

    /// <summary>Ends a text that cannot be computed or continued.</summary>
    internal void Fail(Exception problem)
    {
        Empty();
        Failure = problem;
    }

    /// <summary>There is room for its keys and values.</summary>
    internal void Admit()
    {
        IsWaiting = false;
        Recall();
    }

    /// <summary>Tokens whose keys and values are those of a full-depth run: all before the first unfinished one.</summary>
    int Reusable()
    {
        var reusable = Math.Min(_started, _lossyFrom);
        foreach (var column in _columns)
        {
            if (column.LoopsRun < Rule.Loops)
                reusable = Math.Min(reusable, column.Position);
        }

        return reusable;
    }

    /// <summary>Begins with what the scheduler knows of other texts.</summary>
    void Recall()
    {
        if (!IsWaiting && _started == 0 && _certain > 1)
            Recalled = _started = _scheduler.Prefixes.Find(_kv, Tokens[..^1]);
    }

    /// <summary>Lets the newest token run again, as what it was, when somebody asks what follows it.</summary>
    void RunLastAgain()
    {
        DropFrom(_certain - 1);
        _count = _certain;
        (Depth, _isRead) = (0, false);
        if (_certain <= _promptEnd && _lossyFrom < _certain)
            RunAgain();
    }

    void Empty()
    {
        Truncate(0);
        _promptEnd = 0;
    }

    /// <summary>Lets other texts begin with what this one has computed.</summary>
    void Keep(bool withRest)
        => _scheduler.Prefixes.Keep(_kv, Tokens[..Math.Min(_certain, Reusable())], withRest);

    /// <summary>What a lossy policy left behind is no ground for a prompt: the reply is run again, as part of it.</summary>
    void RunAgain()
    {
        var kept = Reusable();
        var again = _tokens.AsSpan(kept, _certain - kept).ToArray();
        Truncate(kept);
        Append(again);
    }

    void Check(ReadOnlySpan<int> tokens, int before)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (before + (long)tokens.Length > _tokens.Length)
            throw new InvalidOperationException($"The text would have {before + (long)tokens.Length:N0} tokens, but its context holds {_tokens.Length:N0}.");
        foreach (var token in tokens)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)token, (uint)_scheduler.Model.Config.Vocabulary, nameof(tokens));
    }

    /// <summary>Takes back a prompt that was not read yet.</summary>
    internal void Rewind(int count, int depth, bool isRead)
    {
        DropFrom(count);
        (_certain, _promptEnd) = (count, Math.Min(_promptEnd, count));
        (Depth, _isRead) = (depth, isRead);
    }

    void Truncate(int positions)
    {
        End();
        _written.Clear();
        DropFrom(positions);
        (_certain, _promptEnd) = (positions, Math.Min(_promptEnd, positions));
        (Depth, _isRead, _isFull) = (0, false, false);
        if (positions <= _lossyFrom)
            _lossyFrom = int.MaxValue;
        _kv.Truncate(positions);
    }

    void Append(ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty)
            return;

        tokens.CopyTo(_tokens.AsSpan(_certain));
        _certain += tokens.Length;
        (_count, _promptEnd) = (_certain, _certain);
        (Depth, _isRead, _isFull, Failure) = (0, false, false, null);
        Recall();
    }
}
