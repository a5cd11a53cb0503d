using System.Diagnostics;
using System.Threading.Channels;
using Ouro.Generation;

namespace Ouro.Chat;

/// <summary>A token as the worker hands it over.</summary>
readonly record struct WrittenToken(GeneratedToken Token, double? LogProb, TokenLogProb[] Top);

/// <summary>One text on its way through a <see cref="PassWorker"/>: what was asked for, and what came of it.</summary>
/// <remarks>Everything but <see cref="Written"/> and <see cref="Cancel"/> belongs to the worker's thread until <see cref="Written"/> is complete.</remarks>
sealed class TextJob(int[] prompt, SequenceOptions options, ITokenChooser? chooser, int limit, IReadOnlySet<int> stops)
{
    readonly Channel<WrittenToken> _written = Channel.CreateUnbounded<WrittenToken>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly long _asked = Stopwatch.GetTimestamp();
    Sequence? _text;
    long _opened, _read;
    int _taken;
    bool _isWriting;
    volatile bool _isCancelled;

    /// <summary>The tokens as they are decided, stop tokens included. It ends when the reply does, with an exception if the text failed.</summary>
    public ChannelReader<WrittenToken> Written => _written.Reader;

    /// <summary>Done when the worker is, so that counts and times are whole; fails as <see cref="Written"/> does.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Where probabilities are remembered, if they are.</summary>
    public LogProbChooser? LogProbs { get; init; }

    /// <summary>True to keep the state behind the prompt and write nothing.</summary>
    public bool KeepsState { get; init; }

    /// <summary>The state behind the prompt where it was read [D].</summary>
    public float[] State { get; private set; } = [];

    /// <summary>What it cost; whole when the reply has ended.</summary>
    public SequenceCounters Counters { get; private set; }

    /// <summary>Most loops of a token.</summary>
    public int Loops { get; private set; } = options.Rule.Loops;

    /// <summary>Tokens of the prompt that were known from earlier texts.</summary>
    public int Recalled { get; private set; }

    public TimeSpan Waited => _opened == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_asked, _opened);

    public TimeSpan PromptTime => _read == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_opened, _read);

    public TimeSpan WriteTime { get; private set; }

    public bool IsCancelled => _isCancelled;

    /// <summary>Asks the worker to drop it at the next pass. Safe from any thread.</summary>
    public void Cancel() => _isCancelled = true;

    /// <summary>Enters the scheduler.</summary>
    public void Open(Scheduler scheduler)
    {
        _text = scheduler.Open(options);
        _text.Feed(prompt);
        Loops = _text.Rule.Loops;
    }

    /// <summary>Hands over what the last pass brought.</summary>
    /// <returns>False when there is nothing more to come.</returns>
    public bool Advance()
    {
        var text = _text!;
        if (_isCancelled)
            return End(new OperationCanceledException());
        if (text.Failure is { } failure)
            return End(failure);
        if (_opened == 0 && !text.IsWaiting)
            _opened = Stopwatch.GetTimestamp();
        if (!_isWriting && !text.IsRead)
            return true;
        if (!_isWriting && !BeginWriting(text))
            return End(null);

        while (text.TryTake(out var token))
        {
            var probable = LogProbs?.Take(prompt.Length + _taken++);
            _written.Writer.TryWrite(new WrittenToken(token, probable?.LogProb, probable?.Top ?? []));
        }

        return text.IsWriting || End(null);
    }

    /// <summary>Ends it, from the worker's thread.</summary>
    public bool End(Exception? problem)
    {
        try
        {
            if (_text is { } text)
            {
                Counters = text.Counters;
                WriteTime = _read == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_read);
                _text = null;
                text.Dispose();
            }
        }
        finally
        {
            _written.Writer.TryComplete(problem);
            if (problem is null)
                _ended.TrySetResult();
            else
                _ended.TrySetException(problem);
        }

        return false;
    }

    bool BeginWriting(Sequence text)
    {
        _read = Stopwatch.GetTimestamp();
        Recalled = text.Recalled;
        if (KeepsState)
            State = text.ExitState.ToArray();
        if (KeepsState || limit < 1)
            return false;

        _isWriting = true;
        text.Write(chooser!, limit, stops);
        return true;
    }
}
