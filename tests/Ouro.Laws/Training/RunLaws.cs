using System.Text.Json;
using Ouro.Laws.Formats;
using Ouro.Model;
using Ouro.Training.Recipes;

namespace Ouro.Laws.Training;

/// <summary>A run that was stopped and goes on is the run that was never stopped.</summary>
public sealed class RunLaws : IDisposable
{
    readonly TemporaryFolder _folder = new();
    Recipe _recipe = TinyRecipe.Read();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, true)]
    [InlineData(4, true)]
    [InlineData(10, true)]
    [InlineData(11, true)]
    [InlineData(17, true)]
    [InlineData(23, true)]
    [InlineData(1, false)]
    [InlineData(9, false)]
    [InlineData(10, false)]
    [InlineData(13, false)]
    [InlineData(24, false)]
    public void Stopped_at_any_step_the_result_is_the_same_bits(int step, bool byRequest)
    {
        var straight = Finish("straight", threads: 1);

        // By request there is a checkpoint of that step; killed, only the ones before it.
        var every = byRequest ? TimeSpan.FromHours(1) : TimeSpan.Zero;
        Stop("stopped", step, byRequest, every);
        var resumed = Finish("stopped", threads: 2);

        resumed.Model.ShouldBe(straight.Model);
        resumed.Moments.ShouldBe(straight.Moments);
        resumed.Taken.ShouldBe(straight.Taken);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void Moments_cross_a_stages_end_where_the_same_parameters_learn(int step, bool byRequest)
    {
        _recipe = TinyRecipe.With("\"upcycle\": { \"layers\": 2, \"order\": \"interleaved\" }, ", "");
        var straight = Finish("straight");
        Stop("stopped", step, byRequest, TimeSpan.FromHours(1));

        Finish("stopped").ShouldBe(straight);

        var afterSecond = Path.Combine(_folder.File("watched"), "training");
        Stop("watched", 20, byRequest: true, TimeSpan.FromHours(1));
        JsonElement.Parse(File.ReadAllText(Path.Combine(afterSecond, Checkpoints("watched")[0], "state.json"))).GetProperty("optimizer_steps").GetInt32().ShouldBe(20);
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(12, false)]
    public void Chats_under_a_tokenizer_of_their_own_go_on_too(int step, bool byRequest)
    {
        _recipe = TinyRecipe.Read(TinyRecipe.Text.Replace("\"ids\": 64", "\"train\": { \"vocabulary\": 320, \"from\": [\"long\"], \"examples\": 200 }", StringComparison.Ordinal)
            .Replace("\"task\": \"mano_ids\", \"operators\": 6", "\"task\": \"nano\", \"most_level\": 1, \"turns\": 2", StringComparison.Ordinal)
            .Replace("\"task\": \"mano_ids\", \"operators\": 2", "\"task\": \"nano_text\"", StringComparison.Ordinal)
            .Replace("\"longest\": 32", "\"longest\": 64", StringComparison.Ordinal).Replace("\"micro_rows\": 32", "\"micro_rows\": 64", StringComparison.Ordinal));
        var straight = Finish("straight");
        Stop("stopped", step, byRequest, byRequest ? TimeSpan.FromHours(1) : TimeSpan.Zero);

        Finish("stopped", threads: 2).ShouldBe(straight);
    }

    [Fact]
    public void Stopped_at_any_moment_the_result_is_the_same_bits()
    {
        var straight = Finish("straight");
        foreach (var milliseconds in (int[])[1, 3, 7, 15, 30, 60])
        {
            using var cancel = new CancellationTokenSource(milliseconds);
            using var run = Open("stopped", every: TimeSpan.Zero);
            try
            {
                run.Run(null, cancel.Token);
            }
            catch (OperationCanceledException)
            {
                // Where it was is not known, and must not matter.
            }
        }

        Finish("stopped").ShouldBe(straight);
    }

    [Fact]
    public void Steps_since_the_last_checkpoint_are_done_again_and_their_lines_written_once()
    {
        var straight = Finish("straight");
        Stop("killed", 20, byRequest: false, TimeSpan.FromHours(1));
        var before = LogSteps("killed");
        before.Last().ShouldBe(("second", 9));

        var resumed = Finish("killed");

        resumed.Model.ShouldBe(straight.Model);
        LogSteps("killed").ShouldBe(LogSteps("straight"));
        LogSteps("killed").ShouldBe([
            ("first", 3), ("first", 6), ("first", 9), ("first", 10), ("second", 3), ("second", 6), ("second", 9), ("second", 10), ("gate", 3), ("gate", 4)]);
    }

    [Fact]
    public void What_a_killed_run_left_unfinished_is_ignored_and_removed()
    {
        var straight = Finish("straight");
        Stop("torn", 14, byRequest: true, TimeSpan.FromHours(1));
        var training = Path.Combine(_folder.File("torn"), "training");
        var whole = Checkpoints("torn").ShouldHaveSingleItem();
        Directory.CreateDirectory(Path.Combine(training, "checkpoint-99.12345.partial"));
        File.WriteAllText(Path.Combine(training, "checkpoint-99.12345.partial", "model.safetensors"), "half");
        Directory.CreateDirectory(Path.Combine(training, "checkpoint-1.partial"));   // an old one, killed while it was deleted
        File.AppendAllText(Path.Combine(training, "log.jsonl"), "{\"stage\":\"second\",\"st");

        var resumed = Finish("torn");

        resumed.Model.ShouldBe(straight.Model);
        whole.ShouldNotBe(Checkpoints("torn").ShouldHaveSingleItem());
        Directory.GetFileSystemEntries(training).Select(path => Path.GetFileName(path)!).Order().ShouldBe([Checkpoints("torn")[0], "exits.svg", "log.jsonl", "loss.svg"]);
    }

    [Fact]
    public void A_finished_run_has_nothing_left_to_do()
    {
        var first = Finish("done");
        var steps = 0;
        Directory.CreateDirectory(_folder.File("done.123.partial"));   // killed while it wrote the model
        using (var run = Open("done"))
        {
            run.IsTrained.ShouldBeTrue();
            run.Run(_ => steps++, CancellationToken.None);
        }

        steps.ShouldBe(0);
        Directory.Exists(_folder.File("done.123.partial")).ShouldBeFalse();
        Result("done").Model.ShouldBe(first.Model);
    }

    [Fact]
    public void Another_recipe_is_refused_until_it_is_told_to_begin_again()
    {
        Stop("place", 5, byRequest: true, TimeSpan.FromHours(1));
        var other = TinyRecipe.With("\"seed\": 3", "\"seed\": 4");

        var problem = Should.Throw<RecipeException>(() => RecipeRun.Open(other, _folder.File("place"), new RunOptions()));
        problem.Message.ShouldContain("another recipe");
        problem.Message.ShouldContain("--restart");

        using (var run = RecipeRun.Open(other, _folder.File("place"), new RunOptions { Restart = true }))
        {
            run.IsResumed.ShouldBeFalse();
            run.Run(null, CancellationToken.None);
        }

        LogSteps("place").Count.ShouldBe(10);
    }

    [Fact]
    public void Two_runs_do_not_share_a_folder()
    {
        using var one = Open("shared");

        Should.Throw<RecipeException>(() => Open("shared")).Message.ShouldContain("another run is training here");
    }

    [Fact]
    public void A_checkpoint_is_a_model_that_anything_can_open()
    {
        Stop("open", 15, byRequest: true, TimeSpan.FromHours(1));

        using var checkpoint = OuroCheckpoint.Open(Path.Combine(_folder.File("open"), "training", Checkpoints("open")[0]));

        (checkpoint.Config.Layers, checkpoint.Config.Loops, checkpoint.Config.Vocabulary).ShouldBe((2, 3, 64));
        checkpoint.Unclaimed().ShouldBeEmpty();
        checkpoint.Tensors.ShouldAllBe(tensor => checkpoint.Find(tensor) != null);
    }

    [Fact]
    public void Every_step_is_told_and_the_share_done_reaches_one()
    {
        var reports = new List<StepReport>();
        using (var run = Open("told"))
            run.Run(reports.Add, CancellationToken.None);

        reports.Count.ShouldBe(TinyRecipe.Steps);
        reports.Select(report => report.Done).ShouldBe(reports.Select(report => report.Done).Order());
        reports[^1].Done.ShouldBe(1, 1e-12);
        reports.ShouldAllBe(report => report.Loss.ByLoop.Count == (report.Stage == 1 ? 2 : 3));
        reports[^1].StageName.ShouldBe("gate");
        reports[2].LearningRate.ShouldBe(1e-3, 1e-15);
    }

    [Fact]
    public void Files_become_tokens_once_and_chats_ask_only_for_the_reply()
    {
        var data = _folder.File("chats.jsonl", """{"messages":[{"role":"user","content":"one"},{"role":"assistant","content":"two"}]}""" + "\nnonsense\n");
        var text = TinyRecipe.Text.Replace("\"ids\": 64", "\"train\": { \"vocabulary\": 300, \"from\": [\"long\"] }", StringComparison.Ordinal)
            .Replace("\"task\": \"mano_ids\", \"operators\": 6", $"\"files\": [{JsonSerializer.Serialize(data)}]", StringComparison.Ordinal)
            .Replace("\"task\": \"mano_ids\", \"operators\": 2", "\"task\": \"mano\", \"operators\": 1", StringComparison.Ordinal)
            .Replace("\"longest\": 32", "\"longest\": 64", StringComparison.Ordinal).Replace("\"micro_rows\": 32", "\"micro_rows\": 64", StringComparison.Ordinal);

        using var run = RecipeRun.Open(TinyRecipe.Read(text), _folder.File("chats"), new RunOptions());

        run.Notes.ShouldHaveSingleItem().ShouldContain("line 2");
        run.Run(null, CancellationToken.None);
        Directory.Exists(Path.Combine(_folder.File("chats"), "training", "data-2")).ShouldBeTrue();
        File.Exists(Path.Combine(_folder.File("chats"), "tokenizer.json")).ShouldBeTrue();
    }

    RecipeRun Open(string name, int threads = 1, TimeSpan? every = null)
        => RecipeRun.Open(_recipe, _folder.File(name), new RunOptions { Threads = threads, CheckpointEvery = every ?? TimeSpan.FromHours(1) });

    Outcome Finish(string name, int threads = 1)
    {
        using (var run = Open(name, threads))
            run.Run(null, CancellationToken.None);
        return Result(name);
    }

    /// <summary>Runs to a step, counted over all stages, and ends there: asked to, or as a process that is killed would.</summary>
    void Stop(string name, int step, bool byRequest, TimeSpan every)
    {
        using var cancel = new CancellationTokenSource();
        using var run = Open(name, every: every);
        var done = 0;
        void OnStep(StepReport report)
        {
            if (++done != step)
                return;
            if (!byRequest)
                throw new TimeoutException("killed");
            cancel.Cancel();
        }

        Should.Throw<Exception>(() => run.Run(OnStep, cancel.Token)).ShouldBeAssignableTo(byRequest ? typeof(OperationCanceledException) : typeof(TimeoutException));
    }

    Outcome Result(string name)
    {
        var checkpoint = Path.Combine(_folder.File(name), "training", Checkpoints(name).ShouldHaveSingleItem());
        return new Outcome(
            Convert.ToHexString(File.ReadAllBytes(Path.Combine(_folder.File(name), "model.safetensors"))), Convert.ToHexString(File.ReadAllBytes(Path.Combine(checkpoint, "moments.safetensors"))),
            JsonElement.Parse(File.ReadAllText(Path.Combine(checkpoint, "state.json"))).GetProperty("taken").GetRawText());
    }

    string[] Checkpoints(string name)
        => [.. Directory.GetDirectories(Path.Combine(_folder.File(name), "training"), "checkpoint-*").Select(path => Path.GetFileName(path)!)];

    List<(string Stage, int Step)> LogSteps(string name)
        => [.. File.ReadAllLines(Path.Combine(_folder.File(name), "training", "log.jsonl")).Select(line => JsonElement.Parse(line))
            .Select(line => (line.GetProperty("stage").GetString()!, line.GetProperty("step").GetInt32()))];

    sealed record Outcome(string Model, string Moments, string Taken);
}
