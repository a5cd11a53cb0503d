using Ouro.Formats;
using Ouro.Model;
using Ouro.Model.Conversion;
using Ouro.Tensors;
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
    RunState _state;
    TrainableModel _model;
    IReadOnlyList<Parameter> _learning = [];
    AdamW? _optimizer;

    RecipeRun(Recipe recipe, RunFolder folder, RunOptions options)
    {
        (_recipe, _folder, _options) = (recipe, folder, options);
        if (options.Restart)
            folder.Clear();
        _resumed = folder.Newest();
        _state = _resumed is null ? Beginning(recipe) : ReadState(_resumed, recipe);
        folder.RemoveOld();
        _vocabulary = _resumed is null ? RecipeTokenizer.Make(recipe) : RecipeTokenizer.InFolder(_resumed);
        _model = _resumed is null ? Begin() : Opened(_resumed);
        _configs = recipe.Configs(StartConfig());
        if (_resumed is null)
            folder.RemoveData();
        _data = new RecipeData(recipe, _vocabulary is null ? null : new Tokenizer(_vocabulary), _model.Config.Vocabulary, folder.Training);
        _workTotal = recipe.Stages.Select((stage, index) => stage.StepsAt(recipe.TokensScale) * WorkOfStep(index)).Sum();
        _backend = new CpuBackend(options.Threads);
        _log = TrainingLog.Open(folder.LogPath, _state.LogBytes);
    }

    /// <summary>True if an earlier run left a checkpoint, and this one goes on from it.</summary>
    public bool IsResumed => _resumed is not null;

    /// <summary>True if every stage is done, so that only the model remains to be written.</summary>
    public bool IsTrained => _state.Stage == _recipe.Stages.Count;

    /// <summary>Tokens learnt from so far.</summary>
    public long Tokens => _state.Tokens;

    /// <summary>What a person should know about the data, one sentence each; often empty.</summary>
    public IReadOnlyList<string> Notes => _data.Notes;

    /// <summary>The model that is trained.</summary>
    public TrainableModel Model => _model;

    /// <summary>Makes everything ready: the folder, the tokenizer, the model and the data, or what an earlier run left of them.</summary>
    /// <param name="folder">Where the result goes; made if it does not exist.</param>
    /// <exception cref="RecipeException">The recipe does not fit its files, or the folder holds a run of another recipe.</exception>
    /// <exception cref="ModelFileException">A file cannot be used.</exception>
    public static RecipeRun Open(Recipe recipe, string folder, RunOptions options)
    {
        var opened = RunFolder.Open(folder);
        try
        {
            return new RecipeRun(recipe, opened, options);
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
        var optimizer = _optimizer!;
        var run = new TrainingRun(_model, _backend, new TrainingOptions { Recompute = stage.Recompute, Storage = stage.Storage });
        var batches = _data.Open(stage, index);
        batches.State = _state.Taken;
        var steps = stage.StepsAt(_recipe.TokensScale);
        var watch = new StageWatch(_options.Clock, _state);
        while (_state.Step < steps)
        {
            if (cancel.IsCancellationRequested)
                Stop(watch, cancel);

            var rate = stage.LearningRate.At(_state.Step, steps);
            var (sums, tokens) = Accumulate(run, stage, batches);
            var norm = optimizer.Step(rate);
            RequireFinite(sums, norm, stage);
            _state = _state with
            {
                Step = _state.Step + 1,
                Tokens = _state.Tokens + tokens,
                Work = _state.Work + WorkOfStep(index),
                OptimizerSteps = optimizer.Steps,
                Taken = batches.State,
                Seconds = watch.Seconds,
            };
            watch.Add(sums, tokens, rate, norm);
            onStep?.Invoke(watch.Report(_state, _recipe, steps, _workTotal));
            if (_state.Step % _recipe.LogSteps == 0)
                watch.WriteLine(_log, stage, _state);
            if (_state.Step < steps && watch.SinceCheckpoint >= _options.CheckpointEvery)
                Save(watch);
        }

        _state = _state with { Stage = index + 1, Step = 0 };
        watch.WriteLine(_log, stage, _state with { Step = steps });
        Save(watch);
    }

    static (LossReport Sums, long Tokens) Accumulate(TrainingRun run, Stage stage, Batches batches)
    {
        var micro = new TokenBatch[stage.MicroBatches];
        for (var i = 0; i < micro.Length; i++)
            micro[i] = batches.Next();

        var targets = Math.Max(1, micro.Sum(batch => batch.TargetCount));   // windows of chats may hold none
        var sums = run.Accumulate(micro[0], stage.Objective, targets);
        foreach (var batch in micro.AsSpan(1))
            sums.Add(run.Accumulate(batch, stage.Objective, targets));
        return (sums, micro.Sum(batch => (long)batch.Inputs.Length));
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

        var (learntBefore, before) = (_learning, _optimizer);
        _learning = stage.Objective is Objective.Gate ? [.. _model.Parameters.Where(parameter => parameter.Tensor.IsGate)] : _model.Parameters;
        _optimizer = new AdamW(_learning, _backend, new AdamWOptions { WeightDecay = (float)stage.WeightDecay, Clip = (float)stage.Clip });

        // Where other parameters learn than before, new layers among them, the moments begin at zero.
        var goesOn = before is not null
            ? Carry(learntBefore, before, _learning, _optimizer)
            : _resumed is not null && Checkpoint.ReadMoments(_resumed, _learning, _optimizer);
        _optimizer.Steps = goesOn ? _state.OptimizerSteps : 0;
    }

    static bool Carry(IReadOnlyList<Parameter> learntBefore, AdamW from, IReadOnlyList<Parameter> learning, AdamW to)
    {
        if (!learntBefore.Select(parameter => parameter.Tensor.HuggingFaceName).SequenceEqual(learning.Select(parameter => parameter.Tensor.HuggingFaceName)))
            return false;

        foreach (var (old, @new) in from.FirstMoments.Concat(from.SecondMoments).Zip(to.FirstMoments.Concat(to.SecondMoments)))
        {
            for (var row = 0; row < old.Rows; row++)
                old[row].CopyTo(@new[row]);
        }

        return true;
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

    void DrawCurves()
    {
        var lines = TrainingLog.Read(_folder.LogPath);
        if (lines.Count == 0)
            return;
        AtomicFile.WriteAllText(_folder.LossPicture, Curves.Loss(_recipe.Name, lines));
        AtomicFile.WriteAllText(_folder.ExitPicture, Curves.Exits(_recipe.Name, lines));
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

    /// <summary>The measures before the first stage, whatever the checkpoint's are by now.</summary>
    OuroConfig StartConfig()
    {
        if (_recipe.Start is ModelStart.Fresh fresh)
            return fresh.Measures with { Vocabulary = _model.Config.Vocabulary };
        if (_resumed is null)
            return _model.Config;

        using var checkpoint = OuroCheckpoint.Open(((ModelStart.From)_recipe.Start).Path);
        return checkpoint.Config;
    }

    int Vocabulary => _vocabulary?.Count ?? (_recipe.Tokenizer as TokenizerStart.IdsOnly)!.Vocabulary;

    static TrainableModel Opened(string path)
    {
        using var checkpoint = OuroCheckpoint.Open(path);
        return TrainableModel.Open(checkpoint);
    }

    static RunState Beginning(Recipe recipe) => new()
    {
        Recipe = recipe.Fingerprint,
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
