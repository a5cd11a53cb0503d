namespace Ouro.Training.Recipes;

/// <summary>What passes between two lines of the log and two checkpoints: time, tokens and sums of losses.</summary>
sealed class StageWatch
{
    readonly TimeProvider _clock;
    readonly double _secondsBefore;
    readonly double _workBefore;
    readonly long _began;
    long _saved;
    long _line;
    long _step;
    LossReport? _sums;
    long _tokens;
    Last _last;

    public StageWatch(TimeProvider clock, RunState state)
    {
        (_clock, _secondsBefore, _workBefore) = (clock, state.Seconds, state.Work);
        _began = _saved = _line = _step = clock.GetTimestamp();
    }

    /// <summary>Of computing since the run began, earlier sittings included.</summary>
    public double Seconds => _secondsBefore + _clock.GetElapsedTime(_began).TotalSeconds;

    public TimeSpan SinceCheckpoint => _clock.GetElapsedTime(_saved);

    public void Saved() => _saved = _clock.GetTimestamp();

    /// <summary>Notes a step.</summary>
    /// <param name="sums">Kept, and added to.</param>
    public void Add(LossReport sums, long tokens, double rate, double norm)
    {
        var now = _clock.GetTimestamp();
        _last = new Last(MeanLoss.Of(sums), rate, norm, tokens / Math.Max(1e-9, _clock.GetElapsedTime(_step, now).TotalSeconds));
        _step = now;
        if (_sums is null)
            _sums = sums;
        else
            _sums.Add(sums);
        _tokens += tokens;
    }

    /// <summary>What to tell about the step just noted.</summary>
    public StepReport Report(RunState state, Recipe recipe, long steps, double workTotal)
    {
        var work = state.Work - _workBefore;
        var elapsed = _clock.GetElapsedTime(_began);
        return new StepReport
        {
            Stage = state.Stage + 1,
            Stages = recipe.Stages.Count,
            StageName = recipe.Stages[state.Stage].Name,
            Step = state.Step,
            Steps = steps,
            Tokens = state.Tokens,
            Loss = _last.Loss,
            LearningRate = _last.Rate,
            GradientNorm = _last.Norm,
            TokensPerSecond = _last.TokensPerSecond,
            Done = Math.Min(1, state.Work / workTotal),
            Left = work > 0 && elapsed > TimeSpan.Zero ? elapsed * Math.Clamp((workTotal - state.Work) / work, 0, 1e6) : null,
        };
    }

    /// <summary>Writes a line of the log if a step was noted since the one before.</summary>
    public void WriteLine(TrainingLog log, Stage stage, RunState state)
    {
        if (_sums is null)
            return;

        var now = _clock.GetTimestamp();
        var mean = MeanLoss.Of(_sums);
        log.Add(new LogLine(
            stage.Name, state.Step, state.Tokens, Rounded(mean.Loss), [.. mean.ByLoop.Select(Rounded)], [.. mean.ExitChances.Select(Rounded)], Rounded(mean.Entropy),
            _last.Rate, Rounded(_last.Norm), Math.Round(_tokens / Math.Max(1e-9, _clock.GetElapsedTime(_line, now).TotalSeconds), 1), Math.Round(state.Seconds, 2)));
        (_sums, _tokens, _line) = (null, 0, now);
    }

    static double Rounded(double value) => Math.Round(value, 6);

    readonly record struct Last(MeanLoss Loss, double Rate, double Norm, double TokensPerSecond);
}
