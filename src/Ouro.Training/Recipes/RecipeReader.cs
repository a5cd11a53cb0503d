using System.Text;
using System.Text.Json;
using Ouro.Formats;
using Ouro.Model;

namespace Ouro.Training.Recipes;

/// <summary>From a recipe's JSON to the recipe. Every name that a recipe can use stands here, in <see cref="Stage"/> or in <see cref="RecipeTasks"/>.</summary>
sealed class RecipeReader(string place, string folder)
{
    static readonly RecipeNumber Seed = new("seed", 1, 0, 1L << 53, IsWhole: true);
    static readonly RecipeNumber LogSteps = new("log_steps", 10, 1, 1e6, IsWhole: true);
    static readonly RecipeNumber Vocabulary = new("vocabulary", double.NaN, 300, 1 << 20, IsWhole: true);
    static readonly RecipeNumber Ids = new("ids", double.NaN, 2, 1 << 24, IsWhole: true);
    static readonly RecipeNumber Examples = new("examples", 10_000, 1, 1e8, IsWhole: true);

    public Recipe Read(JsonElement root)
    {
        var fields = new RecipeFields(place, "", root);
        var name = fields.Text("name");
        var sources = ReadSources(fields.RequiredInner("data"));
        var start = ReadStart(fields);
        var (output, type, threshold) = ReadOutput(fields.Inner("output"), name);
        var recipe = new Recipe
        {
            Name = name,
            Seed = (ulong)fields.Number(Seed),
            Start = start,
            Tokenizer = ReadTokenizer(fields.Inner("tokenizer"), start, sources),
            Output = output,
            OutputType = type,
            ExitThreshold = threshold,
            Sources = sources,
            Stages = ReadStages(fields, sources),
            LogSteps = fields.Whole(LogSteps),
            Json = Plain(root),
        };
        fields.End();
        if (start is ModelStart.Fresh { Measures: var measures })
            fields.Placed(() => recipe.Configs(measures));
        return recipe;
    }

    ModelStart ReadStart(RecipeFields fields)
    {
        var model = fields.Inner("model");
        if (fields.Has("from") == model is not null)
            throw new RecipeException(place, "give either 'model', the measures of a new model, or 'from', a checkpoint to go on with.");

        return model is null ? new ModelStart.From(Full(fields.Text("from"))) : new ModelStart.Fresh(ModelMeasures.Read(model));
    }

    TokenizerStart ReadTokenizer(RecipeFields? fields, ModelStart start, IReadOnlyDictionary<string, DataSource> sources)
    {
        if (fields is null)
        {
            return start is ModelStart.From from
                ? new TokenizerStart.File(from.Path)
                : throw new RecipeException(place, "'tokenizer' is missing: say \"train\", \"file\", \"published\": true, or \"ids\" for sources without text.");
        }

        var train = fields.Inner("train");
        TokenizerStart result;
        if (train is not null)
        {
            if (start is ModelStart.From)
                throw new RecipeException(fields.Place, "a checkpoint has its tokenizer already, and another would give its tokens other meanings; leave 'train' out.");
            var names = train.Texts("from");
            if (names.Count == 0)
                throw train.Missing("from");
            foreach (var name in names)
                Known(train, "from", name, sources);
            result = new TokenizerStart.Trained(train.Whole(Vocabulary), names, train.Whole(Examples));
            train.End();
        }
        else if (fields.Boolean("published", orElse: false))
            result = new TokenizerStart.Published();
        else if (fields.WholeIfAny(Ids) is { } ids)
            result = new TokenizerStart.IdsOnly(ids);
        else
            result = new TokenizerStart.File(Full(fields.Text("file")));

        fields.End();
        return result;
    }

    (string Output, ElementType Type, float? ExitThreshold) ReadOutput(RecipeFields? fields, string name)
    {
        if (fields is null)
            return (name, ElementType.BF16, null);

        var output = fields.Has("folder") ? Full(fields.Text("folder")) : name;
        var type = fields.Word("type", ElementType.BF16, ("bf16", ElementType.BF16), ("f16", ElementType.F16), ("f32", ElementType.F32));
        var threshold = fields.Has(Recipe.Threshold.Name) ? (float?)fields.Number(Recipe.Threshold) : null;
        fields.End();
        return (output, type, threshold);
    }

    Dictionary<string, DataSource> ReadSources(RecipeFields fields)
    {
        var sources = new Dictionary<string, DataSource>(StringComparer.Ordinal);
        foreach (var name in fields.AllNames())
            sources.Add(name, ReadSource(fields.RequiredInner(name)));
        return sources.Count > 0 ? sources : throw new RecipeException(fields.Place, "there is no source here; name at least one.");
    }

    DataSource ReadSource(RecipeFields fields)
    {
        DataSource source;
        if (fields.Has("task"))
            source = RecipeTasks.Read(fields);
        else if (fields.Texts("files") is { Count: > 0 } files)
            source = new DataSource.Files([.. files.Select(Full)]);
        else if (fields.Has("shards"))
            source = new DataSource.Shards(Full(fields.Text("shards")));
        else
            throw new RecipeException(
                fields.Place, "say where examples come from: \"task\", a generator's name, \"files\", a list of texts or JSON lines, or \"shards\", a folder of tokens.");

        fields.End();
        return source;
    }

    static List<Stage> ReadStages(RecipeFields fields, IReadOnlyDictionary<string, DataSource> sources)
    {
        var stages = new List<Stage>();
        foreach (var inner in fields.List("stages"))
        {
            var stage = inner.Placed(() => ReadStage(inner, sources));
            if (stages.Any(other => other.Name == stage.Name))
                throw new RecipeException(inner.Place, $"there are two stages {stage.Name.Quoted}; give this one another name.");
            stages.Add(stage);
        }

        return stages;
    }

    static Stage ReadStage(RecipeFields fields, IReadOnlyDictionary<string, DataSource> sources)
    {
        var stage = new Stage
        {
            Name = fields.Text("name"),
            Objective = ReadObjective(fields.Inner("objective")),
            Loops = fields.WholeIfAny(Stage.LoopsNumber),
            Tokens = (long)fields.Number(Stage.TokensNumber),
            Rows = fields.Whole(Stage.RowsNumber),
            MicroRows = fields.Whole(Stage.MicroRowsNumber, (int)Math.Min(Stage.MicroRowsNumber.Default, fields.Whole(Stage.RowsNumber))),
            Longest = fields.Whole(Stage.LongestNumber),
            LearningRate = ReadRate(fields.RequiredInner("learning_rate")),
            WeightDecay = fields.Number(Stage.WeightDecayNumber),
            Clip = fields.Number(Stage.ClipNumber),
            Mix = ReadMix(fields.Inner("mix"), sources),
            Upcycling = ReadUpcycling(fields.Inner("upcycle")),
            GateBias = fields.NumberIfAny(Stage.GateBiasNumber),
            RopeBase = fields.NumberIfAny(ModelMeasures.RopeBase),
            Context = fields.WholeIfAny(ModelMeasures.Context),
            Recompute = fields.Boolean("recompute", orElse: new TrainingOptions().Recompute),
            Storage = fields.Word("storage", StorageType.F32, ("f32", StorageType.F32), ("bf16", StorageType.BF16)),
        };
        fields.End();
        if (stage.Rows % stage.MicroRows != 0)
            throw new RecipeException(fields.Place, $"'rows' is {stage.Rows}, but it must be a multiple of 'micro_rows', which is {stage.MicroRows}.");
        return stage.Longest <= stage.MicroRows
            ? stage
            : throw new RecipeException(fields.Place, $"'longest' is {stage.Longest}, but a document must fit 'micro_rows', which is {stage.MicroRows}.");
    }

    static Objective ReadObjective(RecipeFields? fields)
    {
        if (fields is null)
            return new Objective.EntropyRegularised((float)Stage.BetaNumber.Default);

        var kind = fields.Word("kind", "", ("stage1", "stage1"), ("depth", "depth"), ("gate", "gate"), ("expected_logits", "expected_logits"));
        Objective objective = kind switch
        {
            "stage1" => new Objective.EntropyRegularised((float)fields.Number(Stage.BetaNumber)),
            "depth" => new Objective.FixedDepth(fields.Whole(Stage.LoopNumber)),
            "gate" => new Objective.Gate(
                (float)fields.Number(Stage.KNumber), (float)fields.Number(Stage.GammaNumber),
                fields.Word("label", GateLabel.AsPrinted, ("as_printed", GateLabel.AsPrinted), ("shifted", GateLabel.Shifted))),
            "expected_logits" => new Objective.ExpectedLogits(),
            _ => throw fields.Missing("kind"),
        };
        fields.End();
        return objective;
    }

    static LearningRate ReadRate(RecipeFields fields)
    {
        var peak = fields.Number(LearningRate.PeakNumber);
        var schedule = fields.Word(
            "schedule", Schedule.WarmupStableDecay, ("constant", Schedule.Constant), ("cosine", Schedule.Cosine), ("wsd", Schedule.WarmupStableDecay));
        var rate = new LearningRate
        {
            Peak = peak,
            Final = schedule == Schedule.Constant ? peak : fields.Number(LearningRate.FinalNumber, peak / 10),
            WarmupSteps = (long)fields.Number(LearningRate.WarmupNumber),
            Schedule = schedule,
            DecayShare = schedule == Schedule.WarmupStableDecay ? fields.Number(LearningRate.DecayNumber) : 0,
        };
        fields.End();
        return rate;
    }

    static Upcycling? ReadUpcycling(RecipeFields? fields)
    {
        if (fields is null)
            return null;

        var order = fields.Word("order", UpcycleOrder.BlockWise, ("block", UpcycleOrder.BlockWise), ("interleaved", UpcycleOrder.Interleaved));
        var upcycling = new Upcycling(fields.Whole(ModelMeasures.Layers), order);
        fields.End();
        return upcycling;
    }

    /// <summary>Weights by name; every source alike if there is no mix.</summary>
    static Dictionary<string, double> ReadMix(RecipeFields? fields, IReadOnlyDictionary<string, DataSource> sources)
    {
        if (fields is null)
            return sources.Keys.ToDictionary(name => name, _ => 1.0);

        var mix = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var name in fields.AllNames())
        {
            Known(fields, name, name, sources);
            mix.Add(name, fields.Number(Stage.WeightNumber with { Name = name }));
        }

        return mix.Count > 0 ? mix : throw new RecipeException(fields.Place, "there is no source here; name at least one, or leave 'mix' out to take all alike.");
    }

    static void Known(RecipeFields fields, string field, string name, IReadOnlyDictionary<string, DataSource> sources)
    {
        if (!sources.ContainsKey(name))
            throw new RecipeException(fields.Place, $"'{field}' names the source {name.Quoted}, but 'data' has only {string.Join(", ", sources.Keys)}.");
    }

    string Full(string path) => Path.GetFullPath(path, folder);

    static string Plain(JsonElement root)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text))
            root.WriteTo(writer);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
