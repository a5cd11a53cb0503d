using Ouro.Formats;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Tensors;
using Ouro.Tensors.Gradients;
using Ouro.Text;
using Ouro.Training.Data;

namespace Ouro.Training.Recipes;

/// <summary>Carries out a recipe in a folder, from the beginning or from where it was stopped.</summary>
/// <remarks>
/// A run that was stopped in any way and goes on ends with the same parameters, bit for bit, as one that was never stopped: checkpoints hold parameters,
/// moments and the counts of examples taken, and everything else is a function of the recipe.
/// </remarks>
public sealed class RecipeRun : IDisposable
{
    readonly Recipe _recipe;
    readonly RunOptions _options;
    readonly RunFolder _folder;
    readonly Vocabulary? _vocabulary;
    readonly RecipeData _data;
    readonly IReadOnlyList<OuroConfig> _configs;
    readonly CpuBackend _backend;
    readonly string? _resumed;
    readonly double _workTotal;
    readonly TrainingLog _log;
    readonly List<string> _notes = [];
    RunState _state;
    TrainableModel _model;
    IReadOnlyList<Parameter> _learning = [];
    AdamW? _optimizer;

    RecipeRun(Recipe recipe, RunFolder folder, RunOptions options, CancellationToken cancel)
    {
        (_recipe, _folder, _options) = (recipe, folder, options);
        _resumed = options.Restart ? null : folder.Newest();
        if (_resumed is null && !options.Restart)
            folder.RefuseModel();
        var state = _resumed is null ? null : ReadState(_resumed, recipe);
        folder.RemoveOld();
        _vocabulary = _resumed is null ? RecipeTokenizer.Make(recipe, cancel) : ModelVocabulary.InFolder(_resumed);
        _model = _resumed is null ? Begin() : Opened(_resumed);
        if (_vocabulary?.Count > _model.Config.Vocabulary)
            throw new RecipeException($"the tokenizer has {_vocabulary.Count:N0} tokens, but the model knows {_model.Config.Vocabulary:N0}; take the model's own.");
        _state = state ?? Beginning(recipe, _model.Config);
        _configs = recipe.Configs(_state.Start.Before(_model.Config));
        _data = new RecipeData(
            recipe, _vocabulary is null ? null : new Tokenizer(_vocabulary), _model.Config.Vocabulary, folder.Training, isAnew: _resumed is null, MakeRoom, cancel);
        try
        {
            _notes.AddRange(_data.Notes);
            _workTotal = recipe.Stages.Select((stage, index) => stage.StepsAt(recipe.TokensScale) * WorkOfStep(index)).Sum();
            _backend = new CpuBackend(options.Threads);
            _log = TrainingLog.Open(folder.LogPath, _state.LogBytes);
        }
        catch
        {
            _backend?.Dispose();
            _data.Dispose();
            throw;
        }
    }

    /// <summary>True if an earlier run left a checkpoint, and this one goes on from it.</summary>
    public bool IsResumed => _resumed is not null;

    /// <summary>True if every stage is done, so that only the model remains to be written.</summary>
    public bool IsTrained => _state.Stage == _recipe.Stages.Count;

    /// <summary>Tokens learnt from so far.</summary>
    public long Tokens => _state.Tokens;

    /// <summary>What a person should know, one sentence each; often empty. A run may add some.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The model that is trained.</summary>
    public TrainableModel Model => _model;

    /// <summary>Makes everything ready: the folder, the tokenizer, the model and the data, or what an earlier run left of them.</summary>
    /// <param name="folder">Where the result goes; made if it does not exist.</param>
    /// <exception cref="RecipeException">The recipe does not fit its files, or the folder holds a run of another recipe, or a model.</exception>
    /// <exception cref="ModelFileException">A file cannot be used.</exception>
    /// <exception cref="OperationCanceledException">Asked for.</exception>
    public static RecipeRun Open(Recipe recipe, string folder, RunOptions options, CancellationToken cancel = default)
    {
        RefuseSource(recipe, folder);
        var opened = RunFolder.Open(folder);
        try
        {
            return new RecipeRun(recipe, opened, options, cancel);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Trains to the end and writes the model.</summary>
    /// <param name="onStep">Called after each step.</param>
    /// <exception cref="OperationCanceledException">Asked for; a checkpoint of the last step is there.</exception>
    /// <exception cref="RecipeException">The loss is not finite any more.</exception>
    /// <exception cref="ModelFileException">A file cannot be written.</exception>
    public ConversionResult Run(Action<StepReport>? onStep, CancellationToken cancel)
    {
        while (_state.Stage < _recipe.Stages.Count)
            RunStage(onStep, cancel);

        DrawCurves();
        var result = _recipe.ExitThreshold is { } threshold ? _model.With(_model.Config with { ExitThreshold = threshold }) : _model;
        return Checkpoint.WriteModel(result, _recipe.OutputType, _vocabulary, _folder.Path, overwrite: true, _options.Threads);
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose()
    {
        _log.Dispose();
        _data.Dispose();
        _backend.Dispose();
        _folder.Dispose();
    }

    void RunStage(Action<StepReport>? onStep, CancellationToken cancel)
    {
        var index = _state.Stage;
        var stage = _recipe.Stages[index];
        Prepare(stage, _configs[index]);
        var run = new TrainingRun(_model, _backend, new TrainingOptions { Recompute = stage.Recompute, Storage = stage.Storage });
        var batches = _data.Open(stage, index);
        batches.State = _state.Taken;
        var steps = stage.StepsAt(_recipe.TokensScale);
        var watch = new StageWatch(_options.Clock, _state);
        while (_state.Step < steps)
        {
            if (cancel.IsCancellationRequested || !Step(run, batches, watch, steps, onStep, cancel))
                Stop(watch, cancel);
            else if (_state.Step < steps && watch.SinceCheckpoint >= _options.CheckpointEvery)
                Save(watch);
        }

        _state = _state with { Stage = index + 1, Step = 0 };
        watch.WriteLine(_log, stage, _state with { Step = steps });
        Save(watch);
    }

    /// <summary>Learns from the next batches; where nothing in them is asked for, they only count as read.</summary>
    /// <returns>False if somebody asked to stop meanwhile: then it is as if the step had not begun.</returns>
    bool Step(TrainingRun run, Batches batches, StageWatch watch, long steps, Action<StepReport>? onStep, CancellationToken cancel)
    {
        var (stage, optimizer) = (_recipe.Stages[_state.Stage], _optimizer!);
        var micro = new TokenBatch[stage.MicroBatches];
        for (var i = 0; i < micro.Length; i++)
            micro[i] = batches.Next();

        var (tokens, targets) = (micro.Sum(batch => (long)batch.Inputs.Length), micro.Sum(batch => batch.TargetCount));
        var sums = targets > 0 ? Accumulate(run, stage.Objective, micro, targets, cancel) : null;
        if (targets > 0 && sums is null)
            return false;

        var rate = stage.LearningRate.At(_state.Step, steps);
        var norm = sums is null ? 0 : optimizer.Step(rate);
        if (sums is not null)
            RequireFinite(sums, norm, stage);
        _state = _state with
        {
            Step = _state.Step + 1,
            Tokens = _state.Tokens + tokens,
            Work = _state.Work + WorkOfStep(_state.Stage),
            OptimizerSteps = optimizer.Steps,
            Taken = batches.State,
            Seconds = watch.Seconds,
        };
        if (sums is null)
            return true;

        watch.Add(sums, tokens, rate, norm);
        onStep?.Invoke(watch.Report(_state, _recipe, steps, _workTotal));
        if (_state.Step % _recipe.LogSteps == 0)
            watch.WriteLine(_log, stage, _state);
        return true;
    }

    /// <summary>The losses of all batches; null, with gradients zero again, if somebody asked to stop before the last.</summary>
    LossReport? Accumulate(TrainingRun run, Objective objective, TokenBatch[] batches, int targets, CancellationToken cancel)
    {
        LossReport? sums = null;
        foreach (var batch in batches)
        {
            if (cancel.IsCancellationRequested)
            {
                foreach (var parameter in _learning)
                    CpuGradients.Clear(parameter.Gradient);
                return null;
            }

            var losses = run.Accumulate(batch, objective, targets);
            if (sums is null)
                sums = losses;
            else
                sums.Add(losses);
        }

        return sums;
    }

    /// <summary>Brings model and optimiser to what a stage needs: its changes at its first step, or what the checkpoint says in the middle of it.</summary>
    void Prepare(Stage stage, OuroConfig config)
    {
        if (_state.Step == 0 && stage.Upcycling is { } upcycling && upcycling.Layers != _model.Config.Layers)
            _model = _model.Upcycle(upcycling.Layers, upcycling.Order);
        if (_model.Config != config)
            _model = _model.With(config);
        if (_state.Step == 0 && stage.GateBias is { } bias)
            _model[TensorRole.GateBias].Values[0][0] = (float)bias;

        Parameter[] learning = [.. _model.Parameters.Where(parameter => stage.Objective.Trains(parameter.Tensor))];
        var options = new AdamWOptions { WeightDecay = (float)stage.WeightDecay, Clip = (float)stage.Clip };
        if (_optimizer is not null && learning.SequenceEqual(_learning))
        {
            _optimizer.Options = options;
            return;
        }

        // Where other parameters learn than before, new layers among them, the moments begin at zero.
        var optimizer = new AdamW(learning, _backend, options);
        if (_optimizer is null && _resumed is not null && Checkpoint.ReadMoments(_resumed, learning, optimizer))
            optimizer.Steps = _state.OptimizerSteps;
        (_learning, _optimizer) = (learning, optimizer);
    }

    void Stop(StageWatch watch, CancellationToken cancel)
    {
        if (_state.Step > 0)
        {
            watch.WriteLine(_log, _recipe.Stages[_state.Stage], _state);
            Save(watch);
        }

        cancel.ThrowIfCancellationRequested();
    }

    void Save(StageWatch watch)
    {
        _log.Settle();
        _state = _state with { LogBytes = _log.Length };
        Checkpoint.Write(_folder.Next(), _model, _learning, _optimizer!, _vocabulary, _state, _options.Threads);
        _folder.RemoveOld();
        DrawCurves();
        watch.Saved();
    }

    /// <summary>Curves are for the eye: where they cannot be drawn, training goes on.</summary>
    void DrawCurves()
    {
        try
        {
            var lines = TrainingLog.Read(_folder.LogPath);
            if (lines.Count == 0)
                return;
            AtomicFile.WriteAllText(_folder.LossPicture, Curves.Loss(_recipe.Name, lines));
            AtomicFile.WriteAllText(_folder.ExitPicture, Curves.Exits(_recipe.Name, lines));
        }
        catch (Exception problem) when (problem is ModelFileException or IOException or UnauthorizedAccessException)
        {
            var note = $"the curves could not be drawn ({problem.Reason.TrimEnd('.')}); the log has their numbers.";
            if (!_notes.Contains(note))
                _notes.Add(note);
        }
    }

    void RequireFinite(LossReport sums, double norm, Stage stage)
    {
        if (!double.IsFinite(sums.Loss) || !double.IsFinite(norm))
            throw new RecipeException($"the loss is not finite any more in step {_state.Step + 1} of stage '{stage.Name}'; lower its learning rate or lengthen its warm-up, and begin again with --restart.");
    }

    double WorkOfStep(int stage) => (double)_recipe.Stages[stage].Rows * _configs[stage].Layers * _configs[stage].Loops;

    TrainableModel Begin() => _recipe.Start switch
    {
        ModelStart.From from => Opened(from.Path),
        ModelStart.Fresh fresh => TrainableModel.Random(fresh.Measures with { Vocabulary = Vocabulary }, _recipe.Seed),
        var other => throw new InvalidOperationException($"Unknown start {other.GetType().Name}."),
    };

    /// <summary>Takes away what an earlier run left and this one does not go on from.</summary>
    void MakeRoom()
    {
        if (_options.Restart)
            _folder.Clear();
        else if (_resumed is null)
            _folder.RemoveData();
    }

    /// <summary>The finished model takes the place of what is in its folder.</summary>
    static void RefuseSource(Recipe recipe, string folder)
    {
        if (folder.Length == 0 || recipe.Start is not ModelStart.From { Path: var path })
            return;

        var source = path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) && !Directory.Exists(path) ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        if (Full(source).Equals(Full(folder), OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal))
            throw new RecipeException(folder, "is the checkpoint that training begins with, which would be destroyed; choose another folder with -o.");

        static string Full(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }

    int Vocabulary => _vocabulary?.Count ?? (_recipe.Tokenizer as TokenizerStart.IdsOnly)!.Vocabulary;

    TrainableModel Opened(string path)
    {
        using var checkpoint = OuroCheckpoint.Open(path);
        if (EarlyExitGate.Read(checkpoint) is null)
            _notes.Add($"{path} has no early-exit gate; a new one begins at zero, and stops after each loop with a chance of one half.");
        return TrainableModel.Open(checkpoint);
    }

    static RunState Beginning(Recipe recipe, OuroConfig start) => new()
    {
        Recipe = recipe.Fingerprint,
        Start = StartMeasures.Of(start),
        Stage = 0,
        Step = 0,
        Tokens = 0,
        Work = 0,
        OptimizerSteps = 0,
        Taken = new long[recipe.Sources.Count],
        LogBytes = 0,
        Seconds = 0,
    };

    static RunState ReadState(string checkpoint, Recipe recipe)
    {
        var state = Checkpoint.ReadState(checkpoint);
        return state.Recipe == recipe.Fingerprint && state.Taken.Length == recipe.Sources.Count
            ? state
            : throw new RecipeException(
                Path.GetDirectoryName(Path.GetDirectoryName(checkpoint))!,
                "holds a run of another recipe, or of this one before it was changed; go on with the old one, choose another folder with -o, or begin again with --restart.");
    }
}
