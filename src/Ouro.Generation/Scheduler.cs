using System.Diagnostics;
using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Generation;

/// <summary>How passes are filled. An object that exists is usable.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Most rows in a pass, at least 1: enough to use each reading of the weights well, few enough to stay in the caches.</summary>
    public int MostRows { get; init => field = AtLeastOne(value); } = 128;

    /// <summary>Most rows of prompts in a pass in which replies are written, at least 1: what a new prompt may cost those who are reading.</summary>
    public int MostPromptRowsBesideReplies { get; init => field = AtLeastOne(value); } = 32;

    /// <summary>Most bytes of keys and values of open texts: a text that does not fit waits, one that never can fit is refused.</summary>
    public long KvBytes { get; init; } = long.MaxValue;

    /// <summary>Most bytes of keys and values that are kept for texts with the same beginning.</summary>
    public long PrefixBytes { get; init; }

    static int AtLeastOne(int rows) => rows >= 1 ? rows : throw new ArgumentOutOfRangeException(nameof(rows), rows, "A pass needs one row at least.");
}

/// <summary>Takes many texts through the loops of one model together: every pass has rows of whoever has work.</summary>
/// <remarks>
/// A pass first has the rows of replies, then chunks of prompts, and in both the texts take turns at being first. A row's result does not depend on the
/// other rows, bit for bit, so a text never depends on what is computed beside it. Texts join and leave between passes. Not thread-safe;
/// nothing is allocated per token.
/// </remarks>
public sealed class Scheduler : IDisposable
{
    readonly SchedulerOptions _options;
    readonly List<Sequence> _sequences = [];
    readonly Stack<Column> _freeColumns = [];
    readonly List<Column> _released = [];       // free after the pass, which may still refer to them
    readonly PassRows _pass;
    readonly Matrix _states, _embedding;        // [R, D], [1, D]
    readonly Matrix _readStates, _logits;       // [rows to read, D], [rows to read, V]
    readonly int[] _readRows;
    float[] _gateLogits = [];
    long _modelTicks;                           // of the step under way
    int _writers;                               // texts that write in the pass under way
    int _firstReply, _firstPrompt;              // whose turn it is to be served first
    int _passesAlone;                           // passes to come that have rows of one text each
    bool _isDisposed;

    /// <param name="model">Shared, kept.</param>
    public Scheduler(OuroModel model, SchedulerOptions? options = null)
    {
        (Model, _options) = (model, options ?? new SchedulerOptions());
        _pass = new PassRows(_options.MostRows);
        _readRows = new int[_options.MostRows];
        _states = new Matrix(0, model.Config.Width);
        _embedding = new Matrix(1, model.Config.Width);
        _readStates = new Matrix(0, model.Config.Width);
        _logits = new Matrix(0, model.Config.Vocabulary);
        Prefixes = new PrefixCache(_options.PrefixBytes);
    }

    /// <summary>The model.</summary>
    public OuroModel Model { get; }

    /// <summary>What passes over the stack take.</summary>
    public PassCosts Costs { get; } = new();

    /// <summary>What reading out takes, choosing included.</summary>
    public PassCosts ReadCosts { get; } = new();

    /// <summary>Passes so far.</summary>
    public long Passes { get; private set; }

    /// <summary>Rows computed so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Seconds that steps have taken.</summary>
    public double Seconds { get; private set; }

    /// <summary>Of them, seconds outside the model: gathering rows, exit decisions, sampling, bookkeeping.</summary>
    public double OwnSeconds { get; private set; }

    /// <summary>The rows of the pass made last.</summary>
    public ReadOnlySpan<PassRow> LastPass => _pass.Reports;

    /// <summary>The texts that are open.</summary>
    public IReadOnlyList<Sequence> Sequences => _sequences;

    /// <summary>Bytes of keys and values that the open texts may come to need.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>Opens an empty text. If there is no room for its whole context now, it waits for those before it to close.</summary>
    /// <exception cref="InsufficientMemoryException">Its context cannot fit even alone; the message gives the arithmetic.</exception>
    public Sequence Open(SequenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var sequence = new Sequence(this, options);
        _sequences.Add(sequence);
        Admit();
        return sequence;
    }

    /// <summary>Makes one pass with the rows of all texts that have work.</summary>
    /// <returns>False if nobody has.</returns>
    /// <exception cref="OperationCanceledException">Asked for before the pass; nothing has changed.</exception>
    public bool Step(CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        var started = Stopwatch.GetTimestamp();
        _modelTicks = 0;
        Gather();
        if (_pass.Count == 0)
            return false;

        _pass.Load(_states);
        var before = Stopwatch.GetTimestamp();
        try
        {
            Model.Pass(_pass.Rows, _states);
        }
        catch (InvalidDataException problem)
        {
            Suspect(problem);
            return true;
        }

        _modelTicks += Stopwatch.GetTimestamp() - before;
        TakeStates();
        var judged = Stopwatch.GetTimestamp();
        Judge();
        var read = Stopwatch.GetElapsedTime(judged).TotalSeconds;
        ReadCosts.Add(_readStates.Rows, read);
        Costs.Add(_pass.Count, Stopwatch.GetElapsedTime(started).TotalSeconds - read);
        Settle(Costs.Of(_pass.Count) + (_readStates.Rows > 0 ? ReadCosts.Of(_readStates.Rows) : 0));
        var ticks = Stopwatch.GetTimestamp() - started;
        Seconds += ticks / (double)Stopwatch.Frequency;
        OwnSeconds += (ticks - _modelTicks) / (double)Stopwatch.Frequency;
        return true;
    }

    /// <summary>Ends the texts that are open.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        while (_sequences.Count > 0)
            _sequences[^1].Dispose();
        Prefixes.Dispose();
    }

    internal PrefixCache Prefixes { get; }

    internal void RefuseWhatNeverFits(Sequence sequence)
    {
        if (sequence.MostKvBytes > _options.KvBytes)
        {
            throw new InsufficientMemoryException(
                $"{sequence.Options.ContextTokens:N0} tokens of context need {sequence.MostKvBytes:N0} bytes of keys and values, but {_options.KvBytes:N0} are set aside for them; "
                + "ask for a shorter context or a smaller type of keys and values");
        }
    }

    internal void Remove(Sequence sequence)
    {
        if (!_sequences.Remove(sequence))
            return;

        if (!sequence.IsWaiting)
            ReservedBytes -= sequence.MostKvBytes;
        Admit();
    }

    /// <summary>A token before its first loop.</summary>
    internal Column NewColumn(int token)
    {
        var column = _freeColumns.Count > 0 ? _freeColumns.Pop() : new Column(Model.Config.Width);
        Model.Embed([token], _embedding);
        _embedding[0].CopyTo(column.State);
        return column;
    }

    /// <summary>Takes a token back that no text needs.</summary>
    internal void Release(Column column) => _released.Add(column);

    /// <summary>What a token of so many loops takes by itself; 0 while nothing like it was measured.</summary>
    internal double PlainSeconds(int depth) => Costs.IsMeasured && ReadCosts.IsMeasured ? depth * Costs.Of(1) + ReadCosts.Of(1) : 0;

    /// <summary>Reads out a text that was fed and is now continued.</summary>
    internal void ReadNow(Sequence sequence)
    {
        _readStates.Resize(1);
        sequence.ExitState.CopyTo(_readStates[0]);
        Model.Read(_readStates, _logits);
        sequence.Begin(_logits[0]);
    }

    /// <summary>Lets waiting texts in, in the order in which they came: a small one does not overtake a large one.</summary>
    void Admit()
    {
        foreach (var sequence in _sequences)
        {
            if (!sequence.IsWaiting)
                continue;
            if (sequence.MostKvBytes > _options.KvBytes - ReservedBytes)
                return;

            ReservedBytes += sequence.MostKvBytes;
            sequence.Admit();
        }
    }

    void Gather()
    {
        _pass.Clear();
        _writers = 0;
        var isPromptThere = false;
        foreach (var sequence in _sequences)
        {
            _writers += sequence.IsWriting && !sequence.HasPrompt ? 1 : 0;
            isPromptThere |= !sequence.IsWaiting && sequence.HasPrompt;
        }

        // Guesses must not crowd out prompts: these always have an eighth of a pass, and a row at least.
        var kept = isPromptThere && _options.MostRows > 1 ? Math.Max(1, _options.MostRows / 8) : 0;
        Gather(ref _firstReply, _options.MostRows - kept, ofPrompts: false);
        var promptRows = Math.Min(_pass.Room, _writers > 0 ? Math.Max(kept, _options.MostPromptRowsBesideReplies) : _options.MostRows);
        Gather(ref _firstPrompt, promptRows, ofPrompts: true);
        _passesAlone = Math.Max(0, _passesAlone - 1);
    }

    /// <param name="first">Whose turn it is to be served first; afterwards that of the text behind the one that was.</param>
    void Gather(ref int first, int rows, bool ofPrompts)
    {
        var (begin, isAnyServed) = (first, false);
        for (var i = 0; i < _sequences.Count && rows > 0 && (_passesAlone == 0 || _pass.Count == 0); i++)
        {
            var at = (begin + i) % _sequences.Count;
            var sequence = _sequences[at];
            if (sequence.IsWaiting || sequence.HasPrompt != ofPrompts)
                continue;

            var before = _pass.Count;
            sequence.Enlist(_pass, rows, chunk: ofPrompts ? rows : 0);
            rows -= _pass.Count - before;
            if (!isAnyServed && _pass.Count > before)
                (first, isAnyServed) = (at + 1, true);
        }
    }

    void TakeStates()
    {
        var rows = _pass.Count;
        if (_gateLogits.Length < rows)
            _gateLogits = new float[_options.MostRows];
        if (Model.HasGate)
            Model.Gate(_states, _gateLogits.AsSpan(0, rows));

        var wanted = 0;
        for (var row = 0; row < rows; row++)
        {
            if (AfterLoop(row))
                _readRows[wanted++] = row;
        }

        _readStates.Resize(wanted);
        for (var i = 0; i < wanted; i++)
            _states[_readRows[i]].CopyTo(_readStates[i]);
    }

    void Judge()
    {
        if (_readStates.Rows == 0)
            return;

        var before = Stopwatch.GetTimestamp();
        Model.Read(_readStates, _logits);
        _modelTicks += Stopwatch.GetTimestamp() - before;
        for (var i = 0; i < _readStates.Rows; i++)
            Judge(_readRows[i], _logits[i]);
    }

    // What a text's own rule or chooser throws ends that text alone.
    bool AfterLoop(int row)
    {
        try
        {
            return _pass.Sequences[row].AfterLoop(_pass.Columns[row], _states[row], _gateLogits[row]);
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            _pass.Sequences[row].Fail(problem);
            return false;
        }
    }

    void Judge(int row, ReadOnlySpan<float> logits)
    {
        try
        {
            _pass.Sequences[row].Judge(_pass.Columns[row], logits);
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            _pass.Sequences[row].Fail(problem);
        }
    }

    /// <summary>A pass came to numbers that are not finite: its text fails, or, of several, each makes its next pass alone, to find the one.</summary>
    void Suspect(InvalidDataException problem)
    {
        var first = _pass.Sequences[0];
        if (_pass.Sequences.IndexOfAnyExcept(first) >= 0)
            _passesAlone = _sequences.Count;
        else
            first.Fail(problem);
    }

    void Settle(double seconds)
    {
        Passes++;
        Rows += _pass.Count;
        var count = 0;
        for (var row = 0; row < _pass.Count; row++)
        {
            var sequence = _pass.Sequences[row];
            sequence.Settle(_pass.Columns[row]);
            count++;
            if (row + 1 < _pass.Count && ReferenceEquals(_pass.Sequences[row + 1], sequence))
                continue;

            sequence.EndPass(count, _pass.Count, Math.Max(1, _writers), seconds);
            count = 0;
        }

        foreach (var column in _released)
            _freeColumns.Push(column);
        _released.Clear();
    }
}
