using System.Text.Json;
using Ouro.Formats;
using Ouro.Laws.Conversion;
using Ouro.Laws.Formats;
using Ouro.Training.Recipes;

namespace Ouro.Laws.Training;

/// <summary>What a run does to its folder, and what it leaves alone.</summary>
public sealed class RunPlaceLaws : IDisposable
{
    const string Model = "\"model\": { \"layers\": 1, \"width\": 32, \"heads\": 2, \"feed_forward_width\": 32, \"loops\": 2, \"context\": 64 }";

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/model.safetensors")]
    public void The_checkpoint_that_training_begins_with_is_never_its_output(string ending)
    {
        Finish(TinyRecipe.Read(), "source");
        var before = Files("source");

        foreach (var restart in (bool[])[false, true])
            ShouldRefuse(From(_folder.File("source") + ending), "source", restart, "which would be destroyed");

        Files("source").ShouldBe(before);
    }

    [Fact]
    public void A_model_without_a_run_is_replaced_only_on_request()
    {
        Finish(TinyRecipe.Read(), "place");
        Directory.Delete(Training("place"), recursive: true);
        var before = Files("place");

        ShouldRefuse(TinyRecipe.Read(), "place", restart: false, "holds a model", "--restart");
        Directory.Delete(Training("place"), recursive: true);
        Files("place").ShouldBe(before);

        Finish(TinyRecipe.With("\"seed\": 3", "\"seed\": 4"), "place", restart: true);
        Files("place").ShouldNotBe(before);
    }

    [Fact]
    public void Folders_of_other_programs_stay()
    {
        string[] foreign =
        [
            Foreign("checkpoint-500/trainer_state.json"), Foreign("checkpoint-700/state.json"), Foreign("checkpoint-8/moments.safetensors"),
            Foreign("checkpoint-best.partial/state.json"), Foreign("data-1/train.arrow"), Foreign("data-2/inner/shard-00000.tokens"),
        ];

        Stop(TinyRecipe.Read(), "place", after: 3);
        Finish(TinyRecipe.Read(), "place");
        Finish(TinyRecipe.Read(), "place", restart: true);

        foreign.ShouldAllBe(file => File.Exists(file));
        Directory.GetDirectories(Training("place"), "checkpoint-*").Count(Checkpoint.IsOurs).ShouldBe(1);

        string Foreign(string name)
        {
            var file = Path.Combine(Training("place"), name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, "{}");
            return file;
        }
    }

    [Fact]
    public void What_stands_where_tokens_belong_is_refused_and_kept()
    {
        var foreign = Path.Combine(Training("place"), "data-2", "train.arrow");
        Directory.CreateDirectory(Path.GetDirectoryName(foreign)!);
        File.WriteAllText(foreign, "theirs");

        ShouldRefuse(Chats(_folder.File("a.jsonl", """{"text":"some words"}""")), "place", restart: true, "data-2", "holds something else");

        File.ReadAllText(foreign).ShouldBe("theirs");
    }

    [Fact]
    public void To_begin_again_is_to_forget_only_when_everything_else_is_there()
    {
        var file = _folder.File("a.jsonl", """{"text":"some words"}""");
        Stop(Chats(file), "place", after: 12);
        var missing = Chats(_folder.File("missing.jsonl"));

        Should.Throw<ModelFileException>(() => Open(missing, "place", restart: true)).Message.ShouldContain("missing.jsonl");

        using (var run = Open(Chats(file), "place"))
            run.IsResumed.ShouldBeTrue();
        using (var run = Open(Chats(file), "place", restart: true))
            run.IsResumed.ShouldBeFalse();
        Finish(Chats(file), "place");
    }

    [Fact]
    public void Going_on_needs_nothing_of_what_the_run_began_with()
    {
        Finish(TinyRecipe.Read(), "source");
        var recipe = From(_folder.File("source"));
        Finish(recipe, "straight");
        Stop(recipe, "stopped", after: 15);
        Directory.Delete(_folder.File("source"), recursive: true);

        Finish(recipe, "stopped");

        Files("stopped").ShouldBe(Files("straight"));
    }

    [Fact]
    public void An_interrupt_while_a_run_is_opened_ends_it_and_leaves_no_data()
    {
        var recipe = Chats(_folder.File("a.jsonl", """{"text":"some words"}"""));
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();

        Should.Throw<OperationCanceledException>(() => RecipeRun.Open(recipe, _folder.File("place"), new RunOptions(), cancel.Token));

        Directory.GetDirectories(Training("place")).ShouldBeEmpty();
        Finish(recipe, "place");
    }

    [Fact]
    public void A_tokenizer_larger_than_the_model_is_refused()
    {
        Finish(TinyRecipe.Read(), "source");

        ShouldRefuse(From(_folder.File("source"), "\"published\": true"), "place", restart: false, "the tokenizer has", "the model knows 64", "take the model's own");
    }

    [Fact]
    public void A_gate_that_was_lost_is_told()
    {
        Finish(TinyRecipe.Read(), "source");
        using var shop = new Workshop();
        var place = shop.RewritePublished(
            _folder.File("source"), "gateless", tensor => tensor.Name.Contains("gate.", StringComparison.Ordinal) && !tensor.Name.Contains("mlp", StringComparison.Ordinal) ? [] : [(tensor, Workshop.BytesOf(tensor))]);

        using var run = Open(From(place), "place");

        run.Notes.ShouldHaveSingleItem().ShouldContain("no early-exit gate");
    }

    [Fact]
    public void Windows_without_a_target_are_read_and_teach_nothing()
    {
        var data = _folder.File("a.jsonl", $$"""{"messages":[{"role":"user","content":"{{new string('x', 300)}}"},{"role":"assistant","content":"y"}]}""");
        var recipe = Chats(data, rows: 8);
        var reports = new List<StepReport>();

        using (var run = Open(recipe, "place"))
            run.Run(reports.Add, CancellationToken.None);

        var second = reports.Where(report => report.StageName == "second").ToList();
        second.Count.ShouldBeLessThan((int)recipe.Stages[1].StepsAt(1));
        reports.ShouldAllBe(report => double.IsFinite(report.Loss.Loss) && report.GradientNorm > 0);
    }

    [Fact]
    public void Curves_that_cannot_be_drawn_are_noted()
    {
        Directory.CreateDirectory(Path.Combine(Training("place"), "loss.svg", "in the way"));

        using var run = Open(TinyRecipe.Read(), "place");
        run.Run(null, CancellationToken.None);

        run.Notes.ShouldHaveSingleItem().ShouldContain("curves");
        File.Exists(Path.Combine(_folder.File("place"), "model.safetensors")).ShouldBeTrue();
    }

    [Fact]
    public void A_log_that_cannot_be_written_leaves_the_folder_free()
    {
        var log = Path.Combine(Training("place"), "log.jsonl");
        Directory.CreateDirectory(log);
        Should.Throw<ModelFileException>(() => Open(TinyRecipe.Read(), "place")).Message.ShouldContain("log");
        Directory.Delete(log);

        Finish(TinyRecipe.Read(), "place");
    }

    [Fact]
    public void The_root_of_a_file_system_is_no_place()
    {
        var root = Path.GetPathRoot(Path.GetFullPath(_folder.File("x")))!;

        Should.Throw<RecipeException>(() => RecipeRun.Open(TinyRecipe.Read(), root, new RunOptions())).Message.ShouldContain("root of a file system");
    }

    static Recipe From(string path, string tokenizer = "\"ids\": 64")
        => TinyRecipe.Read(TinyRecipe.Text.Replace(Model, $"\"from\": {JsonSerializer.Serialize(path)}", StringComparison.Ordinal)
            .Replace("\"ids\": 64", tokenizer, StringComparison.Ordinal).Replace("\"upcycle\": { \"layers\": 2,", "\"upcycle\": { \"layers\": 4,", StringComparison.Ordinal));

    /// <summary>A recipe whose second source is a file.</summary>
    static Recipe Chats(string file, int rows = 64)
    {
        var text = TinyRecipe.Text.Replace("\"ids\": 64", "\"train\": { \"vocabulary\": 300, \"from\": [\"short\"], \"examples\": 50 }", StringComparison.Ordinal)
            .Replace("\"task\": \"mano_ids\", \"operators\": 6", $"\"files\": [{JsonSerializer.Serialize(file)}]", StringComparison.Ordinal)
            .Replace("\"task\": \"mano_ids\", \"operators\": 2", "\"task\": \"mano\", \"operators\": 1", StringComparison.Ordinal)
            .Replace("\"longest\": 32", "\"longest\": 64", StringComparison.Ordinal).Replace("\"micro_rows\": 32", "\"micro_rows\": 64", StringComparison.Ordinal);
        if (rows != 64)
        {
            text = text.Replace("\"rows\": 64, \"longest\": 64, \"upcycle\"", $"\"rows\": {rows}, \"longest\": {rows}, \"upcycle\"", StringComparison.Ordinal)
                .Replace("\"mix\": { \"short\": 1, \"long\": 2 }", "\"mix\": { \"long\": 1 }", StringComparison.Ordinal);
        }

        return TinyRecipe.Read(text);
    }

    RecipeRun Open(Recipe recipe, string name, bool restart = false)
        => RecipeRun.Open(recipe, _folder.File(name), new RunOptions { Threads = 1, Restart = restart, CheckpointEvery = TimeSpan.FromHours(1) });

    void Finish(Recipe recipe, string name, bool restart = false)
    {
        using var run = Open(recipe, name, restart);
        run.Run(null, CancellationToken.None);
    }

    void Stop(Recipe recipe, string name, int after)
    {
        using var cancel = new CancellationTokenSource();
        using var run = Open(recipe, name);
        var done = 0;
        Should.Throw<OperationCanceledException>(() => run.Run(_ =>
        {
            if (++done == after)
                cancel.Cancel();
        }, cancel.Token));
    }

    void ShouldRefuse(Recipe recipe, string name, bool restart, params string[] words)
    {
        var problem = Should.Throw<RecipeException>(() => Open(recipe, name, restart));
        problem.Message.ShouldEndWith(".");
        foreach (var word in words)
            problem.Message.ShouldContain(word);
    }

    string Training(string name) => Path.Combine(_folder.File(name), "training");

    /// <summary>The model's own files.</summary>
    Dictionary<string, string> Files(string name)
        => Directory.GetFiles(_folder.File(name)).ToDictionary(file => Path.GetFileName(file)!, file => Convert.ToHexString(File.ReadAllBytes(file)));
}
