using System.Text.Json;
using Ouro.Laws.Formats;

namespace Ouro.Laws.Cli;

/// <summary>Questions, answers and counts through the program.</summary>
public sealed class EvalCommandLaws : IDisposable
{
    static readonly string Model = OuroProgram.Golden("tiny-bf16");

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_answer_counts_if_it_is_what_the_model_says_in_a_chat()
    {
        string[] questions = ["Sort 52814.", "Who are you?"];
        var answers = questions.Select(question => OuroProgram.Run("run", "nano", question, "--temperature", "0", "--exit-threshold", "1").ShouldSucceed().Output.Trim()).ToArray();
        var file = Questions((questions[0], answers[0]), (questions[1], answers[1] + " and more"));

        var results = OuroProgram.Run(
            "eval", "nano", "--data", file, "--loops", "1,4", "--exit-thresholds", "0.6", "--json").ShouldSucceed().Json;

        results.EnumerateArray().Select(result => result.GetProperty("setting").GetString()).ShouldBe(["1 loop", "4 loops", "exit threshold 0.6"]);
        var full = results[1];
        full.GetProperty("asked").GetInt32().ShouldBe(2);
        full.GetProperty("exact").GetInt32().ShouldBe(1);
        full.GetProperty("mean_depth").GetDouble().ShouldBe(4);
        results[2].GetProperty("mean_depth").GetDouble().ShouldBeInRange(1, 3.999);
    }

    [Fact]
    public void Answering_together_or_ahead_changes_no_count()
    {
        var file = Questions([.. Enumerable.Range(0, 20).Select(i => ($"the value {i}", "x"))]);
        string[] arguments = ["eval", Model, "--data", file, "--num-predict", "5", "--loops", "3", "--exit-thresholds", "0.6", "--json"];

        var alone = Counts(OuroProgram.Run([.. arguments, "--together", "1", "--draft-loops", "off"]).ShouldSucceed().Json);

        Counts(OuroProgram.Run([.. arguments, "--together", "7"]).ShouldSucceed().Json).ShouldBe(alone);
    }

    [Fact]
    public void The_table_has_a_row_for_each_setting_and_kind()
    {
        var text = OuroProgram.Run("eval", Model, "--items", "5", "--num-predict", "3", "--loops", "2").ShouldSucceed().Output;

        foreach (var words in new[] { "5 questions", "2 loops", "exit threshold 0.9", "Exact by kind, 2 loops", "Mean depth by kind, exit threshold 0.9", "level 1" })
            text.ShouldContain(words);
    }

    [Fact]
    public void What_cannot_be_asked_gets_one_sentence()
    {
        OuroProgram.Run("eval", Model, "--data", _folder.File("empty.jsonl", "\n")).ShouldRefuse("empty.jsonl", "holds no question");
        OuroProgram.Run("eval", Model, "--data", _folder.File("bad.jsonl", "{\"question\":\"a\",\"answer\":\"b\"}\n{\"question\":1}")).ShouldRefuse("line 2", "\"answer\"");
        OuroProgram.Run("eval", Model, "--data", _folder.File("deep.jsonl", new string('[', 100_000))).ShouldRefuse("line 1");
        OuroProgram.Run("eval", Model, "--task", "chess").Code.ShouldBe(2);
        OuroProgram.Run("eval", Model, "--exit-thresholds", "0.5,2").Code.ShouldBe(2);
    }

    static string[] Counts(JsonElement results)
        => [.. results.EnumerateArray().Select(result => $"{result.GetProperty("exact")} {result.GetProperty("tokens")} {result.GetProperty("mean_depth")}")];

    string Questions(params (string Question, string Answer)[] questions)
        => _folder.File("questions.jsonl", string.Join('\n', questions.Select(item => JsonSerializer.Serialize(new { question = item.Question, answer = item.Answer }))));
}
