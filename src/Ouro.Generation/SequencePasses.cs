using Ouro.Model;
using Ouro.Tensors;

namespace Ouro.Generation;

/// <content>What a text does in a pass: give rows, take states, judge read-outs, settle.</content>
public sealed partial class Sequence
{
    /// <summary>True if it has tokens of a prompt to run.</summary>
    internal bool HasPrompt
    {
        get
        {
            if (_started < _promptEnd)
                return true;
            foreach (var column in _columns)
            {
                if (column.IsPrompt && !column.IsDone)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Puts its next rows into a pass.</summary>
    /// <param name="rows">Most rows.</param>
    /// <param name="chunk">Tokens of a prompt that start at once, if none is under way.</param>
    internal void Enlist(PassRows pass, int rows, int chunk)
    {
        if (_started < _promptEnd && !IsPromptUnderWay())
        {
            for (var last = Math.Min(_promptEnd, _started + chunk); _started < last;)
                Start(_started, isPrompt: true);
        }

        Column? before = null;      // if it is not done, it is in this pass
        foreach (var column in _columns)
        {
            if (before is { IsDone: false } && ((_kv.Policy.IsShared() && !column.IsPrompt) || before.LoopsRun + 1 <= column.LoopsRun))
                return;
            if (!column.IsDone && rows-- == 0)
                return;

            before = column;
            if (!column.IsDone)
                pass.Add(this, column, new Row(_kv, column.Position, column.LoopsRun));
        }
    }

    /// <summary>What a token's next row will be.</summary>
    internal PassRow Report(Column column)
        => new(this, column.Position, _tokens[column.Position], column.LoopsRun + 1, column.Position >= _certain, column.ExitLoop != 0);

    /// <summary>Takes what a pass made of a token, and says whether its read-out is wanted.</summary>
    internal bool AfterLoop(Column column, ReadOnlySpan<float> state, float gateLogit)
    {
        if (column.IsDropped)
            return false;

        var change = column.IsAwaited && Rule.AsksState ? LoopOutcome.Change(column.State, state) : double.PositiveInfinity;
        state.CopyTo(column.State);
        column.LoopsRun++;
        if (!column.IsAwaited || column.ExitLoop != 0 || column.Position < _certain - 1)
            return false;   // the last: more was fed behind it before it was read

        if (Rule.AsksGate)
            column.Chances.Add(gateLogit, isLast: column.LoopsRun == Rule.Loops);
        if (Rule.Reads(new LoopOutcome(column.Position, column.LoopsRun, column.Chances.Cumulative, change)))
            column.ExitLoop = column.LoopsRun;
        if (column.ExitLoop != 0 && !IsWriting && column.Position == _certain - 1)
        {
            state.CopyTo(_exitState);
            (Depth, _isRead) = (column.ExitLoop, true);
        }

        return (IsWriting && (column.ExitLoop != 0 || IsGuessedFrom(column))) || (Rule.AsksReadOut && column.LoopsRun >= Rule.MinLoops);
    }

    /// <summary>Takes what the model would say after the token's loop.</summary>
    internal void Judge(Column column, ReadOnlySpan<float> logits)
    {
        if (column.IsDropped || (!IsWriting && !Rule.AsksReadOut))
            return;

        if (column.ExitLoop == 0 && Rule.AsksReadOut
            && Rule.Reads(new LoopOutcome(column.Position, column.LoopsRun, 0, Confidence: LogitScan.Confidence(logits))))
        {
            column.ExitLoop = column.LoopsRun;
            if (!IsWriting && column.Position == _certain - 1)
            {
                column.State.CopyTo(_exitState, 0);
                (Depth, _isRead) = (column.ExitLoop, true);
            }
        }

        var isExit = column.ExitLoop != 0;
        if (!IsWriting || (!isExit && !IsGuessedFrom(column)))
            return;

        var next = isExit && column.Position < _certain ? Choose(logits, column.Position + 1, isGuess: false) : ChooseIfPossible(logits, column, isGuess: !isExit);
        if (next < 0)
            return;

        column.Guesses[column.LoopsRun - 1] = next;
        if (!isExit)
        {
            if (IsGuessing(column))
                Guess(column.Position + 1, next);
            return;
        }

        (column.Next, column.Margin) = (next, Margin(logits));
        if (column.Position < _certain)
            Decide(column);
        else
            Guess(column.Position + 1, next);
    }

    /// <summary>Takes the first answer of a text that was read before anybody continued it.</summary>
    internal void Begin(ReadOnlySpan<float> logits)
    {
        try
        {
            Commit(_certain, new GeneratedToken(Choose(logits, _certain, isGuess: false), Depth, Rule.Loops, Margin(logits)));
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            Fail(problem);
        }
    }

    /// <summary>After the judgements of a pass: ends tokens that run no more.</summary>
    internal void Settle(Column column)
    {
        if (column.IsDropped)
            return;

        column.IsDone = column.LoopsRun == Rule.Loops || (column.ExitLoop != 0 && !column.IsPrompt && !_kv.Policy.FillsLate());
        if (!column.IsPrompt)
            _kv.AfterLoop(column.Position, column.LoopsRun, column.IsDone);
        if (!column.IsDone)
            return;

        if (column.LoopsRun < Rule.Loops)
            _lossyFrom = Math.Min(_lossyFrom, column.Position);
        if (!column.IsPrompt || column.Position != _promptEnd - 1)
            return;

        Keep(withRest: false);
        if (_kv.Policy.IsShared())
        {
            _kv.EndPrompt(_promptEnd);
            _lossyFrom = 0;
        }
    }

    /// <summary>After a pass: counts it, lets go of finished tokens and chooses how far ahead to guess.</summary>
    /// <param name="rows">Its own rows.</param>
    /// <param name="allRows">Rows in the pass.</param>
    /// <param name="texts">Texts that write in it.</param>
    internal void EndPass(int rows, int allRows, int texts, double seconds)
    {
        Counters = Counters with { Passes = Counters.Passes + 1, Rows = Counters.Rows + rows };
        if (IsWriting && !HasPrompt)
        {
            _texts += (texts - _texts) / 16f;
            Counters = Counters with { WritingPasses = Counters.WritingPasses + 1, Seconds = Counters.Seconds + seconds * rows / allRows };
            _plan.Choose(_kv.Policy.FillsLate(), _texts);
        }

        while (_columns.Count > 0 && _columns[0] is { IsDone: true } first && (first.Position < _certain - 1 || !IsWriting || !first.IsAwaited))
        {
            _columns.RemoveAt(0);
            _scheduler.Release(first);
        }
    }

    /// <summary>Makes the tokens certain that follow from a certain token's answer.</summary>
    void Decide(Column column)
    {
        for (Column? parent = column; parent is { Next: >= 0 };)
        {
            _plan.Learn(parent.Guesses, parent.ExitLoop, parent.Next);
            var loopsRun = parent.IsPrompt || _kv.Policy.FillsLate() ? Rule.Loops : parent.ExitLoop;
            parent = Commit(parent.Position + 1, new GeneratedToken(parent.Next, parent.ExitLoop, loopsRun, parent.Margin));
        }
    }

    /// <summary>Makes a token certain.</summary>
    /// <returns>Its column, unless the reply ends with it.</returns>
    Column? Commit(int position, GeneratedToken token)
    {
        _written.Enqueue(token);
        (Depth, _isRead, _isFull) = (token.Depth, false, position == _tokens.Length);
        Counters = Counters with { PlainSeconds = Counters.PlainSeconds + _scheduler.PlainSeconds(token.Depth) };
        var isGuessed = position < _count && _tokens[position] == token.Id;
        if (position < _count)
            Counters = Counters with { Guesses = Counters.Guesses + 1, GuessesKept = Counters.GuessesKept + (isGuessed ? 1 : 0) };
        if (!isGuessed)
            DropFrom(position);

        if (_isFull)
        {
            End();
            return null;
        }

        _tokens[position] = token.Id;
        _certain = position + 1;
        _count = Math.Max(_count, _certain);
        if (--_limit == 0 || _stops.Contains(token.Id))
        {
            End();
            return null;
        }

        return isGuessed ? ColumnAt(position) : Start(position, isPrompt: false);
    }

    /// <summary>Begins a token that is not certain, unless it is under way already.</summary>
    void Guess(int position, int token)
    {
        if (position < _count && _tokens[position] == token)
            return;

        DropFrom(position);
        if (position >= _tokens.Length || position - _certain >= _limit - 1 || _stops.Contains(token) || _kv.Policy.IsShared())
            return;

        _tokens[position] = token;
        _count = position + 1;
        Start(position, isPrompt: false);
    }

    Column Start(int position, bool isPrompt)
    {
        var column = _scheduler.NewColumn(_tokens[position]);
        column.Start(position, Rule.Loops, isPrompt, isAwaited: !isPrompt || position == _promptEnd - 1);
        _columns.Add(column);
        _started = position + 1;
        return column;
    }

    /// <summary>Forgets the tokens from a position on, but for what is certain.</summary>
    void DropFrom(int position)
    {
        for (var i = _columns.Count - 1; i >= 0 && _columns[i].Position >= position; i--)
        {
            _columns[i].IsDropped = true;
            _scheduler.Release(_columns[i]);
            _columns.RemoveAt(i);
        }

        (_count, _started) = (Math.Min(_count, position), Math.Min(_started, position));
    }

    /// <summary>No more is written; what is certain stays, and completes its loops.</summary>
    void End()
    {
        _chooser = null;
        DropFrom(_certain);
    }

    Column? ColumnAt(int position)
    {
        foreach (var column in _columns)
        {
            if (column.Position == position)
                return column;
        }

        return null;
    }

    /// <exception cref="InvalidOperationException">The chooser gives a token that the model does not have; it may throw what it likes besides.</exception>
    int Choose(ReadOnlySpan<float> logits, int position, bool isGuess)
    {
        var next = _chooser!.Choose(logits, _tokens.AsSpan(0, position), position, isGuess);
        return (uint)next < (uint)logits.Length
            ? next
            : throw new InvalidOperationException($"The chooser gave token {next}, but the model has {logits.Length:N0} tokens.");
    }

    /// <summary>Chooses behind a token that may be wrong; where nothing can be chosen, nothing is guessed.</summary>
    int ChooseIfPossible(ReadOnlySpan<float> logits, Column column, bool isGuess)
    {
        try
        {
            return Choose(logits, column.Position + 1, isGuess);
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            // Should the token be right after all, it is begun again, and asked about when it is certain.
            if (!isGuess)
                DropFrom(column.Position);
            return -1;
        }
    }

    bool IsGuessing(Column column) => _plan.DraftLoops != 0 && column.LoopsRun >= _plan.DraftLoops;

    bool IsGuessedFrom(Column column) => IsGuessing(column) || _plan.IsProbed(column.Position);

    bool IsPromptUnderWay()
    {
        foreach (var column in _columns)
        {
            if (column.IsPrompt && !column.IsDone)
                return true;
        }

        return false;
    }

    static float Margin(ReadOnlySpan<float> logits)
    {
        var (largest, second) = LogitScan.TopTwo(logits);
        return largest - second;
    }
}
